import { abortable, linkedController } from "../../core/abort.ts";
import type { Clock } from "../../core/clock.ts";
import type { Model, ModelEvent, ModelRequest } from "../model.ts";
import { modelError } from "./model-error.ts";

export interface AttemptOptions {
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly idleMs: number;
}

/** One call of a model, which fails with `timeout` when nothing has come for `idleMs`, and with the signal's reason. */
export async function* attempt(
  model: Model,
  request: ModelRequest,
  { signal, clock, idleMs }: AttemptOptions,
): AsyncGenerator<ModelEvent> {
  signal.throwIfAborted();
  using linked = linkedController(signal);
  const ending = linked.controller;
  const events = model.respond(request, { signal: ending.signal })[Symbol.asyncIterator]();
  const next = async (): Promise<IteratorResult<ModelEvent>> => {
    const came = new AbortController();
    clock.sleep(idleMs, { signal: came.signal }).then(
      () => ending.abort(silent(model.name, idleMs)),
      () => {}, // Something came.
    );
    try {
      // A driver that does not obey its signal must not keep the turn.
      return await abortable(events.next(), ending.signal);
    } finally {
      came.abort();
    }
  };
  try {
    for (;;) {
      const { value, done } = await next();
      if (done) return;
      yield value;
    }
  } finally {
    ending.abort();
    void Promise.resolve(events.return?.()).catch(() => {}); // What it does to end is its own affair.
  }
}

const silent = (model: string, idleMs: number): Error =>
  modelError(model, `nothing came for ${Math.round(idleMs / 1000)} s`, { failure: "timeout" });
