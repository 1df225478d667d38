/**
 * Per-step overhead of the agent loop, beside @openai/agents in the same run: the same answers from an in-process
 * model, the same one tool with a zod argument and a 20-byte output, tracing off, at 1 to 1,000 steps.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import {
  type Model as PeerModel,
  type ModelResponse as PeerResponse,
  Agent,
  Runner,
  tool,
  Usage,
} from "@openai/agents";
import { z } from "zod";

import { createBudget } from "../dist/agent/budget.js";
import { type LoopEvent, runLoop } from "../dist/agent/loop.js";
import type { Model } from "../dist/agent/model.js";
import type { Tool, ToolSession } from "../dist/agent/tool.js";
import { Transcript } from "../dist/agent/transcript.js";
import { systemClock } from "../dist/core/clock.js";
import type { JournalEntry } from "../dist/core/journal.js";
import { silentLogger } from "../dist/core/logger.js";
import { noSpan, type Span } from "../dist/core/trace.js";
import { openTracing } from "../dist/observe/open-tracing.js";
import { createRedactor } from "../dist/security/redact.js";
import { sqliteStore } from "../dist/store/sqlite/index.js";
import { type Figure, interleave, median } from "./harness.ts";

const sizes = [1, 10, 100, 300, 1000];
const output = "12345678901234567890";

export async function run(): Promise<Figure[]> {
  const figures: Figure[] = [];
  // A bot's code is warm after its first turns, and so is what is measured.
  await perStep(300, () => runPeer(300));
  for (let count = 0; count < 40; count += 1)
    await perStep(300, () => runOurs(300, () => Promise.resolve()));
  for (const size of sizes) {
    const [ours, peer] = await interleave(size > 300 ? 2 : 5, [
      () => perStep(size, () => runOurs(size, () => Promise.resolve())),
      () => perStep(size, () => runPeer(size)),
    ]);
    figures.push({
      name: `overhead per step, ${size} steps`,
      unit: "µs",
      ours: median(ours ?? []),
      peer: median(peer ?? []),
      peerName: "@openai/agents 0.20.0",
      target: 50,
    });
  }
  figures.push(await withTraces());
  figures.push(await withJournal());
  return figures;
}

/** The same loop with a span for each step, answer and call, written to files; writing them is counted. */
async function withTraces(): Promise<Figure> {
  const size = 300;
  const folder = await mkdtemp(join(tmpdir(), "opsthread-bench-"));
  const redactor = createRedactor({});
  const redact = (text: string): string => redactor.text(text);
  const traced = async (): Promise<void> => {
    const place = { dataFolder: folder, redact, clock: systemClock, log: silentLogger };
    await using tracing = openTracing({}, place);
    using turn = tracing.tracer.start("turn", { session: "s_bench", turn: 1 });
    await runOurs(size, () => Promise.resolve(), turn);
  };
  try {
    const [ours] = await interleave(5, [() => perStep(size, traced)]);
    const name = "overhead per step with spans to files";
    return { name, unit: "µs", ours: median(ours ?? []) };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The same loop with each entry durable before the next step. */
async function withJournal(): Promise<Figure> {
  const size = 300;
  const folder = await mkdtemp(join(tmpdir(), "opsthread-bench-"));
  const store = await sqliteStore({ folder });
  try {
    const [ours] = await interleave(5, [() => perStep(size, () => journalled(store, size))]);
    return {
      name: "overhead per step with the SQLite journal, synchronous=FULL",
      unit: "µs",
      ours: median(ours ?? []),
      target: 1000,
    };
  } finally {
    await store[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  }
}

async function journalled(
  store: Awaited<ReturnType<typeof sqliteStore>>,
  size: number,
): Promise<void> {
  const thread = {
    platform: "bench",
    workspace: "w",
    channel: "c",
    thread: `${performance.now()}`,
  };
  const { sessionId } = await store.accept(
    {
      id: thread.thread,
      thread,
      actor: { id: "U", roles: [] },
      kind: "mention",
      text: "go",
      attachments: [],
      sentAt: 0,
    },
    { opens: true },
  );
  const lease = await store.lease(sessionId, { holder: "bench", ttlMs: 600_000 });
  if (!lease) throw new Error("No lease");
  let after = 0;
  await runOurs(size, async (entry) => {
    after = await store.append(lease, { after, entries: [entry] });
  });
}

/**
 * Short runs are repeated within a sample, so that one is long enough to be measured. A run of `size` calls has one step
 * more, the answer.
 */
async function perStep(size: number, work: () => Promise<void>): Promise<number> {
  const repeats = Math.ceil((size <= 10 ? 2000 : 300) / size);
  const start = performance.now();
  for (let count = 0; count < repeats; count += 1) await work();
  return ((performance.now() - start) * 1000) / ((size + 1) * repeats);
}

/** Tools are defined once, by us and by the peer; a run begins with a message. */
const look: Tool<{ x: number }> = {
  name: "look",
  description: "Looks",
  input: z.object({ x: z.number() }),
  parameters: {},
  effect: "pure",
  run: () => Promise.resolve({ status: "ok", output, measures: {}, artifacts: [] }),
};

const peerLook = tool({
  name: "look",
  description: "Looks",
  parameters: z.object({ x: z.number() }),
  execute: () => Promise.resolve(output),
});

async function runOurs(
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

async function runPeer(size: number): Promise<void> {
  let step = 0;
  const model: PeerModel = {
    getResponse(): Promise<PeerResponse> {
      step += 1;
      const usage = new Usage({ requests: 1, inputTokens: 1, outputTokens: 1, totalTokens: 2 });
      if (step > size)
        return Promise.resolve({
          usage,
          output: [
            {
              type: "message",
              role: "assistant",
              status: "completed",
              content: [{ type: "output_text", text: "done" }],
            },
          ],
        });
      return Promise.resolve({
        usage,
        output: [
          {
            type: "function_call",
            callId: `call_${step}`,
            name: "look",
            status: "completed",
            arguments: '{"x":1}',
          },
        ],
      });
    },
    async *getStreamedResponse() {},
  };
  const agent = new Agent({ name: "bench", model, tools: [peerLook] });
  const runner = new Runner({ tracingDisabled: true });
  const result = await runner.run(agent, "go", { maxTurns: size + 10 });
  if (result.finalOutput !== "done") throw new Error("The peer did not end as scripted");
}
