import { isOpsthreadError, OpsthreadError } from "../core/errors.ts";
import type { Task, TaskContext } from "../tasks/task.ts";
import type { SandboxFiles, TaskProgram, TaskProgress } from "./sandbox.ts";
import type { Scope } from "./scope.ts";
import { taskFiles } from "./task-files.ts";
import { thinOut } from "./thin-out.ts";

/** What a task's program needs where it runs, whatever isolates it. */
export interface TaskRuntime {
  readonly program: TaskProgram;
  readonly executionId: string;
  /** What the task may read. */
  readonly scope: Scope;
  /** Where its artifacts are written. */
  readonly files: SandboxFiles;
  readonly signal: AbortSignal;
  onProgress(progress: TaskProgress): void;
}

/** How a task's program ended, in a form that crosses a process boundary: `value` is JSON. */
export type TaskReply =
  | { readonly type: "returned"; readonly value: string }
  | { readonly type: "threw"; readonly error: string };

/** Loads the module of a task and runs the task to its end. Never rejects. */
export async function runTask(runtime: TaskRuntime): Promise<TaskReply> {
  const progress = thinOut((told) => runtime.onProgress(told));
  try {
    const task = await loadTask(runtime.program);
    const input = await parseInput(task, runtime.program.input);
    const value = await task.run(
      input,
      contextOf(runtime, (told) => progress.tell(told)),
    );
    return { type: "returned", value: toJson(value) };
  } catch (error) {
    return { type: "threw", error: describe(error).slice(0, maxErrorLength) };
  } finally {
    progress.end();
  }
}

const maxErrorLength = 8_000;
const maxValueLength = 8 * 1024 * 1024;

/** Where the artifacts of an execution lie in the workspace. A repeat of the execution replaces them. */
export const artifactFolder = (executionId: string): string =>
  `.opsthread/tasks/${fileNameOf(executionId)}`;

/** An execution id as a file name. */
export const fileNameOf = (executionId: string): string =>
  encodeURIComponent(executionId).replace(/^\./, "%2E");

async function loadTask({ module, name }: TaskProgram): Promise<Task> {
  if (!module.startsWith("file:"))
    throw new TypeError(
      `Cannot load task "${name}": its module is "${module}", expected a file: URL`,
    );
  const exported: Record<string, unknown> = await import(module);
  const task = Object.values(exported).find((value) => isTask(value) && value.name === name);
  if (isTask(task)) return task;
  throw new OpsthreadError(
    "TASK_NOT_FOUND",
    `Cannot run task "${name}": "${module}" exports no task of this name`,
  );
}

function isTask(value: unknown): value is Task {
  if (typeof value !== "object" || value === null) return false;
  return "run" in value && typeof value.run === "function" && "name" in value && "input" in value;
}

async function parseInput(task: Task, input: unknown): Promise<unknown> {
  const parsed = await task.input.safeParseAsync(input);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map(
    ({ path, message }) => `${path.map(String).join(".") || "input"}: ${message}`,
  );
  throw new OpsthreadError(
    "TASK_INPUT_INVALID",
    `Cannot run task "${task.name}": ${issues.join("; ")}`,
  );
}

function contextOf(
  { scope, files, executionId, signal }: TaskRuntime,
  progress: TaskContext["progress"],
): TaskContext {
  return {
    signal,
    files: taskFiles(scope, { signal }),
    progress,
    async artifact(name, content) {
      if (!/^[^./\\\p{Cc}][^/\\\p{Cc}]{0,99}$/u.test(name))
        throw new OpsthreadError(
          "SANDBOX_PATH_REFUSED",
          `Cannot write artifact "${name}": it is no plain file name of at most 100 characters`,
        );
      const path = `${artifactFolder(executionId)}/${name}`;
      await files.write(path, toBytes(content), { signal });
      return path;
    },
  };
}

async function* toBytes(
  content: string | AsyncIterable<string | Uint8Array>,
): AsyncGenerator<Uint8Array> {
  if (typeof content === "string") yield Buffer.from(content);
  else
    for await (const chunk of content) yield typeof chunk === "string" ? Buffer.from(chunk) : chunk;
}

function toJson(value: unknown): string {
  const json = JSON.stringify(value) ?? "null";
  if (json.length <= maxValueLength) return json;
  throw new OpsthreadError(
    "TASK_FAILED",
    `Cannot return the result: it has ${json.length} characters as JSON, expected at most ${maxValueLength}`,
  );
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (isOpsthreadError(error)) return `${error.code}: ${error.message}`;
  return error.name === "Error" ? error.message : `${error.name}: ${error.message}`;
}
