import type { z } from "zod";

/**
 * A named, typed unit of ops work. A task is a program that the sandbox runs: its module is loaded inside
 * the sandbox, so it must not depend on anything of the process that defined it.
 */
export interface Task<Input extends z.ZodType = z.ZodType> {
  /** What people and models call it: lower case, one word. */
  readonly name: string;
  readonly title: string;
  /** For the model: what it does, when to use it. */
  readonly description: string;
  readonly input: Input;
  /** Image that it runs in, where sandboxes have images. Default: that of the thread. */
  readonly image?: string;
  /** `import.meta.url` of the module that exports the task. */
  readonly module: string;
  run(input: z.infer<Input>, context: TaskContext): Promise<TaskResult>;
}

/** Defines a task. Export it from its own module, under any name. */
export function defineTask<Input extends z.ZodType>(task: Task<Input>): Task<Input> {
  return task;
}

/** What a task may touch. */
export interface TaskContext {
  readonly signal: AbortSignal;
  readonly files: TaskFiles;
  /** Tells how far it is. Call it as often as is handy; it is thinned out on the way. */
  progress(progress: { readonly done?: number; readonly text: string }): void;
  /** Writes a file that goes with the reply, into the task's own output folder. Returns its workspace path. */
  artifact(name: string, content: string | AsyncIterable<string | Uint8Array>): Promise<string>;
}

/** The sandbox's files as a task sees them. Paths as in the sandbox: `/workspace/…`, `/sources/…`, or relative. */
export interface TaskFiles {
  /** A file's bytes, in chunks. Rejects when there is none. */
  open(path: string): AsyncIterable<Uint8Array>;
  size(path: string): Promise<number | undefined>;
  /** The files that match a glob, sorted. */
  glob(pattern: string): Promise<readonly string[]>;
}

export interface TaskResult {
  /** What a person should read: CommonMark, the most important thing first, evidence with `file:line`. */
  readonly summary: string;
  /** The same for programs and for follow-up questions. JSON, bounded. */
  readonly data: unknown;
  /** Workspace paths, from `context.artifact`. */
  readonly artifacts: readonly string[];
}
