import type { StandardSchemaV1 } from "@standard-schema/spec";

import { createBudget, defaultBudgets, type BudgetLimits } from "../../src/agent/budget.ts";
import { type LoopEvent, type LoopOptions, runLoop } from "../../src/agent/loop.ts";
import type { Model, ModelRequest } from "../../src/agent/model.ts";
import type { Tool, ToolContext, ToolSession } from "../../src/agent/tool.ts";
import { Transcript } from "../../src/agent/transcript.ts";
import type { Clock } from "../../src/core/clock.ts";
import type { Effect, JournalEntry, ModelResponse } from "../../src/core/journal.ts";
import type { ToolResult } from "../../src/core/tool-result.ts";
import { manualClock } from "../../src/testing/manual-clock.ts";

export type Answer = string | readonly [tool: string, args?: unknown][] | Error;

/** A model that gives one prepared answer after the other, and keeps what it was asked. */
export function answering(
  ...answers: readonly Answer[]
): Model & { readonly requests: ModelRequest[] } {
  const requests: ModelRequest[] = [];
  let calls = 0;
  return {
    name: "test/answering",
    capabilities: { contextTokens: 10_000 },
    requests,
    async *respond(request) {
      await Promise.resolve();
      const answer =
        answers[requests.push({ ...request, items: [...request.items] }) - 1] ?? "done";
      if (answer instanceof Error) throw answer;
      const toolCalls =
        typeof answer === "string"
          ? []
          : answer.map(([name, args]) => ({
              callId: `call-${(calls += 1)}`,
              tool: name,
              args: typeof args === "string" ? args : JSON.stringify(args ?? {}),
            }));
      const response: ModelResponse = {
        text: typeof answer === "string" ? answer : "",
        toolCalls,
        usage: { inputTokens: 100, outputTokens: 10 },
      };
      yield { type: "completed", response };
    },
  };
}

/** A tool that accepts anything. */
export function tool(
  name: string,
  work: (context: ToolContext) => Promise<string | Partial<ToolResult>>,
  options: { readonly effect?: Effect; readonly endsTurn?: boolean } & Pick<
    Partial<Tool>,
    "reattach" | "timeoutMs" | "input"
  > = {},
): Tool {
  return {
    name,
    description: name,
    input: anything,
    parameters: {},
    effect: "pure",
    ...options,
    async run(_input, context) {
      const result = await work(context);
      const partial = typeof result === "string" ? { output: result } : result;
      return { status: "ok", output: "", measures: {}, artifacts: [], ...partial };
    },
  };
}

const anything: StandardSchemaV1<unknown, unknown> = {
  "~standard": { version: 1, vendor: "test", validate: (value) => ({ value }) },
};

/** One that is to be approved, and keeps account of its runs. */
export function restartTool(result = "restarted"): {
  readonly restart: Tool;
  readonly ran: readonly string[];
} {
  const ran: string[] = [];
  const restart = tool("restart", async () => {
    ran.push("restart");
    return result;
  });
  return { restart: { ...restart, needsApproval: true }, ran };
}

/** Runs a turn in memory and gives everything that it reported. */
export async function run({
  signal = new AbortController().signal,
  limits = {},
  onEvent,
  ...options
}: Pick<LoopOptions, "model"> &
  Partial<LoopOptions> & {
    readonly signal?: AbortSignal;
    readonly limits?: Partial<BudgetLimits>;
    readonly memory?: ReturnType<typeof memorySession>;
    readonly onEvent?: (event: LoopEvent) => void;
  }): Promise<{
  readonly entries: readonly JournalEntry[];
  readonly end: Extract<LoopEvent, { type: "end" }> | undefined;
  readonly transcript: Transcript;
  readonly files: ReadonlyMap<string, string>;
}> {
  const clock = manualClock();
  const { session, files } = options.memory ?? memorySession();
  const transcript = options.transcript ?? new Transcript();
  const entries: JournalEntry[] = [];
  let end: Extract<LoopEvent, { type: "end" }> | undefined;
  const loop = runLoop(
    {
      instructions: "",
      tools: [],
      session,
      transcript,
      budget: createBudget({
        limits: { ...defaultBudgets.turn, ...limits },
        spent: nothingSpent(clock),
        clock,
      }),
      turn: 1,
      clock,
      redact: (text) => text,
      steer: () => Promise.resolve(),
      onProgress: () => {},
      ...options,
    },
    { signal },
  );
  for await (const event of loop) {
    onEvent?.(event);
    if (event.type === "entry") entries.push(event.entry);
    if (event.type === "end") end = event;
  }
  return { entries, end, transcript, files };
}

const nothingSpent = (clock: Clock) => ({
  steps: 0,
  usage: { inputTokens: 0, outputTokens: 0 },
  startedAt: clock.now(),
});

/** A session whose sandbox is a map of files, and how often it was opened. */
export function memorySession(): {
  readonly session: ToolSession;
  readonly files: Map<string, string>;
} {
  const files = new Map<string, string>();
  const unused = () => Promise.reject(new Error("Not expected here"));
  const session: ToolSession = {
    sessionId: "s_test",
    access: () => ({ type: "open", expiresAt: 0 }),
    keep: unused,
    sandboxFrom: unused,
    sandbox: () =>
      Promise.resolve({
        sessionId: "s_test",
        isAlive: true,
        exec: unused,
        attach: unused,
        executions: unused,
        usage: unused,
        detach: unused,
        task: unused,
        close: () => Promise.resolve(),
        files: {
          read: (path) => {
            const bytes = Buffer.from(files.get(path) ?? "");
            return Promise.resolve(
              files.has(path)
                ? { bytes: bytes.subarray(0, 64 * 1024), size: bytes.length }
                : undefined,
            );
          },
          export: unused,
          list: unused,
          stat: unused,
          exportTar: unused,
          importTar: unused,
          write: (path, bytes) => {
            files.set(path, Buffer.from(bytes as Uint8Array).toString());
            return Promise.resolve({ size: 0 });
          },
        },
        [Symbol.asyncDispose]: () => Promise.resolve(),
      }),
  };
  return { session, files };
}
