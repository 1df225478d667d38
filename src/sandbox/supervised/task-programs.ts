import type { Outcome, SandboxSpec, TaskOptions, TaskProgram, TaskRun } from "../sandbox.ts";
import type { ExecutionResult } from "../supervisor/executions.ts";

/** Runs tasks' programs in cells. */
export interface TaskPrograms {
  run(program: TaskProgram, options: TaskProgramOptions): Promise<TaskRun>;
}

export interface TaskProgramOptions extends TaskOptions {
  readonly spec: SandboxSpec;
  readonly timeoutMs: number;
  readonly execute: (request: TaskRequest) => Promise<ExecutionResult>;
}

export interface TaskRequest {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly stdin: string;
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  readonly onControl: (bytes: Buffer) => void;
}

export type { Outcome };
