import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

import { isOpsthreadError } from "../../core/errors.ts";
import { outOfMemoryMark } from "../guard.ts";
import type { Measured } from "../measures.ts";
import type { Limits, Permissions } from "../permissions.ts";
import type { Place } from "../places.ts";
import type { Captured, Outcome, TaskOptions, TaskProgram, TaskRun } from "../sandbox.ts";
import { isHeapExhausted, notUnderstood, taskRunOf } from "../task-run.ts";
import { thinOut } from "../thin-out.ts";
import { prepareNodeRuntime } from "./node-runtime.ts";
import type { TaskRequest } from "./protocol.ts";
import { controlReader } from "./read-lines.ts";
import { packageRootOf, taskCode } from "./task-code.ts";

/** Runs tasks inside real sandboxes, whatever is in their images: it brings along Node and the tasks' code. */
export interface TaskHost {
  /** What each sandbox must show, read-only. */
  readonly mounts: readonly { readonly hostPath: string; readonly path: string }[];
  /** Runs a task to its end. A task that fails in any way is a result, not an error. */
  run(program: TaskProgram, options: TaskOptions, inside: TaskPlace): Promise<TaskRun>;
  /** Removes code that no task has needed within this time. */
  prune(options: { readonly unusedMs: number }): Promise<void>;
}

/** The sandbox that a task is to run in. */
export interface TaskPlace {
  readonly run: RunProgram;
  /** `/workspace`, and each source as `/sources/<name>` with its `include`, as paths of the sandbox. */
  readonly places: readonly Omit<Place, "hostPath">[];
  readonly permissions: Pick<Permissions, "read" | "write">;
  readonly limits: Limits;
  /** What the workspace takes; measured inside, when a task writes its first artifact, if it is not given. */
  readonly usedBytes?: number;
  /** Nothing else keeps the process to the memory limit (no cgroup), so that it must watch itself. */
  readonly watchMemory?: boolean;
}

/**
 * Runs a program in a sandbox to its end. When `signal` aborts, it is dead before this settles, with the outcome
 * `stopped`.
 */
export type RunProgram = (request: ProgramRequest) => Promise<ProgramEnd>;

export interface ProgramRequest {
  readonly executionId: string;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** All of its stdin. */
  readonly stdin: string;
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  /** Told what it writes on file descriptor 3, all of it before the end is told. Never throws. */
  onControl(bytes: Uint8Array): void;
}

export interface ProgramEnd {
  readonly outcome: Outcome;
  readonly stderr: Captured;
  readonly measured: Measured;
}

const nodePath = "/opsthread/node";
const codePath = "/opsthread/code";

/**
 * Makes ready what is brought into sandboxes.
 * @throws {OpsthreadError} `SANDBOX_UNSUPPORTED` when this process's Node can't be brought along
 */
export async function prepareTaskHost({
  folder,
}: {
  /** Host folder for this alone. */
  readonly folder: string;
}): Promise<TaskHost> {
  const frameworkRoot = await packageRootOf(fileURLToPath(import.meta.url));
  const code = taskCode({ folder: join(folder, "tasks"), frameworkRoot });
  const runner = new URL("./runner.js", import.meta.url).href;
  const [node] = await Promise.all([
    prepareNodeRuntime({ folder: join(folder, "node") }),
    code.stage(runner),
  ]);
  return {
    mounts: [
      { hostPath: node.folder, path: nodePath },
      { hostPath: code.folder, path: codePath },
    ],
    prune: (options) => code.prune(options),
    async run(program, options, inside) {
      if (options.signal.aborted) return ended({ type: "stopped" });
      const staged = await stagedOrError(() =>
        Promise.all([code.stage(runner), code.stage(moduleOf(program))]),
      );
      if (typeof staged === "string")
        return taskRunOf(
          { type: "exit", code: 1 },
          { reply: { type: "threw", error: staged }, measured: { wallMs: 0 } },
        );
      const [{ entry }, task] = staged;
      const module = pathToFileURL(`${codePath}/${task.entry}`).href;
      const argv = [
        ...node.argv(nodePath),
        `--max-old-space-size=${heapMiB(inside.limits)}`,
        `${codePath}/${entry}`,
      ];
      return runProgram({ ...program, module }, options, { ...inside, argv });
    },
  };
}

function moduleOf({ name, module }: TaskProgram): string {
  if (module.startsWith("file:")) return module;
  throw new TypeError(
    `Cannot load task "${name}": its module is "${module}", expected a file: URL`,
  );
}

/** What is wrong with the task itself is told as what it threw. */
async function stagedOrError<T>(stage: () => Promise<T>): Promise<T | string> {
  try {
    return await stage();
  } catch (error) {
    if (isOpsthreadError(error, "TASK_NOT_FOUND")) return `${error.code}: ${error.message}`;
    if (error instanceof TypeError) return `${error.name}: ${error.message}`;
    throw error;
  }
}

/** The rest is for the interpreter itself and what lies outside of its heap. */
const heapMiB = ({ memoryBytes }: Limits): number =>
  Math.max(32, Math.floor((memoryBytes / 2 ** 20) * 0.75));

const ended = (outcome: Outcome): TaskRun =>
  taskRunOf(outcome, { reply: undefined, measured: { wallMs: 0 } });

async function runProgram(
  program: TaskProgram,
  options: TaskOptions,
  { argv, run, limits, ...place }: TaskPlace & { readonly argv: readonly string[] },
): Promise<TaskRun> {
  const { signal, executionId, timeoutMs = limits.taskMs } = options;
  const breaking = new AbortController();
  let thrown: { readonly error: unknown } | undefined;
  const progress = thinOut((told) => {
    try {
      if (!thrown) options.onProgress?.(told);
    } catch (error) {
      thrown = { error };
      breaking.abort(); // Thrown from here, it would end this process.
    }
  });
  const reader = controlReader({
    onProgress: (told) => progress.tell(told),
    onBroken: () => breaking.abort(),
    now: () => performance.now(),
  });
  const request: TaskRequest = {
    program,
    executionId,
    places: place.places.map((some) => ({ ...some, hostPath: some.path })),
    grants: { read: place.permissions.read, write: place.permissions.write },
    limits: { fileBytes: limits.fileBytes, workspaceBytes: limits.workspaceBytes },
    ...(place.usedBytes !== undefined && { usedBytes: place.usedBytes }),
    ...(place.watchMemory === true && { memoryBytes: limits.memoryBytes }),
  };
  const end = await run({
    executionId,
    argv,
    env: {},
    cwd: "/",
    stdin: JSON.stringify(request),
    signal: AbortSignal.any([signal, breaking.signal]),
    timeoutMs: Math.min(timeoutMs, limits.taskMs),
    onControl: (bytes) => reader.push(bytes),
  }).finally(() => progress.end());
  if (thrown) throw thrown.error;
  const outcome: Outcome = reader.isBroken
    ? { type: "lost", reason: notUnderstood }
    : outcomeOf(end, limits);
  return taskRunOf(outcome, { reply: reader.reply, measured: end.measured });
}

function outcomeOf({ outcome, stderr }: ProgramEnd, { memoryBytes }: Limits): Outcome {
  const isOver =
    stderr.text.includes(outOfMemoryMark) ||
    (outcome.type === "exit" && isHeapExhausted({ code: outcome.code }, stderr.text)) ||
    (outcome.type === "signal" && isHeapExhausted({ signal: outcome.signal }, stderr.text));
  return isOver ? { type: "out-of-memory", limitBytes: memoryBytes } : outcome;
}
