import { abortable } from "../../core/abort.ts";
import { OpsthreadError } from "../../core/errors.ts";
import type { TaskProgress } from "../sandbox.ts";
import { notUnderstood } from "../task-run.ts";
import {
  FromRunner,
  type RunnerReply,
  type RunnerRequest,
  type RunnerSetup,
  type Use,
} from "./protocol.ts";
import { spawnRunner, type Ended, type RunnerProcess } from "./runner-spawn.ts";

/** A process of its own, ready for what nobody trusts. */
export interface Runner {
  /** Whether it lives and may be given more to do. */
  readonly usable: boolean;
  /** Runs one request. When time is up or the signal aborts, the process is dead before this settles. */
  run(request: RunnerRequest, options: RunOptions): Promise<RunEnd>;
  /** Kills it. */
  close(): Promise<void>;
}

export interface RunOptions {
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  readonly onProgress?: ((progress: TaskProgress) => void) | undefined;
}

export type RunEnd =
  | { readonly type: "done"; readonly reply: RunnerReply; readonly use: Use }
  | { readonly type: "timeout" | "stopped" }
  | Ended;

/**
 * Starts a runner and waits until it is ready.
 * @throws {OpsthreadError} `SANDBOX_LOST` when it can't be started
 */
export async function startRunner(
  setup: RunnerSetup,
  { signal }: { readonly signal: AbortSignal },
): Promise<Runner> {
  signal.throwIfAborted();
  const runner = spawnRunner(setup.limits);
  try {
    await abortable(ready(runner, setup), signal);
  } catch (error) {
    await runner.kill();
    throw error;
  }
  runner.keepAlive(false);
  let usable = true;
  return {
    get usable() {
      return usable && runner.alive;
    },
    async run(request, options) {
      runner.keepAlive(true);
      let end: RunEnd | undefined;
      try {
        end = await endOf(runner, request, options);
        return end;
      } finally {
        usable &&= end?.type === "done" && end.use.reusable;
        if (end?.type === "done") runner.keepAlive(false);
        else await runner.kill();
      }
    },
    close: () => runner.kill(),
  };
}

async function ready(runner: RunnerProcess, setup: RunnerSetup): Promise<void> {
  const told = await new Promise<unknown>((resolve) => {
    runner.child.once("message", resolve);
    void runner.ended.then(resolve);
    runner.send({ type: "setup", setup });
  });
  if (FromRunner.safeParse(told).data?.type === "ready") return;
  throw new OpsthreadError(
    "SANDBOX_LOST",
    `Cannot start a sandbox's process: ${JSON.stringify(told)}, expected it to be ready`,
  );
}

async function endOf(
  runner: RunnerProcess,
  request: RunnerRequest,
  { signal, timeoutMs, onProgress }: RunOptions,
): Promise<RunEnd> {
  let cleanUp = (): void => {};
  try {
    return await new Promise<RunEnd>((resolve, reject) => {
      const stop = (): void => resolve({ type: "stopped" });
      const listen = (message: unknown): void => {
        const { data: told } = FromRunner.safeParse(message);
        if (told?.type === "done") return resolve(told);
        if (told?.type !== "progress") return resolve({ type: "lost", reason: notUnderstood });
        try {
          onProgress?.(told.progress);
        } catch (error) {
          reject(error); // Thrown from here, it would end this process.
        }
      };
      const timer = setTimeout(() => resolve({ type: "timeout" }), Math.min(timeoutMs, maxTimerMs));
      runner.child.on("message", listen);
      signal.addEventListener("abort", stop, { once: true });
      cleanUp = () => {
        clearTimeout(timer);
        runner.child.off("message", listen);
        signal.removeEventListener("abort", stop);
      };
      void runner.ended.then(resolve);
      if (signal.aborted) stop();
      else runner.send(request);
    });
  } finally {
    cleanUp();
  }
}

const maxTimerMs = 2 ** 31 - 1;
