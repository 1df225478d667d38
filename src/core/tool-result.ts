import { z } from "zod";

import { Artifact } from "./post.ts";

/** One call of a tool, as the model asked for it. `args` is the model's JSON text, unparsed. */
export const ToolCall = z.object({ callId: z.string(), tool: z.string(), args: z.string() });
export type ToolCall = z.infer<typeof ToolCall>;

/** What truly happened while a tool ran. Absent means not known or not applicable, never zero. */
export const Measures = z.object({
  exitCode: z.number().int().optional(),
  signal: z.string().optional(),
  /** The time limit that ended it, milliseconds. */
  timedOutAfterMs: z.number().optional(),
  /** The memory limit that ended it, bytes. */
  outOfMemoryAtBytes: z.number().optional(),
  wallMs: z.number().optional(),
  cpuMs: z.number().optional(),
  peakMemoryBytes: z.number().optional(),
  /** Bytes produced, and how many of them the model is shown. */
  outputBytes: z.number().optional(),
  shownBytes: z.number().optional(),
  /** Where the full output lies in the workspace, when not all of it is shown. */
  fullOutput: z.string().optional(),
});
export type Measures = z.infer<typeof Measures>;

/**
 * The result of one tool call.
 *
 * - `ok`: it ran to its end and did what it says;
 * - `failed`: it ran and failed, or was refused; `output` says why;
 * - `stopped`: it was ended before it was done, by a person or a limit of the turn;
 * - `unknown`: it was interrupted and nobody can say whether it took effect.
 */
export const ToolResult = z.object({
  status: z.enum(["ok", "failed", "stopped", "unknown"]),
  output: z.string(),
  measures: Measures.default({}),
  artifacts: z.array(Artifact).readonly().default([]),
});
export type ToolResult = z.infer<typeof ToolResult>;
