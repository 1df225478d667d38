import { z } from "zod";

import type { ToolCall, ToolResult } from "../../../core/tool-result.ts";

/** What the planner remembers of a conversation up to some point. Never changed in place. */
export interface Memory {
  /** Workspace paths of everything that was attached, oldest first. */
  readonly files: readonly string[];
  readonly sources: readonly string[];
  readonly logs?: { readonly files: readonly string[] };
  readonly diff?: {
    readonly pairs: readonly { readonly before: string; readonly after: string }[];
    /** What the tool gave, as far as it is known yet. */
    readonly output?: string;
  };
  /** The task that was run last. */
  readonly last?: "logs" | "diff";
}

/** The sources are the folders that the instructions name. */
export function emptyMemory(instructions: string): Memory {
  const sources = [...instructions.matchAll(/\/sources\/([\w.-]*\w)/g)].flatMap(
    ([, name]) => name ?? [],
  );
  return { files: [], sources: [...new Set(sources)] };
}

export function withFiles(memory: Memory, files: readonly string[]): Memory {
  if (files.length === 0) return memory;
  return { ...memory, files: [...new Set([...memory.files, ...files])] };
}

const LogsArguments = z.object({
  task: z.literal("logs"),
  input: z.object({ files: z.array(z.string()).min(1) }),
});
const DiffArguments = z.object({
  task: z.literal("diff"),
  input: z.object({
    pairs: z.array(z.object({ before: z.string(), after: z.string() })).min(1),
  }),
});

/** Remembers a task's call. One that failed is not worth coming back to. */
export function withCall(
  memory: Memory,
  { tool, args }: Pick<ToolCall, "tool" | "args">,
  result?: ToolResult,
): Memory {
  if (tool !== "run_task" || result?.status === "failed") return memory;
  const value = parseJson(args);
  const logs = LogsArguments.safeParse(value);
  if (logs.success) return { ...memory, logs: { files: logs.data.input.files }, last: "logs" };
  const diff = DiffArguments.safeParse(value);
  if (!diff.success) return memory;
  const output = result === undefined ? {} : { output: result.output };
  return { ...memory, diff: { pairs: diff.data.input.pairs, ...output }, last: "diff" };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // A model wrote something else: nothing to remember.
    return undefined;
  }
}
