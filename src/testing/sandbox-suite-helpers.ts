import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

import { isOpsthreadError, type ErrorCode } from "../core/errors.ts";
import { Limits, Permissions } from "../sandbox/permissions.ts";
import type {
  ExecOptions,
  ExecResult,
  Sandbox,
  SandboxSpec,
  TaskOptions,
  TaskRun,
} from "../sandbox/sandbox.ts";
import type { SandboxesUnderTest } from "./sandbox-suite.ts";

/** Never aborts. */
export const signal: AbortSignal = new AbortController().signal;

export type Wanted = Partial<Omit<SandboxSpec, "permissions" | "limits">> & {
  readonly permissions?: Partial<Permissions>;
  readonly limits?: Partial<Limits>;
};

/** Opens a sandbox with whatever is not the default. */
export function openSandbox(
  { provider }: SandboxesUnderTest,
  { permissions = {}, limits = {}, ...spec }: Wanted = {},
): Promise<Sandbox> {
  const full = {
    sessionId: "s_suite",
    sources: [],
    permissions: Permissions.parse(permissions),
    limits: Limits.parse(limits),
    ...spec,
  };
  return provider.open(full, { signal });
}

let executions = 0;

/** Runs a command with an execution id of its own. */
export function exec(
  sandbox: Sandbox,
  command: string,
  options: Partial<ExecOptions> = {},
): Promise<ExecResult> {
  return sandbox.exec(command, { signal, executionId: `x_suite_${(executions += 1)}`, ...options });
}

/** Runs a command that must succeed, and returns what it printed. */
export async function output(
  sandbox: Sandbox,
  command: string,
  options: Partial<ExecOptions> = {},
): Promise<string> {
  const { outcome, stdout, stderr } = await exec(sandbox, command, options);
  assert.deepEqual(outcome, { type: "exit", code: 0 }, stderr.text);
  return stdout.text;
}

/** Runs one of the suite's own tasks. */
export function runTask(
  sandbox: Sandbox,
  name: string,
  input: unknown,
  options: Partial<TaskOptions> = {},
): Promise<TaskRun> {
  const module = new URL("./fixtures/sandbox-tasks.js", import.meta.url).href;
  return sandbox.task({ name, module, input }, { signal, executionId: "x_task", ...options });
}

/** What a task returned as its data. */
export function dataOf({ value, error }: TaskRun): unknown {
  assert.equal(error, undefined);
  assert(typeof value === "object" && value !== null && "data" in value);
  return value.data;
}

export const write = (sandbox: Sandbox, path: string, text: string): Promise<unknown> =>
  sandbox.files.write(path, Buffer.from(text), { signal });

/** All of a file's text; undefined when there is none. */
export async function read(sandbox: Sandbox, path: string): Promise<string | undefined> {
  const file = await sandbox.files.export(path, { signal });
  if (!file) return undefined;
  const chunks: Uint8Array[] = [];
  for await (const chunk of file.bytes) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

/** Writes files on the host, below the subject's folder, and returns the folder `name`. */
export async function hostFolder(
  { folder }: SandboxesUnderTest,
  name: string,
  files: Readonly<Record<string, string>>,
): Promise<string> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name, path)), { recursive: true });
    await writeFile(join(folder, name, path), text);
  }
  return join(folder, name);
}

/** Asserts that work is refused with an error of this code. */
export async function refuses(code: ErrorCode, work: () => Promise<unknown>): Promise<void> {
  await assert.rejects(work, (error) => {
    assert(isOpsthreadError(error, code), String(error));
    return true;
  });
}

/** Aborts a little later, and tells how long what was aborted went on. */
export function stopping(afterMs: number): {
  signal: AbortSignal;
  readonly sinceStopMs: () => number;
} {
  const controller = new AbortController();
  let stoppedAt = Number.NaN;
  setTimeout(() => {
    stoppedAt = performance.now();
    controller.abort();
  }, afterMs);
  return { signal: controller.signal, sinceStopMs: () => performance.now() - stoppedAt };
}

/** Long enough for a command that waits, short enough that nobody waits for it. */
export const secondsToStop = 1_000;

/** The lines that `seq 1 last` prints. */
export const numbersTo = (last: number): string =>
  Array.from({ length: last }, (_, index) => `${index + 1}\n`).join("");

/** A stream of these texts, that fails at its end when there is an error. */
export async function* streamOf(
  texts: readonly string[],
  error?: Error,
): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
  if (error) throw error;
}
