import type { REST } from "discord.js";

import { abortable } from "../../core/abort.ts";
import type { Clock } from "../../core/clock.ts";
import { isOpsthreadError, OpsthreadError } from "../../core/errors.ts";
import type { Logger } from "../../core/logger.ts";
import { callFailed } from "./failures.ts";
import { createInvalidGuard, type InvalidGuard } from "./invalid-guard.ts";
import { sendForms } from "./send-forms.ts";

export type HttpMethod = "GET" | "POST" | "PATCH" | "PUT" | "DELETE";

export interface CallOptions {
  readonly body?: object;
  readonly query?: Readonly<Record<string, string>>;
  readonly files?: readonly SentFile[];
  /** False for what the token in the route allows, such as answers to interactions. Default true. */
  readonly auth?: boolean;
  readonly signal: AbortSignal;
}

export interface SentFile {
  readonly name: string;
  readonly contentType: string;
  readonly data: Buffer;
}

/** Discord's REST API, version 10. */
export interface DiscordApi {
  /**
   * Makes a call once. Nothing is tried again here: the outbox knows better what may be. A call that a rate limit does not
   * allow now is not made.
   * @throws {OpsthreadError} `ADAPTER_POST_FAILED`, `ADAPTER_POST_REJECTED`, `ADAPTER_POST_UNKNOWN` or `ADAPTER_RATE_LIMITED`
   */
  call(method: HttpMethod, route: `/${string}`, options: CallOptions): Promise<unknown>;
  /** The client itself, with the token. */
  rest(): Promise<REST>;
}

export interface ApiOptions {
  readonly botToken: string;
  readonly apiUrl: string;
  readonly timeoutMs: number;
  readonly maxInvalidRequests: number;
  readonly clock: Clock;
  readonly log: Logger;
}

export function discordApi(options: ApiOptions): DiscordApi {
  const { botToken, clock, log } = options;
  const guard = createInvalidGuard({ max: options.maxInvalidRequests, clock, log });
  const pauses = new Map<string, number>();
  let opening: Promise<REST> | undefined;
  const rest = (): Promise<REST> => (opening ??= openRest(options, guard));
  const wait = (call: string): void => {
    const now = clock.now();
    for (const [known, until] of pauses) if (until <= now) pauses.delete(known);
    const retryAfterMs = Math.max((pauses.get(call) ?? now) - now, guard.waitMs());
    if (retryAfterMs > 0)
      throw new OpsthreadError("ADAPTER_RATE_LIMITED", `Cannot call ${call} of Discord: paused`, {
        data: { retryAfterMs },
      });
  };
  return {
    rest,
    async call(method, route, { body, query, files, auth = true, signal }) {
      signal.throwIfAborted();
      const call = `${method} ${shown(route)}`;
      if (auth) wait(call);
      const client = await rest();
      signal.throwIfAborted();
      try {
        return await abortable(
          client[verbs[method]](route, {
            auth,
            ...(body && { body }),
            ...(query && { query: new URLSearchParams(query) }),
            ...(files && { files: [...files] }),
          }),
          signal,
        );
      } catch (error) {
        signal.throwIfAborted();
        const failed = callFailed(error, call);
        // The client forgets a token that was refused once; an hour later it may be good again.
        if (failed.data["status"] === 401 && auth) client.setToken(botToken);
        // Of a limit within a limit no header tells, and the client would ask again.
        if (isOpsthreadError(failed, "ADAPTER_RATE_LIMITED"))
          pauses.set(call, clock.now() + Number(failed.data["retryAfterMs"]));
        throw failed;
      }
    },
  };
}

/** The token of an interaction is a secret. */
const shown = (route: string): string =>
  route.replace(/^\/(interactions|webhooks)\/(\d+)\/[^/]+/, "/$1/$2/…");

/**
 * A client that does just what it is told, within the buckets that it keeps: by itself it would send a post again after a
 * 502, and hold back calls where the outbox has others to make.
 */
async function openRest(
  { botToken, apiUrl, timeoutMs }: ApiOptions,
  guard: InvalidGuard,
): Promise<REST> {
  const { REST: Rest } = await import("discord.js");
  const rest = new Rest({
    api: apiUrl.replace(/\/$/, ""),
    version: "10",
    retries: 0,
    timeout: timeoutMs,
    offset: 0,
    rejectOnRateLimit: () => true,
    makeRequest: await sendForms(),
  });
  // Its own count is one for all clients of the process, and has what Discord does not count.
  rest.on("response", (_, { status, headers }) => {
    const scope = headers.get("x-ratelimit-scope");
    if (status === 401 || status === 403 || (status === 429 && scope !== "shared")) guard.refused();
    // Discord itself speaks JSON, and says of what there was too much.
    const isDiscords = scope !== null || /json/.test(headers.get("content-type") ?? "");
    if (status === 429 && !isDiscords)
      guard.shutOut(1000 * (Number(headers.get("retry-after")) || 60));
  });
  return rest.setToken(botToken);
}

const verbs = { GET: "get", POST: "post", PATCH: "patch", PUT: "put", DELETE: "delete" } as const;
