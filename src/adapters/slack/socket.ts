import type { App, SocketModeReceiver } from "@slack/bolt";

import { linkedController } from "../../core/abort.ts";
import type { Clock } from "../../core/clock.ts";
import { messageOf, OpsthreadError } from "../../core/errors.ts";
import type { Logger } from "../../core/logger.ts";
import { clientLog } from "./client-log.ts";
import { callFailed } from "./failures.ts";
import { frameOf } from "./frames.ts";
import type { HandleEvent } from "./handle-event.ts";
import { refused } from "./identity.ts";

export interface SocketOptions {
  readonly appToken: string;
  readonly apiUrl: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly handle: HandleEvent;
  /** How long Slack may leave the client's pings without an answer. */
  readonly silenceMs: number;
}

/** One connection of Socket Mode. It is good for some hours, then Slack asks for another one. */
export interface Socket {
  /** Resolves when a next one is needed: this one is `lost`, or Slack asks for it and this one still works. */
  readonly over: Promise<"lost" | "planned">;
  /** Lets what came in be acknowledged, then ends. */
  close(): Promise<void>;
}

/**
 * Connects, with bolt's receiver but not its `App`: that acknowledges an event before anybody has seen it.
 * @throws {OpsthreadError} `CONFIG_INVALID` or `ADAPTER_UNAVAILABLE`
 */
export async function openSocket(
  { appToken, apiUrl, clock, log, handle, silenceMs }: SocketOptions,
  { signal }: { readonly signal: AbortSignal },
): Promise<Socket> {
  const { SocketModeReceiver: Receiver } = await import("@slack/bolt");
  const receiver = new Receiver({
    appToken,
    logger: clientLog(log),
    // After a planned end it would wait for five seconds without a connection.
    autoReconnectEnabled: false,
    clientPingTimeout: silenceMs,
    installerOptions: {
      clientOptions: {
        slackApiUrl: apiUrl,
        retryConfig: { retries: 0 },
        rejectRateLimitedCalls: true,
        timeout: openMs,
      },
    },
  });
  const handling = new Set<Promise<void>>();
  const take: App["processEvent"] = async ({ body, ack }) => {
    const handled = handle(body).then(
      (answer) => ack(answer),
      (error: unknown) =>
        log.warn({ error: messageOf(error) }, "An event was not stored; Slack will tell it again"),
    );
    const done = handled
      .catch((error: unknown) =>
        log.debug({ error: messageOf(error) }, "An event could not be acknowledged"),
      )
      .finally(() => handling.delete(done));
    handling.add(done);
    await done;
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- All that a receiver uses of its app.
  receiver.init({ processEvent: take } as App);
  const { over, reasonOf } = endOf(receiver, log);
  const disconnect = async (): Promise<void> => {
    await receiver.client.disconnect();
  };
  using opening = linkedController(signal);
  try {
    await Promise.race([
      receiver.start(),
      over.then(() => {
        throw new Error(`Slack does not take another connection${reasonOf()}`);
      }),
      clock.sleep(openMs, { signal: opening.controller.signal }).then(() => {
        throw new Error("Slack did not greet in time");
      }),
    ]);
  } catch (error) {
    await disconnect();
    signal.throwIfAborted();
    if (error instanceof OpsthreadError) throw error;
    const failed = callFailed(error ?? new Error("it was cut"), "apps.connections.open");
    throw refused(failed, "appToken", "a token that begins with xapp- and may connections:write");
  } finally {
    opening.controller.abort();
  }
  return {
    over,
    async close() {
      const enough = new AbortController();
      await Promise.race([
        Promise.all(handling),
        // Slack takes no acknowledgement after that.
        clock.sleep(acknowledgeMs, { signal: enough.signal }).catch(() => {}), // All are handled.
      ]);
      enough.abort();
      await disconnect();
      await Promise.all(handling);
    },
  };
}

const openMs = 10_000;
const acknowledgeMs = 3000;

/**
 * Reads for the client, which ends its connection as soon as Slack asks for another one. Here it goes on until that one is
 * there.
 */
function endOf(
  { client }: SocketModeReceiver,
  log: Logger,
): {
  readonly over: Socket["over"];
  /** Why Slack ended it, in words for a sentence's end. */
  readonly reasonOf: () => string;
} {
  let reason = "";
  const over = new Promise<"lost" | "planned">((resolve) => {
    const [read] = client.listeners("ws_message");
    client.removeAllListeners("ws_message");
    client.on("ws_message", (data: unknown, isBinary: unknown) => {
      const frame = frameOf(data);
      if (!frame) return log.warn({}, "Slack said something over a socket that can't be read");
      if (frame.type === "envelope") return read?.call(client, frame.text, isBinary);
      if (frame.type === "hello") return read?.call(client, data, isBinary);
      reason = reasons[frame.reason] ?? "";
      return resolve("planned");
    });
    client.on("disconnected", () => resolve("lost"));
  });
  return { over, reasonOf: () => reason };
}

/** What a person can do something about: https://docs.slack.dev/apis/events-api/using-socket-mode#disconnect */
const reasons: Readonly<Record<string, string>> = {
  link_disabled: ": Socket Mode is switched off for this app (link_disabled)",
  too_many_websockets:
    ": the app has ten already (too_many_websockets); end other processes of this bot",
};
