import { setMaxListeners } from "node:events";

import { abortable, linkedController } from "../../core/abort.ts";
import type { Clock } from "../../core/clock.ts";
import { isOpsthreadError, messageOf } from "../../core/errors.ts";
import { stableKey, threadId, type ThreadRef } from "../../core/ids.ts";
import type { Logger } from "../../core/logger.ts";
import type { Adapter } from "../adapter.ts";
import { leftProgress, type LeftProgressOptions } from "./left-progress.ts";
import { editedLine, type ProgressMessage } from "./progress-message.ts";
import { type KeptStatus, threadStatus } from "./status.ts";
import { streamedLine } from "./streamed-line.ts";

/** The live lines of turns: one message each, changed, and deleted in the end. */
export interface ProgressLines extends AsyncDisposable {
  /** Takes the newest text and waits for nothing, but for the end of the message when there shall be none any more. */
  readonly show: Adapter["showProgress"];
}

export interface ProgressOptions extends LeftProgressOptions {
  readonly style: "edited" | "streamed";
  /** Who spoke last in a thread. */
  readonly recipientOf: (thread: ThreadRef) => string | undefined;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Each line shows the newest text, at most once a second and when there is room; what it did not get to is left out. */
export function createProgressLines(options: ProgressOptions): ProgressLines {
  const { apiFor, botId, clock, log, style, recipientOf } = options;
  const lines = new Map<string, Line>();
  const ending = new AbortController();
  setMaxListeners(0, ending.signal);
  const left = leftProgress({ apiFor, botId });
  const status = threadStatus({ apiFor, clock, log, ended: ending.signal });
  const sweeping = new Set<Promise<void>>();

  /** Brings the message to what is wanted. */
  const work = async (line: Line): Promise<void> => {
    const { message, over } = line;
    while (line.wanted !== line.shown && !over.signal.aborted) {
      const { wanted = "" } = line;
      try {
        using waiting = linkedController(over.signal, ending.signal);
        await pause(line, waiting.controller.signal);
        if (line.wanted !== wanted) continue;
        await message.show(wanted, { signal: ending.signal });
        line.shown = wanted;
        line.nextAt = clock.now() + intervalMs;
        if (!line.hasBegun) line.status.again();
        sweep(line.thread, {
          before: message.ts,
          ...(line.isTakenUp && !line.hasBegun && { again: true }),
        });
        line.hasBegun = true;
      } catch (error) {
        if (ending.signal.aborted || over.signal.aborted) break;
        const wait = isOpsthreadError(error, "ADAPTER_RATE_LIMITED") && error.data["retryAfterMs"];
        // Room for one is no room for all lines that wait for it.
        line.nextAt = clock.now() + Math.max(intervalMs, typeof wait === "number" ? wait : 0);
        log.debug({ error: messageOf(error) }, "Progress was not shown");
        // What failed is not tried again: the next text is.
        if (typeof wait !== "number") line.shown = wanted;
      }
    }
  };
  const pause = async ({ nextAt }: Line, signal: AbortSignal): Promise<void> => {
    const ms = nextAt - clock.now();
    if (ms > 0) await clock.sleep(ms, { signal });
  };
  const end = async (id: string, line: Line): Promise<void> => {
    line.over.abort();
    await line.status.end();
    await line.working;
    await line.message
      .remove({ signal: ending.signal })
      .catch((error: unknown) => log.debug({ error: messageOf(error) }, "Progress was left"));
    const mayBeLeft = line.message.isUnsure || (line.isTakenUp && !line.hasBegun);
    if (mayBeLeft) sweep(line.thread, { before: undefined, key: line.key });
    lines.delete(id);
  };
  /** Not waited for: it may take as long as Slack wants. */
  const sweep = (
    thread: ThreadRef,
    which: { readonly before: string | undefined; readonly key?: string; readonly again?: true },
  ): void => {
    const swept = left
      .sweep(thread, { ...which, signal: ending.signal })
      .catch((error: unknown) => log.debug({ error: messageOf(error) }, "Old progress was left"))
      .finally(() => sweeping.delete(swept));
    sweeping.add(swept);
  };
  const messageFor = (thread: ThreadRef, key: string): ProgressMessage => {
    const lineOptions = { key, api: apiFor(thread.workspace), clock };
    const recipient = recipientOf(thread);
    // In a channel Slack wants to know for whom it is.
    const streams = style === "streamed" && (recipient !== undefined || isDirect(thread));
    return streams
      ? streamedLine(thread, { ...lineOptions, recipient })
      : editedLine(thread, lineOptions);
  };
  const begin = (thread: ThreadRef, key: string, isTakenUp: boolean): Line => ({
    thread,
    key,
    isTakenUp,
    status: status.begin(thread),
    message: messageFor(thread, key),
    over: new AbortController(),
    wanted: undefined,
    shown: undefined,
    nextAt: clock.now() + graceMs,
    hasBegun: false,
    working: undefined,
  });

  return {
    async show(thread, { key, markdown, isTakenUp = false }, { signal }) {
      signal.throwIfAborted();
      const id = stableKey(threadId(thread), key);
      const known = lines.get(id);
      if (markdown === undefined) {
        if (!known) {
          if (isTakenUp) sweep(thread, { before: undefined, key });
          return;
        }
        // One after the other, also where nobody waits any more: a message must be known to be deleted.
        known.ending ??= end(id, known);
        return abortable(known.ending, signal);
      }
      if (known?.ending) return;
      const line = known ?? begin(thread, key, isTakenUp);
      lines.set(id, line);
      line.wanted = markdown;
      line.working ??= work(line).finally(() => {
        line.working = undefined;
      });
    },
    async [Symbol.asyncDispose]() {
      ending.abort();
      await Promise.all(sweeping);
      await Promise.all(
        [...lines.values()].map(({ working, status: kept, ending: ended }) =>
          Promise.all([working, ended ?? kept.end()]),
        ),
      );
    },
  };
}

interface Line {
  readonly thread: ThreadRef;
  readonly key: string;
  /** A killed process may have left one. */
  readonly isTakenUp: boolean;
  readonly status: KeptStatus;
  readonly message: ProgressMessage;
  /** Aborts when the turn is over: nothing more is to be shown. */
  readonly over: AbortController;
  wanted: string | undefined;
  shown: string | undefined;
  /** When it may be changed again. */
  nextAt: number;
  hasBegun: boolean;
  working: Promise<void> | undefined;
  ending?: Promise<void>;
}

/** A conversation with the app alone. */
const isDirect = ({ channel }: ThreadRef): boolean => channel.startsWith("D");

/** What is done sooner has no message: Slack lets few of them be deleted. */
const graceMs = 1000;
const intervalMs = 1000;
