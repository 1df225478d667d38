import { isOpsthreadError } from "../../core/errors.ts";
import { stableKey } from "../../core/ids.ts";
import type { ModelUse } from "../../core/journal.ts";
import { headTail } from "../../core/output.ts";
import type { EntryFields, LoopOptions } from "../loop.ts";
import type { Model, ModelRequest } from "../model.ts";
import { failedUses } from "../models/failures.ts";
import { costOf, usesOf } from "../prices.ts";
import { archiveText } from "./archive.ts";
import { bytesPerToken, estimate } from "./estimate.ts";
import { keepText } from "./keep-cuts.ts";
import type { Split } from "./split.ts";
import type { ContextSize, ContextWindow } from "./window.ts";

/**
 * Asks the model for a summary of the oldest part. Where it gives none, because it fails or the part alone is too long for
 * it, the part goes without: what people said stays, and all of it lies in a file either way.
 */
export async function summarize(
  options: LoopOptions,
  { before, old }: Split,
  {
    window,
    counted,
    request,
    room,
    signal,
  }: {
    readonly window: ContextWindow;
    readonly counted: ContextSize["counted"];
    readonly request: ModelRequest;
    readonly room: number;
    readonly signal: AbortSignal;
  },
): Promise<Extract<EntryFields, { type: "context-summarized" }>> {
  const { model, budget, session, redact, prices = {} } = options;
  options.onProgress("Making room: summarizing what came before …");
  const words = Math.max(50, Math.floor((room * summaryShare) / tokensPerWord));
  const { resume: _, ...usual } = request;
  const asked: ModelRequest = {
    ...usual,
    items: [...old, { type: "note", text: question(words) }],
    toolChoice: "none",
    stepKey: stableKey("summary", request.stepKey),
  };
  const tokens = asked.items.reduce((sum, item) => sum + estimate(item), 0);
  const fits = window.excess({ tokens, counted }, "limit") <= 0;
  const { text, used } = fits ? await ask(model, asked, signal) : { text: "", used: [] };
  const usd = costOf(used, prices);
  budget.spend({ used, usd });
  const key = stableKey("context", session.sessionId, before.turn, before.step);
  const file = await keepText(`.opsthread/context/${key}.md`, archiveText(old), {
    session,
    signal,
  });
  return {
    type: "context-summarized",
    before,
    pinnedTokens: Math.floor(room * pinnedShare),
    ...(text !== "" && { text: headTail(redact(text), mostBytes(room)) }),
    ...(file !== undefined && { file }),
    used,
    ...(usd !== undefined && { usd }),
  };
}

/** The same instructions and tools as ever, so that the provider finds most of it in its cache. */
const question = (words: number): string =>
  `The conversation so far is about to be replaced by a summary, to make room. Write it now, in at most ${words} words, and call no tool. It is for yourself: ` +
  "what you do not write down you will not know. Use these headings: Goal; Plan and where it stands; Decisions and why; Facts found, each with its file:line or command; " +
  "Files made or changed; Open questions. What people said is kept besides.";

async function ask(
  model: Model,
  request: ModelRequest,
  signal: AbortSignal,
): Promise<{ readonly text: string; readonly used: readonly ModelUse[] }> {
  try {
    for await (const event of model.respond(request, { signal })) {
      if (event.type !== "completed") continue;
      const { response } = event;
      // One that calls tools instead has not understood, and its words are not a summary.
      const text = response.toolCalls.length > 0 ? "" : response.text.trim();
      return { text, used: usesOf(response, model.name) };
    }
  } catch (error) {
    signal.throwIfAborted();
    if (!isOpsthreadError(error, "MODEL_FAILED")) throw error;
    return { text: "", used: failedUses(error, model.name) };
  }
  return { text: "", used: [] };
}

const mostBytes = (room: number): number => Math.floor(room * 2 * summaryShare * bytesPerToken);

const summaryShare = 0.12;
const pinnedShare = 0.25;
const tokensPerWord = 1.5;
