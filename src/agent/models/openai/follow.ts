import { setTimeout as delay } from "node:timers/promises";

import type { ModelEvent } from "../../model.ts";
import type { ResponsesClient } from "./client.ts";
import { isBroken, type Trouble, troubleOf } from "./failure.ts";
import { AnyEvent, WireEvent, type WireItem, type WireResponse } from "./wire.ts";

/** How a response ended, as far as the API told. */
export type Outcome =
  | { readonly type: "over"; readonly response: WireResponse }
  | { readonly type: "failed"; readonly trouble: Trouble };

/** How far a response has been followed. */
export interface Progress {
  responseId: string | undefined;
  /** Of the last event that came. */
  sequence: number | undefined;
  readonly items: WireItem[];
}

export const noProgress = (): Progress => ({
  responseId: undefined,
  sequence: undefined,
  items: [],
});

export interface FollowOptions {
  readonly client: ResponsesClient;
  readonly progress: Progress;
  readonly tell: (event: WireEvent) => readonly ModelEvent[];
  /** Goes on after a broken connection: the response does. */
  readonly isBackground: boolean;
  readonly signal: AbortSignal;
}

/**
 * Tells the events of a response to its end. A response in the background is taken up after the last event that came,
 * some times in a row without another event. https://platform.openai.com/docs/guides/background#streaming-a-background-response
 */
export async function* follow(
  open: () => Promise<AsyncIterable<unknown>>,
  options: FollowOptions,
): AsyncGenerator<ModelEvent, Outcome> {
  const { client, progress, isBackground, signal } = options;
  let connect = open;
  let fruitless = 0;
  for (;;) {
    const before = progress.sequence;
    const outcome = yield* connection(connect, options);
    if (outcome.type !== "lost") return outcome;
    fruitless = progress.sequence === before ? fruitless + 1 : 1;
    const { responseId } = progress;
    const wait = waitsMs[fruitless - 1];
    if (!isBackground || responseId === undefined || wait === undefined) {
      return { type: "failed", trouble: outcome.trouble };
    }
    await pause(wait, signal);
    connect = () => client.follow(responseId, progress.sequence, signal);
  }
}

/** The first time at once: most connections break for no lasting reason. */
const waitsMs = [0, 250, 1_000, 4_000];

async function* connection(
  open: () => Promise<AsyncIterable<unknown>>,
  { progress, tell, signal }: FollowOptions,
): AsyncGenerator<ModelEvent, Outcome | { readonly type: "lost"; readonly trouble: Trouble }> {
  try {
    for await (const raw of await open()) {
      // More of it may have come already.
      signal.throwIfAborted();
      const event = read(raw, progress);
      if (event === undefined) continue;
      const outcome = outcomeOf(event, progress);
      if (outcome) return outcome;
      yield* tell(event);
    }
  } catch (error) {
    signal.throwIfAborted();
    const trouble = troubleOf(error);
    if (isBroken(trouble)) return { type: "lost", trouble };
    if (progress.responseId === undefined) return { type: "failed", trouble };
    // It is the way to a response that fails, not the response.
    const { status = 0, message } = trouble;
    if (status === 429 || status >= 500) return { type: "lost", trouble };
    return {
      type: "failed",
      trouble: status === 404 ? { code: "server_error", message } : trouble,
    };
  }
  // The client swallows the abort of its own stream.
  signal.throwIfAborted();
  const message = "the stream ended before the answer was complete";
  return { type: "lost", trouble: { message } };
}

/** Also counts events that nobody knows. */
function read(raw: unknown, progress: Progress): WireEvent | undefined {
  const any = AnyEvent.safeParse(raw);
  if (!any.success) return undefined;
  progress.sequence = any.data.sequence_number ?? progress.sequence;
  return WireEvent.safeParse(raw).data;
}

function outcomeOf(event: WireEvent, progress: Progress): Outcome | undefined {
  switch (event.type) {
    case "response.created":
      progress.responseId = event.response.id;
      return undefined;
    case "response.output_item.done":
      progress.items.push(event.item);
      return undefined;
    case "response.output_text.delta":
      return undefined;
    case "error":
      return {
        type: "failed",
        trouble: {
          code: event.code ?? "server_error",
          message: event.message ?? "an error without a message",
          param: event.param,
        },
      };
    case "response.completed":
    case "response.incomplete":
    case "response.failed":
    case "response.cancelled": {
      const { response } = event;
      // Some endpoints of the API leave the items out of the last event.
      const output = response.output.length > 0 ? response.output : [...progress.items];
      return { type: "over", response: { ...response, output } };
    }
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await delay(ms, undefined, { signal });
  } catch {
    // Only the signal ends it early.
    signal.throwIfAborted();
  }
}
