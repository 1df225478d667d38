import { isOpsthreadError } from "../core/errors.ts";
import type { ModelResponse } from "../core/journal.ts";
import { trueSize } from "./context/true-size.ts";
import type { ContextWindow } from "./context/window.ts";
import { fitContext, fitsAsItIs } from "./fit-context.ts";
import type { LoopEvent, LoopOptions, Recorder } from "./loop.ts";
import type { ModelRequest } from "./model.ts";
import { failedUses, isOverflow } from "./models/failures.ts";
import { costOf } from "./prices.ts";

/**
 * Asks the model with a conversation that fits its window. Where the provider finds it too long all the same, it is made
 * shorter still and sent again. What failed calls used is on record and counted before the failure is passed on.
 */
export async function* withinWindow(
  options: LoopOptions,
  record: Recorder,
  {
    window,
    step,
    request,
    ask,
    signal,
  }: {
    readonly window: ContextWindow;
    readonly step: number;
    readonly request: () => ModelRequest;
    readonly ask: (request: ModelRequest) => AsyncGenerator<LoopEvent, ModelResponse>;
    readonly signal: AbortSignal;
  },
): AsyncGenerator<LoopEvent, ModelResponse> {
  const { model, transcript, budget, prices = {} } = options;
  transcript.conversation.countFor(model);
  const { counted } = await trueSize(options, { window, request, signal });
  for (let tries = 1; ; tries += 1) {
    if (!fitsAsItIs(options, { window, counted }))
      yield* fitContext(options, record, { window, counted, request, signal });
    try {
      const { resume, ...fresh } = request();
      // What an earlier process began is as long as it was.
      return yield* ask(tries === 1 && resume !== undefined ? { ...fresh, resume } : fresh);
    } catch (error) {
      signal.throwIfAborted();
      if (!isOpsthreadError(error, "MODEL_FAILED")) throw error;
      const used = failedUses(error, model.name);
      const usd = costOf(used, prices);
      if (used.length > 0) {
        budget.spend({ used, usd });
        yield record({ type: "model-failed", step, used, ...(usd !== undefined && { usd }) });
      }
      if (!isOverflow(error) || tries === maxTries) throw error;
      window.refused({ ...transcript.conversation.size, counted });
    }
  }
}

const maxTries = 4;
