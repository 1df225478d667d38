import { posix } from "node:path";

import { linkedController } from "../../core/abort.ts";
import { OpsthreadError } from "../../core/errors.ts";
import { createLock } from "../lock.ts";
import { workspacePath, type Place } from "../places.ts";
import { createQuota, measureTree, type Quota } from "../quota.ts";
import { createReach } from "../reach.ts";
import type { Sandbox, SandboxSpec } from "../sandbox.ts";
import { trimOutputs } from "../trim-outputs.ts";
import { whileOpen } from "../while-open.ts";
import { workspaceFiles } from "../workspace-files.ts";
import type { RunnerRequest, RunnerSetup } from "./protocol.ts";
import { execResult, taskRun, type Run } from "./results.ts";
import { startRunner, type Runner, type RunOptions } from "./runner.ts";

/** A sandbox over places that are there. Nothing runs in it until it is used. */
export function openSandbox(
  spec: SandboxSpec,
  { places, onClose }: { readonly places: readonly Place[]; readonly onClose: () => void },
): Sandbox {
  const { sessionId, permissions, limits } = spec;
  const reach = createReach(places);
  const closing = new AbortController();
  const lock = createLock();
  const running = new Set<Promise<unknown>>();
  let shell: Runner | undefined;
  let counted: Promise<Quota> | undefined;

  const assertOpen = (): void => {
    if (!closing.signal.aborted) return;
    throw new OpsthreadError(
      "SANDBOX_CLOSED",
      `Cannot use the sandbox of session "${sessionId}": it is closed, expected it open`,
    );
  };

  const workspace = places.find(({ path }) => path === workspacePath);
  const measure = async (): Promise<Quota> =>
    createQuota(limits, workspace ? await measureTree(workspace.hostPath) : 0);
  const quota = (): Promise<Quota> => {
    counted ??= measure();
    // What could not be measured now may be measured next time.
    counted.catch(() => {
      counted = undefined;
    });
    return counted;
  };

  const setup = (kind: RunnerSetup["kind"]): RunnerSetup => ({
    kind,
    places,
    limits,
    grants: { read: permissions.read, write: permissions.write },
    env: { ...baseEnv, ...permissions.env },
  });

  /** Runs a request alone: the limits are those of the sandbox, and the workspace is counted by one at a time. */
  const runAlone = async (
    start: (signal: AbortSignal) => Promise<Runner>,
    request: (usedBytes: number) => RunnerRequest,
    options: RunOptions,
  ): Promise<Run> => {
    using linked = linkedController(options.signal, closing.signal);
    const { signal } = linked.controller;
    let free = (): void => {};
    try {
      free = await lock.acquire({ signal });
      const { usedBytes } = await quota();
      const runner = await start(signal);
      const startedAt = performance.now();
      const end = await runner.run(request(usedBytes), { ...options, signal });
      const wallMs = performance.now() - startedAt;
      if (end.type === "done") (await quota()).release(usedBytes - end.use.usedBytes);
      else counted = undefined;
      return { end, wallMs };
    } catch (error) {
      if (signal.aborted) return { end: { type: "stopped" }, wallMs: 0 };
      throw error;
    } finally {
      free();
    }
  };

  const tracked = async <T>(work: Promise<T>): Promise<T> => {
    running.add(work);
    try {
      return await work;
    } finally {
      running.delete(work);
    }
  };

  const close = async (): Promise<void> => {
    closing.abort();
    await Promise.allSettled(running);
    await shell?.close();
    onClose();
  };

  return {
    sessionId,
    get isAlive() {
      return shell?.usable === true;
    },

    async exec(command, options) {
      assertOpen();
      const { executionId, stdin = "", shownBytes = limits.shownBytes, env = {} } = options;
      if (typeof stdin !== "string" || options.isService === true) throw noPrograms();
      const timeoutMs = Math.min(options.timeoutMs ?? limits.commandMs, limits.commandMs);
      const cwd = posix.resolve(workspacePath, options.cwd ?? ".");
      const warm = async (signal: AbortSignal): Promise<Runner> => {
        if (!shell?.usable) {
          await shell?.close();
          shell = await startRunner(setup("shell"), { signal });
        }
        return shell;
      };
      const run = await tracked(
        runAlone(
          warm,
          (usedBytes) => ({
            type: "exec",
            command,
            executionId,
            cwd,
            env,
            stdin,
            shownBytes,
            usedBytes,
          }),
          { signal: options.signal, timeoutMs },
        ),
      );
      const result = execResult(run, { limits, timeoutMs });
      if (result.stdout.file !== undefined || result.stderr.file !== undefined) {
        if (workspace) await trimOutputs(workspace.hostPath, limits);
        counted = undefined;
      }
      return result;
    },

    async attach() {
      assertOpen();
      return undefined;
    },

    async executions() {
      assertOpen();
      return [];
    },

    async usage() {
      assertOpen();
      const { usedBytes } = await quota();
      const { workspaceBytes } = limits;
      return { workspaceBytes: usedBytes, workspaceLimitBytes: workspaceBytes, quota: "watched" };
    },

    async task(program, options) {
      assertOpen();
      const { signal, executionId } = options;
      const timeoutMs = Math.min(options.timeoutMs ?? limits.taskMs, limits.taskMs);
      let host: Runner | undefined;
      const fresh = async (starting: AbortSignal): Promise<Runner> => {
        host = await startRunner(setup("task"), { signal: starting });
        return host;
      };
      try {
        const run = await tracked(
          runAlone(fresh, (usedBytes) => ({ type: "task", program, executionId, usedBytes }), {
            signal,
            timeoutMs,
            onProgress: (progress) => options.onProgress?.(progress),
          }),
        );
        return taskRun(run, { limits, timeoutMs });
      } finally {
        await host?.close();
      }
    },

    files: whileOpen(workspaceFiles(reach, { quota }), assertOpen),
    close,
    detach: close,
    [Symbol.asyncDispose]: close,
  };
}

const noPrograms = (): OpsthreadError =>
  new OpsthreadError(
    "SANDBOX_UNSUPPORTED",
    "Cannot talk to a program: this sandbox is an interpreter, expected one with real programs",
  );

const baseEnv = { PATH: "/usr/bin:/bin", HOME: workspacePath, LC_CTYPE: "C.UTF-8" };
