import { abortable } from "../../core/abort.ts";
import type { Clock } from "../../core/clock.ts";
import { OpsthreadError } from "../../core/errors.ts";
import type { Logger } from "../../core/logger.ts";
import { clientLog } from "./client-log.ts";
import { callFailed } from "./failures.ts";
import { type Call, createTurns } from "./turns.ts";

/** Slack's Web API. */
export interface SlackApi {
  /**
   * Calls a method once, when it is its turn. What Slack answered otherwise than with 429 is not tried again here: the
   * outbox knows better what may be.
   * @throws {OpsthreadError} `ADAPTER_POST_FAILED`, `ADAPTER_POST_REJECTED`, `ADAPTER_POST_UNKNOWN` or `ADAPTER_RATE_LIMITED`
   */
  call(
    method: string,
    args: Readonly<Record<string, unknown>>,
    options: CallOptions,
  ): Promise<unknown>;
}

export interface CallOptions {
  readonly signal: AbortSignal;
  /** How long it may wait for its turn before it fails with `ADAPTER_RATE_LIMITED`. Default 0. */
  readonly waitMs?: number;
  /** Whether it gives way to calls that matter more. Default false. */
  readonly isSpare?: boolean;
}

export interface ApiOptions {
  readonly botToken: string;
  readonly apiUrl: string;
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly log: Logger;
  /** How many times Slack's published rates. Default 1. */
  readonly rateFactor?: number;
}

export function slackApi(options: ApiOptions): SlackApi {
  const { clock, rateFactor = 1 } = options;
  const turns = createTurns({ clock, factor: rateFactor });
  let opening: ReturnType<typeof openClient> | undefined;
  /** Resolves with the milliseconds that are left to wait. */
  const turn = async (call: Call, wishes: Required<CallOptions>): Promise<number> => {
    const { signal, isSpare } = wishes;
    const until = clock.now() + wishes.waitMs;
    for (;;) {
      signal.throwIfAborted();
      const ms = turns.take(call, { isSpare });
      const left = until - clock.now();
      if (ms <= 0) return left;
      if (ms > left) throw tooMany(call, ms);
      await clock.sleep(ms, { signal });
    }
  };
  return {
    async call(method, args, { signal, waitMs = 0, isSpare = false }) {
      const channel = args["channel"];
      const call = { method, channel: typeof channel === "string" ? channel : "" };
      for (let left = waitMs; ;) {
        left = await turn(call, { signal, isSpare, waitMs: left });
        const client = await (opening ??= openClient(options));
        signal.throwIfAborted();
        try {
          return await abortable(client.apiCall(method, args), signal);
        } catch (error) {
          signal.throwIfAborted();
          const failed = callFailed(error, method);
          const { code, data } = failed;
          if (code !== "ADAPTER_RATE_LIMITED") throw failed;
          const retryAfterMs = Number(data["retryAfterMs"]);
          turns.pause(call, retryAfterMs);
          // It surely was not done, so that it may be done later.
          if (retryAfterMs > left) throw failed;
        }
      }
    },
  };
}

const tooMany = ({ method, channel }: Call, retryAfterMs: number): OpsthreadError =>
  new OpsthreadError(
    "ADAPTER_RATE_LIMITED",
    `Cannot call ${method} of Slack${channel && ` for ${channel}`}: too many calls, expected one in ${retryAfterMs} ms`,
    { data: { retryAfterMs } },
  );

/**
 * A client that does just what it is told. By itself it sends a post again after a 502, which may post it twice, and
 * after a 429 on one channel it holds back the calls for all of them.
 */
async function openClient({ botToken, apiUrl, timeoutMs, log }: ApiOptions) {
  const { webApi } = await import("@slack/bolt");
  return new webApi.WebClient(botToken, {
    slackApiUrl: apiUrl,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    timeout: timeoutMs,
    logger: clientLog(log),
  });
}
