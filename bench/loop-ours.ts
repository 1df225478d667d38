import { z } from "zod";

import { createBudget } from "../dist/agent/budget.js";
import { type LoopEvent, runLoop } from "../dist/agent/loop.js";
import type { Model } from "../dist/agent/model.js";
import type { Tool, ToolSession } from "../dist/agent/tool.js";
import { Transcript } from "../dist/agent/transcript.js";
import { systemClock } from "../dist/core/clock.js";
import type { JournalEntry } from "../dist/core/journal.js";
import { noSpan, type Span } from "../dist/core/trace.js";

const look: Tool<{ x: number }> = {
  name: "look",
  description: "Looks",
  input: z.object({ x: z.number() }),
  parameters: {},
  effect: "pure",
  run: () =>
    Promise.resolve({ status: "ok", output: "12345678901234567890", measures: {}, artifacts: [] }),
};

/** A turn of `size` calls and an answer. */
export async function runOurs(
  size: number,
  onEntry: (entry: JournalEntry) => Promise<void>,
  span: Span = noSpan,
): Promise<void> {
  let step = 0;
  const model: Model = {
    name: "bench/scripted",
    capabilities: { contextTokens: 1e9 },
    async *respond() {
      step += 1;
      const last = step > size;
      const toolCalls = last ? [] : [{ callId: `call_${step}`, tool: "look", args: '{"x":1}' }];
      const usage = { inputTokens: 1, outputTokens: 1 };
      yield { type: "completed", response: { text: last ? "done" : "", toolCalls, usage } };
    },
  };
  const loop = runLoop(
    {
      model,
      instructions: "",
      tools: [look],
      session: noSession,
      transcript: new Transcript(),
      budget: createBudget({ limits: noLimits, spent: nothingSpent, clock: systemClock }),
      turn: 1,
      clock: systemClock,
      redact: (text) => text,
      steer: () => Promise.resolve(),
      onProgress: () => {},
      span,
    },
    { signal: new AbortController().signal },
  );
  let end: LoopEvent | undefined;
  for await (const event of loop) {
    if (event.type === "entry") await onEntry(event.entry);
    end = event;
  }
  if (end?.type !== "end" || end.text !== "done")
    throw new Error("The loop did not end as scripted");
}

const noLimits = { steps: 1e9, tokens: 1e12, ms: Number.MAX_SAFE_INTEGER };
const nothingSpent = { steps: 0, usage: { inputTokens: 0, outputTokens: 0 }, startedAt: 0 };
const noSession: ToolSession = {
  sessionId: "s_bench",
  sandbox: () => Promise.reject(new Error("Not expected here")),
  sandboxFrom: () => Promise.reject(new Error("There are no other images here")),
  keep: () => Promise.reject(new Error("Not expected here")),
  access: () => ({ type: "open", expiresAt: 0 }),
};
