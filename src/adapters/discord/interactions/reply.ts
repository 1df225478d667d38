import { z } from "zod";

import { isOpsthreadError } from "../../../core/errors.ts";
import type { DiscordApi } from "../api.ts";
import { codes, discordCode } from "../failures.ts";
import { text } from "../layout.ts";
import { escaped } from "../markdown.ts";
import { quiet } from "../posts.ts";
import type { Interaction } from "./payload.ts";

/**
 * The one answer that an interaction gets, within three seconds. Whoever comes second changes nothing: Discord would refuse
 * it. https://discord.com/developers/docs/interactions/receiving-and-responding#responding-to-an-interaction
 */
export interface Reply {
  readonly isGiven: boolean;
  /** Says something for everybody; gives the message's id. */
  say(components: readonly object[]): Promise<string | undefined>;
  /** Says something that only the person sees. After the answer was given it follows that. */
  whisper(components: readonly object[] | string): Promise<void>;
  /** Changes the message whose button was pressed. */
  update(components: readonly unknown[]): Promise<void>;
  /** Lets Discord know that the press was seen. */
  seen(): Promise<void>;
  ask(form: object): Promise<void>;
  suggest(choices: readonly { readonly name: string; readonly value: string }[]): Promise<void>;
}

export function createReply(
  { id, token }: Pick<Interaction, "id" | "token">,
  {
    api,
    applicationId,
    signal,
  }: { readonly api: DiscordApi; readonly applicationId: string; readonly signal: AbortSignal },
): Reply {
  let isGiven = false;
  const give = async (type: number, data?: object): Promise<unknown> => {
    if (isGiven) return undefined;
    isGiven = true;
    const call = (): Promise<unknown> =>
      api.call("POST", `/interactions/${id}/${token}/callback`, {
        body: { type, ...(data && { data }) },
        query: { with_response: "true" },
        auth: false,
        signal,
      });
    return call().catch(async (error: unknown) => {
      if (!isOpsthreadError(error, "ADAPTER_POST_UNKNOWN")) throw error;
      // Discord takes no second one, so it says whether the first one came.
      return call().catch((second: unknown) => {
        if (discordCode(second) !== codes.alreadyAcknowledged) throw second;
        return type === types.message ? original() : undefined;
      });
    });
  };
  const original = async (): Promise<unknown> => {
    const route = `/webhooks/${applicationId}/${token}/messages/@original` as const;
    return { resource: { message: await api.call("GET", route, { auth: false, signal }) } };
  };
  return {
    get isGiven() {
      return isGiven;
    },
    async say(components) {
      const answer = Answer.safeParse(await give(types.message, { ...quiet, components }));
      return answer.data?.resource?.message?.id;
    },
    async whisper(given) {
      const components = typeof given === "string" ? [text(escaped(given))] : given;
      const data = { ...quiet, flags: quiet.flags | onlyForThem, components };
      if (!isGiven) return void (await give(types.message, data));
      const route = `/webhooks/${applicationId}/${token}` as const;
      await api.call("POST", route, { body: data, auth: false, signal });
    },
    update: async (components) => void (await give(types.update, { components })),
    seen: async () => void (await give(types.deferredUpdate)),
    ask: async (form) => void (await give(types.modal, form)),
    suggest: async (choices) => void (await give(types.choices, { choices })),
  };
}

const types = { message: 4, deferredUpdate: 6, update: 7, choices: 8, modal: 9 } as const;
const onlyForThem = 1 << 6;

const Answer = z.object({
  resource: z.object({ message: z.object({ id: z.string() }).optional() }).optional(),
});
