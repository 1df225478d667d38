import { systemClock } from "../../core/clock.ts";
import { messageOf } from "../../core/errors.ts";
import { silentLogger } from "../../core/logger.ts";
import { discordApi } from "./api.ts";
import { identify } from "./identity.ts";
import { contentMeaning } from "./intents.ts";
import { discordInvite } from "./invite.ts";

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
    const text = `app ${applicationId}; ${readsContent ? contentMeaning.with : "mentions, replies, direct messages and commands only"}`;
    const invite = `add it to a server: ${discordInvite(applicationId)}`;
    const hint = readsContent ? invite : `${contentMeaning.without}; ${invite}`;
    return { ok: true, text, hint };
  } catch (error) {
    signal.throwIfAborted();
    return { ok: false, text: messageOf(error) };
  }
}
