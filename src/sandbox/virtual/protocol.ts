import { z } from "zod";

import type { Limits } from "../permissions.ts";
import type { Grants, Place } from "../places.ts";
import type { TaskProgram } from "../sandbox.ts";

/** What a runner process is told first. */
export interface RunnerSetup {
  readonly kind: "shell" | "task";
  readonly places: readonly Place[];
  readonly grants: Grants;
  readonly limits: Limits;
  /** Environment of the shell's commands. */
  readonly env: Readonly<Record<string, string>>;
}

/** What a runner process does: one at a time. */
export type RunnerRequest = ShellRequest | TaskRequest;

export interface ShellRequest {
  readonly type: "exec";
  readonly command: string;
  readonly executionId: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly stdin: string;
  readonly shownBytes: number;
  /** What the workspace takes. */
  readonly usedBytes: number;
}

export interface TaskRequest {
  readonly type: "task";
  readonly program: TaskProgram;
  readonly executionId: string;
  readonly usedBytes: number;
}

export type ToRunner = { readonly type: "setup"; readonly setup: RunnerSetup } | RunnerRequest;

const Captured = z.object({
  text: z.string(),
  bytes: z.number(),
  file: z.string().exactOptional(),
});

const ShellReply = z.object({
  type: z.literal("ran"),
  /** The limit of the interpreter or of the files that was met. */
  limit: z.string().exactOptional(),
  exitCode: z.number().int(),
  stdout: Captured,
  stderr: Captured,
});
export type ShellReply = z.infer<typeof ShellReply>;

const TaskReply = z.discriminatedUnion("type", [
  z.object({ type: z.literal("returned"), value: z.string() }),
  z.object({ type: z.literal("threw"), error: z.string() }),
]);

const Use = z.object({
  usedBytes: z.number().nonnegative(),
  cpuMs: z.number().nonnegative(),
  peakMemoryBytes: z.number().nonnegative(),
  /** Whether the process is as good as new. */
  reusable: z.boolean(),
});
export type Use = z.infer<typeof Use>;

/** What comes from a runner process. It has run what nobody trusts, so it is parsed. */
export const FromRunner = z.discriminatedUnion("type", [
  z.object({ type: z.literal("ready") }),
  z.object({
    type: z.literal("progress"),
    progress: z.object({ done: z.number().exactOptional(), text: z.string() }),
  }),
  z.object({
    type: z.literal("done"),
    reply: z.discriminatedUnion("type", [ShellReply, ...TaskReply.options]),
    use: Use,
  }),
]);
export type FromRunner = z.infer<typeof FromRunner>;
export type RunnerReply = Extract<FromRunner, { type: "done" }>["reply"];
