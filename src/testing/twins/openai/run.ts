import { abortable } from "../../../core/abort.ts";
import { Cut } from "../http-twin.ts";
import { eventsOf } from "./events.ts";
import type { ApiEvent } from "./item-events.ts";
import type { ResponseBody } from "./response.ts";
import type { Answer } from "./script.ts";

/** A response on its way. All that will happen is known from the start; the run is how much of it has happened. */
export interface Run {
  readonly id: string;
  readonly isBackground: boolean;
  readonly isStreamed: boolean;
  /** As it is now. */
  response(): ResponseBody;
  isEnded(): boolean;
  /** Goes on to the next stall, or to the end. */
  advance(): void;
  /** A poll moves a background response by one stage: it is queued, then in progress, then done. */
  poll(): void;
  /** Goes past the stall that it stands at. */
  release(): void;
  cancel(): void;
  /** The events after the one with this number, as they happen. Ends early when the client goes. */
  follow(after: number, signal: AbortSignal): AsyncGenerator<ApiEvent>;
  /** Resolves when it is over, or the client has gone. */
  settled(signal: AbortSignal): Promise<void>;
}

export function startRun(
  final: ResponseBody,
  {
    answer,
    isStreamed,
    isObfuscated,
  }: { readonly answer: Answer; readonly isStreamed: boolean; readonly isObfuscated: boolean },
): Run {
  const events = eventsOf(final, { ending: answer.ending, isObfuscated });
  const begun = events.findIndex(({ type }) => type === "response.in_progress") + 1;
  const stalls = answer.stalls.filter((at) => at < events.length).toSorted((a, b) => a - b);
  const cuts = [...answer.cuts];
  const isBackground = final["background"] === true;
  let happened = 0;
  let isCancelled = false;
  let wake = signalOnce();

  const moveTo = (count: number): void => {
    happened = Math.max(happened, count);
    wake.resolve();
    wake = signalOnce();
  };
  const isEnded = (): boolean => isCancelled || happened >= events.length;
  const advance = (): void => {
    if (!isCancelled) moveTo(stalls[0] ?? events.length);
  };
  /** Whether so many events have happened, as soon as it is certain. */
  const reaches = async (count: number, signal: AbortSignal): Promise<boolean> => {
    for (;;) {
      if (happened >= count) return true;
      if (isEnded() || !(await isWoken(wake.promise, signal))) return false;
    }
  };

  return {
    id: final.id,
    isBackground,
    isStreamed,
    isEnded,
    advance,
    response() {
      if (!isCancelled && happened >= events.length) return final;
      const done = events
        .slice(0, happened)
        .filter(({ type }) => type === "response.output_item.done").length;
      const status = isCancelled
        ? "cancelled"
        : isBackground && happened < begun
          ? "queued"
          : "in_progress";
      const output = final.output.slice(0, done);
      const unknown = { completed_at: null, error: null, incomplete_details: null, usage: null };
      return { ...final, ...unknown, status, output };
    },
    poll() {
      // A streamed response goes on by itself.
      if (isStreamed || isEnded()) return;
      if (happened < begun && (stalls[0] ?? begun) >= begun) moveTo(begun);
      else advance();
    },
    release() {
      const [stall = Number.POSITIVE_INFINITY] = stalls;
      if (happened < stall) return;
      stalls.shift();
      advance();
    },
    cancel() {
      if (isEnded()) return;
      isCancelled = true;
      wake.resolve();
    },
    async *follow(after, signal) {
      const cutAfter = cuts.shift() ?? Number.POSITIVE_INFINITY;
      for (let next = after + 1; ; next += 1) {
        if (next >= cutAfter) throw new Cut();
        if (!(await reaches(next + 1, signal))) return;
        const event = events[next];
        if (event === undefined) return;
        yield event;
      }
    },
    async settled(signal) {
      await reaches(events.length, signal);
    },
  };
}

async function isWoken(wake: Promise<void>, signal: AbortSignal): Promise<boolean> {
  try {
    await abortable(wake, signal);
    return true;
  } catch {
    // The client has gone: there is nobody to tell.
    return false;
  }
}

function signalOnce(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
