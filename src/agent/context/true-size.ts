import { abortable, timeLimit } from "../../core/abort.ts";
import type { LoopOptions } from "../loop.ts";
import type { ModelRequest } from "../model.ts";
import type { ContextSize, ContextWindow } from "./window.ts";

/**
 * The conversation's size, with the provider's count of what it is now where the estimate can't tell whether it still fits.
 * What it says is in no journal: only what is done about it is, and a turn that is taken up asks again.
 */
export async function trueSize(
  { model, transcript: { conversation }, clock }: LoopOptions,
  {
    window,
    request,
    signal,
  }: {
    readonly window: ContextWindow;
    readonly request: () => ModelRequest;
    readonly signal: AbortSignal;
  },
): Promise<ContextSize> {
  const { size } = conversation;
  if (!model.countTokens || !window.isInDoubt(size)) return size;
  using limited = timeLimit(countMs, { signal, clock });
  try {
    const counting = model.countTokens(request(), { signal: limited.signal });
    const inputTokens = await abortable(counting, limited.signal);
    const usage = { inputTokens, outputTokens: 0 };
    return { ...size, counted: { estimated: size.tokens, usage } };
  } catch {
    signal.throwIfAborted();
    // Whatever it was, the estimate is good enough to go on, and the answer will show what is wrong.
    return size;
  }
}

const countMs = 3_000;
