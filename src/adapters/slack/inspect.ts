import { z } from "zod";

import { systemClock } from "../../core/clock.ts";
import { isOpsthreadError, messageOf } from "../../core/errors.ts";
import { silentLogger } from "../../core/logger.ts";
import { slackApi } from "./api.ts";
import { botScopes, scopesFor, type SlackFeatures } from "./manifest.ts";

/** What a token is good for. */
export type TokenReport =
  | {
      readonly ok: true;
      /** Of what and for whom it is. */
      readonly text: string;
      /** Scopes without which the bot does not start. */
      readonly missing: readonly string[];
      /** Scopes of the manifest without which it does less. */
      readonly lacking: readonly string[];
    }
  | { readonly ok: false; readonly text: string };

export interface InspectOptions {
  readonly apiUrl: string;
  readonly signal: AbortSignal;
  /** What the bot is configured to do, which says what its token is for. */
  readonly features: SlackFeatures;
}

/** Asks Slack about the bot's token, and compares its scopes with the manifest. Changes nothing. */
export async function inspectBotToken(
  token: string,
  options: InspectOptions,
): Promise<TokenReport> {
  const answer = await ask("auth.test", token, options);
  if (!answer.ok) return answer;
  const { team = "?", user = "?", response_metadata } = Known.parse(answer.value);
  const scopes = response_metadata?.scopes;
  const about = `${user} in ${team}`;
  if (!scopes)
    return { ok: true, text: `${about}; Slack did not tell its scopes`, missing: [], lacking: [] };
  const needed = new Set<string>(botScopes);
  // Groups decide about rights: the bot does not start without them.
  if (options.features.userGroups) needed.add("usergroups:read");
  const absent = scopesFor(options.features).filter((scope) => !scopes.includes(scope));
  const missing = absent.filter((scope) => needed.has(scope));
  const lacking = absent.filter((scope) => !needed.has(scope));
  return { ok: true, text: about, missing, lacking };
}

/** Asks Slack for the address of a socket, which goes unused. */
export async function inspectAppToken(
  token: string,
  options: InspectOptions,
): Promise<TokenReport> {
  const answer = await ask("apps.connections.open", token, options);
  if (!answer.ok) return answer;
  return { ok: true, text: "may open connections", missing: [], lacking: [] };
}

async function ask(
  method: string,
  botToken: string,
  { apiUrl, signal }: InspectOptions,
): Promise<
  { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly text: string }
> {
  const api = slackApi({ botToken, apiUrl, timeoutMs, clock: systemClock, log: silentLogger });
  try {
    return { ok: true, value: await api.call(method, {}, { signal }) };
  } catch (error) {
    signal.throwIfAborted();
    const word = isOpsthreadError(error) ? error.data["slackError"] : undefined;
    return {
      ok: false,
      text: typeof word === "string" ? `Slack says ${word}` : messageOf(error),
    };
  }
}

const timeoutMs = 10_000;
const Known = z.object({
  team: z.string().optional(),
  user: z.string().optional(),
  response_metadata: z.object({ scopes: z.array(z.string()).optional() }).optional(),
});
