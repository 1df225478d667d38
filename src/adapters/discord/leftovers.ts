import { z } from "zod";

import type { DiscordApi } from "./api.ts";
import { progressMark } from "./mark.ts";

/** Takes away the progress lines that a process left behind which was killed. */
export async function removeLeftovers(
  channelId: string,
  {
    api,
    botId,
    isOwn,
    signal,
  }: {
    readonly api: DiscordApi;
    readonly botId: string;
    /** Lines of this process stay. */
    readonly isOwn: (messageId: string) => boolean;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const query = { limit: "50" };
  const answer = await api.call("GET", `/channels/${channelId}/messages`, { query, signal });
  for (const { id, author, components } of Messages.parse(answer)) {
    const isLine = author.id === botId && components[0]?.id === progressMark;
    if (isLine && !isOwn(id))
      await api.call("DELETE", `/channels/${channelId}/messages/${id}`, { signal });
  }
}

const Messages = z.array(
  z.object({
    id: z.string(),
    author: z.object({ id: z.string() }),
    components: z.array(z.looseObject({ id: z.number().optional() })).default([]),
  }),
);
