import { z } from "zod";

import { messageOf, OpsthreadError } from "../../core/errors.ts";
import type { DiscordApi } from "./api.ts";

/** The id of a file in a message: its address expires, the message gives a new one. */
export const fileIdOf = (
  message: { readonly channelId: string; readonly messageId: string },
  id: string,
): string => `${message.channelId}/${message.messageId}/${id}`;

/**
 * The bytes of a file.
 * @throws {OpsthreadError} `ATTACHMENT_UNAVAILABLE`
 */
export async function* downloadFile(
  id: string,
  {
    api,
    apiUrl,
    signal,
  }: { readonly api: DiscordApi; readonly apiUrl: string; readonly signal: AbortSignal },
): AsyncGenerator<Uint8Array> {
  signal.throwIfAborted();
  const shown = id.slice(0, 80);
  try {
    const url = await addressOf(id, { api, signal });
    if (!isDiscords(url, new URL(apiUrl))) throw new Error("it does not lie at Discord");
    const response = await fetch(url, { redirect: "error", signal });
    if (!response.ok) throw new Error(`status ${response.status}`);
    for await (const chunk of response.body ?? []) yield chunk;
  } catch (error) {
    signal.throwIfAborted();
    throw new OpsthreadError(
      "ATTACHMENT_UNAVAILABLE",
      `Cannot download file "${shown}": ${messageOf(error)}`,
      { cause: error },
    );
  }
}

async function addressOf(
  id: string,
  { api, signal }: { readonly api: DiscordApi; readonly signal: AbortSignal },
): Promise<URL> {
  // A file of a command is in no message.
  if (id.startsWith("https://") || id.startsWith("http://")) return new URL(id);
  const [, channelId, messageId, file] = /^(\d+)\/(\d+)\/(\d+)$/.exec(id) ?? [];
  if (channelId === undefined || messageId === undefined || file === undefined)
    throw new Error("Discord has no such ids");
  const answer = await api.call("GET", `/channels/${channelId}/messages/${messageId}`, { signal });
  const { attachments, message_snapshots } = Message.parse(answer);
  const forwarded = message_snapshots.flatMap(({ message }) => message.attachments);
  const found = [...attachments, ...forwarded].find((each) => each.id === file);
  if (!found) throw new Error("its message no longer has it");
  return new URL(found.url);
}

const Files = z.object({
  attachments: z.array(z.object({ id: z.string(), url: z.string() })).default([]),
});
const Message = Files.extend({
  message_snapshots: z.array(z.object({ message: Files })).default([]),
});

/** The address alone is the right to it, but not to any other place. */
function isDiscords(url: URL, api: URL): boolean {
  if (url.origin === api.origin) return true;
  return (
    url.protocol === "https:" &&
    (url.hostname === "cdn.discordapp.com" || url.hostname === "media.discordapp.net")
  );
}
