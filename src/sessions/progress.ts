import type { Adapter } from "../adapters/adapter.ts";
import type { Clock } from "../core/clock.ts";
import { messageOf } from "../core/errors.ts";
import type { ThreadRef } from "../core/ids.ts";
import type { Logger } from "../core/logger.ts";

/** The one live line of a turn in its thread: shown at most once a second, the latest text wins. */
export interface Progress extends AsyncDisposable {
  show(text: string): void;
}

export function createProgress({
  adapter,
  thread,
  key,
  isTakenUp = false,
  clock,
  log,
}: {
  readonly adapter: Adapter;
  readonly thread: ThreadRef;
  readonly key: string;
  /** Another process ran the turn before: what it left of its line goes, also where nothing new is shown. */
  readonly isTakenUp?: boolean;
  readonly clock: Clock;
  readonly log: Logger;
}): Progress {
  const ended = new AbortController();
  let latest: string | undefined;
  let shown = false;
  let showing: Promise<void> | undefined;

  const send = async (markdown: string | undefined): Promise<void> => {
    try {
      await adapter.showProgress(
        thread,
        { key, markdown, ...(isTakenUp && { isTakenUp }) },
        { signal: AbortSignal.timeout(sendMs) },
      );
    } catch (error) {
      log.debug({ error: messageOf(error) }, "Progress was not shown");
    }
  };
  const run = async (): Promise<void> => {
    while (latest !== undefined && !ended.signal.aborted) {
      const text = latest;
      latest = undefined;
      shown = true;
      await send(text);
      await clock.sleep(intervalMs, { signal: ended.signal }).catch(() => {}); // Ended: the loop sees it.
    }
    showing = undefined;
  };
  return {
    show(text) {
      latest = text;
      showing ??= run();
    },
    async [Symbol.asyncDispose]() {
      ended.abort();
      await showing;
      if (shown || isTakenUp) await send(undefined);
    },
  };
}

const intervalMs = 1000;
const sendMs = 5000;
