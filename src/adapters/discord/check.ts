import { systemClock } from "../../core/clock.ts";
import { messageOf } from "../../core/errors.ts";
import { silentLogger } from "../../core/logger.ts";
import { discordApi } from "./api.ts";
import { identify } from "./identity.ts";
import { contentMeaning } from "./intents.ts";
import { discordInvite } from "./invite.ts";
import { sessionStarts } from "./session-starts.ts";

/** What a token is good for, in words. */
export interface DiscordCheck {
  readonly ok: boolean;
  readonly text: string;
  readonly hint?: string;
}

/** Asks Discord who the token is, and what the bot may read. Connects to nothing. */
export async function checkDiscord({
  botToken,
  apiUrl = "https://discord.com/api",
  signal,
}: {
  readonly botToken: string;
  readonly apiUrl?: string;
  readonly signal: AbortSignal;
}): Promise<DiscordCheck> {
  const options = { botToken, apiUrl, timeoutMs: 10_000, maxInvalidRequests: 100 };
  const api = discordApi({ ...options, clock: systemClock, log: silentLogger });
  try {
    const { applicationId, readsContent } = await identify(api, { signal });
    const how = { shards: "auto", clock: systemClock, log: silentLogger, signal } as const;
    const { shards, remaining, total } = await sessionStarts(api, how);
    const connections = `${shards === 1 ? "1 shard" : `${shards} shards`}, ${remaining} of ${total} sessions left today`;
    const text = `app ${applicationId}; ${connections}; ${readsContent ? contentMeaning.with : "mentions, replies, direct messages and commands only"}`;
    const invite = `add it to a server: ${discordInvite(applicationId)}`;
    const hint = readsContent ? invite : `${contentMeaning.without}; ${invite}`;
    return { ok: true, text, hint };
  } catch (error) {
    signal.throwIfAborted();
    return { ok: false, text: messageOf(error) };
  }
}
