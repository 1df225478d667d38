import { abortable } from "../../core/abort.ts";
import type { Clock } from "../../core/clock.ts";
import { isOpsthreadError } from "../../core/errors.ts";
import type { Logger } from "../../core/logger.ts";
import { clientLog } from "./client-log.ts";
import { callFailed } from "./failures.ts";
import { createPauses } from "./pauses.ts";

/** Slack's Web API. */
export interface SlackApi {
  /**
   * Calls a method once. Nothing is tried again here: the outbox knows better what may be.
   * @throws {OpsthreadError} `ADAPTER_POST_FAILED`, `ADAPTER_POST_REJECTED`, `ADAPTER_POST_UNKNOWN` or `ADAPTER_RATE_LIMITED`
   */
  call(
    method: string,
    args: Readonly<Record<string, unknown>>,
    options: { readonly signal: AbortSignal },
  ): Promise<unknown>;
}

export interface ApiOptions {
  readonly botToken: string;
  readonly apiUrl: string;
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly log: Logger;
}

export function slackApi(options: ApiOptions): SlackApi {
  const pauses = createPauses(options.clock);
  let opening: ReturnType<typeof openClient> | undefined;
  return {
    async call(method, args, { signal }) {
      signal.throwIfAborted();
      // Slack counts posts by channel, everything else by method.
      const { channel = "" } = args;
      const counted = `${method} ${method === "chat.postMessage" ? String(channel) : ""}`.trim();
      pauses.check(counted);
      const client = await (opening ??= openClient(options));
      signal.throwIfAborted();
      try {
        return await abortable(client.apiCall(method, args), signal);
      } catch (error) {
        signal.throwIfAborted();
        const failed = callFailed(error, method);
        if (isOpsthreadError(failed, "ADAPTER_RATE_LIMITED"))
          pauses.add(counted, Number(failed.data["retryAfterMs"]));
        throw failed;
      }
    },
  };
}

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
