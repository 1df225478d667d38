import { posix } from "node:path";

import { Stopped } from "../../core/abort.ts";
import { OpsthreadError } from "../../core/errors.ts";
import { workspacePath } from "../places.ts";
import type { ExecOptions, ExecResult, Sandbox, SandboxFiles, SandboxSpec } from "../sandbox.ts";
import type { ExecRequest, ExecutionResult, Running } from "../supervisor/executions.ts";
import type { RunProgram, TaskHost } from "../task-host/task-host.ts";
import { fileNameOf } from "../task-runtime.ts";
import { whileOpen } from "../while-open.ts";
import type { Cell } from "./cell.ts";
import { keepCell } from "./keep-cell.ts";
import {
  bareResult,
  captured,
  execResultOf,
  lostIn,
  measuredOf,
  notRun,
  outcomeOf,
} from "./results.ts";
import { simpleCommand } from "./simple-command.ts";
import { watchStdin } from "./watch-stdin.ts";

/** What a driver gives a sandbox besides its spec. */
export interface SupervisedParts {
  readonly files: SandboxFiles;
  readonly usage: Sandbox["usage"];
  /** Takes away what commands have printed long ago. Never rejects. */
  readonly trimOutputs: () => Promise<void>;
  /** Calls `onLimit` when the files of the workspace meet a limit, until it is disposed. */
  readonly watch: (onLimit: (limit: string) => void) => AsyncDisposable;
  readonly firstCell: Cell;
  /** Starts another one when it was lost. */
  readonly startCell: (options: { readonly signal: AbortSignal }) => Promise<Cell>;
  /** Environment that a cell needs besides the usual, such as the proxy's address. */
  readonly cellEnv: (cell: Cell) => Promise<Readonly<Record<string, string>>>;
  readonly tasks: Pick<TaskHost, "run">;
  /** Frees what was opened for the sandbox, after its cell has ended or was let go of. */
  readonly release: (options: { readonly detached: boolean }) => Promise<void>;
}

/** A sandbox of any driver whose environments have a supervisor in them. */
export function supervisedSandbox(spec: SandboxSpec, parts: SupervisedParts): Sandbox {
  const { sessionId, permissions, limits } = spec;
  const cells = keepCell(parts.firstCell, parts.startCell);
  const onlyFiles = restriction(spec);
  let ending: Promise<void> | undefined;
  let isDetached = false;

  const assertOpen = (): void => {
    if (ending === undefined) return;
    throw new OpsthreadError(
      "SANDBOX_CLOSED",
      `Cannot use the sandbox of session "${sessionId}": it is closed, expected it open`,
    );
  };

  const envOf = async (cell: Cell, own: ExecOptions["env"]): Promise<Record<string, string>> => ({
    ...baseEnv,
    ...(cell.connection.shell !== undefined && { SHELL: cell.connection.shell }),
    ...permissions.env,
    ...(await parts.cellEnv(cell)),
    ...own,
  });

  /** Waits for the end of what runs, sees that it comes when it must, and tells how. */
  const settle = async (
    cell: Cell,
    running: Running,
    { signal, mayGoOn = true }: { readonly signal: AbortSignal; readonly mayGoOn?: boolean },
  ): Promise<ExecutionResult> => {
    let abandon: (reason: unknown) => void = () => {};
    const left = new Promise<never>((_, reject) => {
      abandon = reject;
    });
    const onAbort = (): void => {
      if (mayGoOn && goesOn(signal)) abandon(signal.reason);
      else running.kill({ graceMs: stopGraceMs });
    };
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    const watch = parts.watch((limit) => running.kill({ graceMs: 0, limit }));
    try {
      const result = await Promise.race([running.result, left]);
      running.release();
      if (result.kind !== "lost" || cell.connection.isOpen) return result;
      if (isDetached && mayGoOn) throw new Stopped("shutdown");
      if (ending !== undefined || signal.aborted) return { ...result, kind: "stopped" };
      return lostIn(await cell.gone, result);
    } finally {
      signal.removeEventListener("abort", onAbort);
      await watch[Symbol.asyncDispose]();
    }
  };

  const requestOf = (options: {
    readonly cell: Cell;
    readonly executionId: string;
    readonly shownBytes: number;
    readonly timeoutMs: number;
    readonly isService?: boolean;
  }): Omit<ExecRequest, "argv" | "env" | "cwd"> => ({
    executionId: options.executionId,
    timeoutMs: options.timeoutMs,
    graceMs: timeoutGraceMs,
    captureBytes: options.shownBytes,
    outputBytes: limits.outputBytes,
    fileBytes: limits.fileBytes,
    openFiles: limits.openFiles,
    background: limits.backgroundProcesses,
    spillFolder: options.isService === true ? "" : posix.join(workspacePath, spillFolder),
    ...(options.cell.isUnbounded === true && { processes: limits.pids + ownProcesses }),
    ...(onlyFiles && { onlyFiles }),
  });

  const resultContext = (executionId: string, shownBytes: number, timeoutMs: number) => ({
    memoryBytes: limits.memoryBytes,
    timeoutMs,
    shownBytes,
    spillPath: `${spillFolder}/${fileNameOf(executionId)}`,
  });

  /** A long command does not fit a request, nor an argument. */
  const shellArgs = async (command: string, executionId: string, signal: AbortSignal) => {
    if (Buffer.byteLength(command) <= maxArgumentBytes) return ["-c", command];
    const path = `.opsthread/commands/${fileNameOf(executionId)}.sh`;
    await parts.files.write(path, Buffer.from(command), { signal });
    return [posix.join(workspacePath, path)];
  };

  /** Undefined when it was stopped or closed while it waited. */
  const cellUnlessStopped = async (signal: AbortSignal): Promise<Cell | undefined> => {
    try {
      return await cells.get({ signal });
    } catch (error) {
      if ((signal.aborted && !goesOn(signal)) || ending !== undefined) return undefined;
      throw error;
    }
  };

  /** Ends what an earlier host left running, or unasked for, under this id. */
  const endEarlier = async ({ connection }: Cell, executionId: string): Promise<void> => {
    const earlier = await connection.adopt(executionId);
    if (!earlier) return;
    earlier.kill({ graceMs: 0 });
    await earlier.result;
    earlier.release();
  };

  const exec = async (command: string, options: ExecOptions): Promise<ExecResult> => {
    assertOpen();
    const { signal: outer, executionId, isService = false, onOutput } = options;
    if (outer.aborted) return bareResult({ type: "stopped" });
    const shownBytes = isService ? 0 : (options.shownBytes ?? limits.shownBytes);
    const longestMs = isService ? limits.lifetimeMs : limits.commandMs;
    const timeoutMs = Math.min(options.timeoutMs ?? longestMs, longestMs);
    const { stdin, signal, failure } = watchStdin(options.stdin, outer);
    const cell = await cellUnlessStopped(signal);
    if (!cell) return bareResult({ type: "stopped" });
    if (isService) await endEarlier(cell, executionId);
    const cwd = posix.resolve(workspacePath, options.cwd ?? ".");
    const env = { ...(await envOf(cell, options.env)), PWD: cwd };
    const run = async (argv: readonly string[]): Promise<ExecutionResult> => {
      const running = cell.connection.exec({
        ...requestOf({ cell, executionId, shownBytes, timeoutMs, isService }),
        argv,
        env,
        cwd,
        ...(stdin !== undefined && { stdin }),
        ...(options.terminal && { terminal: options.terminal }),
        ...(onOutput && { onOutput }),
      });
      return settle(cell, running, { signal });
    };
    const { shell, knowsStarts } = cell.connection;
    // A second try would not find what the first has read of a stream.
    const mayTry = knowsStarts && (stdin === undefined || typeof stdin === "string");
    const words = mayTry ? simpleCommand(command, env) : undefined;
    let result = words && (await run(words));
    // What can't be started, a shell may still know how to run, or say best why not.
    if (!result || result.kind === "failedExec") {
      if (shell === undefined)
        return notRun(
          127,
          "This image has neither bash nor sh; run tasks, or choose another image\n",
        );
      result = await run([shell, ...(await shellArgs(command, executionId, signal))]);
    }
    const failed = failure();
    if (failed) throw failed.error;
    const told = execResultOf(result, resultContext(executionId, shownBytes, timeoutMs));
    if (told.stdout.file !== undefined || told.stderr.file !== undefined) await parts.trimOutputs();
    return told;
  };

  /** A task's program. It is ended with its process: a task runs again from its beginning. */
  const runProgram: RunProgram = async (request) => {
    const { signal, executionId, timeoutMs, argv, env, cwd, stdin } = request;
    const cell = await cellUnlessStopped(signal);
    if (!cell) {
      const { outcome, stderr } = bareResult({ type: "stopped" });
      return { outcome, stderr, measured: { wallMs: 0 } };
    }
    await endEarlier(cell, executionId);
    const running = cell.connection.exec({
      ...requestOf({ cell, executionId, shownBytes: limits.shownBytes, timeoutMs }),
      argv,
      env,
      cwd,
      stdin,
      background: 0,
      onControl: (bytes) => request.onControl(bytes),
    });
    const result = await settle(cell, running, { signal, mayGoOn: false });
    const context = resultContext(executionId, limits.shownBytes, timeoutMs);
    return {
      outcome: outcomeOf(result, context),
      stderr: captured(result.stderr, ".stderr", context),
      measured: measuredOf(result),
    };
  };

  const leave = async (go: (cell: Cell) => Promise<void> | void): Promise<void> => {
    try {
      await cells.close(go);
    } finally {
      const isTakenOver = cells.current?.connection.isTakenOver === true;
      await parts.release({ detached: isDetached || isTakenOver });
    }
  };

  const close = (): Promise<void> => {
    ending ??= leave((cell) => cell.end());
    return ending;
  };

  return {
    sessionId,
    get isAlive() {
      return ending === undefined && cells.current?.connection.isOpen === true;
    },
    exec,

    async attach(executionId, { signal }) {
      assertOpen();
      const cell = await cells.get({ signal });
      const running = await cell.connection.adopt(executionId);
      if (!running) return undefined;
      const result = await settle(cell, running, { signal });
      const { shownBytes, commandMs } = limits;
      return execResultOf(result, resultContext(executionId, shownBytes, commandMs));
    },

    async executions() {
      assertOpen();
      const cell = cells.current;
      if (!cell?.connection.isOpen) return [];
      return (await cell.connection.list()).map(({ executionId, ended, ageMs }) => ({
        executionId,
        state: ended ? "ended" : "running",
        ageMs,
      }));
    },

    async task(program, options) {
      assertOpen();
      return parts.tasks.run(program, options, {
        run: runProgram,
        places: [
          { path: workspacePath, writable: true },
          ...spec.sources.map(({ name, include }) => ({
            path: `/sources/${name}`,
            writable: false,
            ...(include && { include }),
          })),
        ],
        permissions,
        limits,
        watchMemory: cells.current?.isUnbounded === true,
      });
    },

    files: whileOpen(parts.files, assertOpen),

    async usage() {
      assertOpen();
      return parts.usage();
    },

    async detach() {
      isDetached = true;
      ending ??= leave((cell) => cell.detach());
      await ending;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

const baseEnv = {
  PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  HOME: workspacePath,
  // The rest of the locale is C's, as in C.UTF-8: with LANG every program would look for a dozen files to learn that.
  LC_CTYPE: "C.UTF-8",
  TMPDIR: "/tmp",
};

/** What holds the sandbox together and counts as well where the kernel counts by user. */
const ownProcesses = 16;
const spillFolder = ".opsthread/output";
/** Stop is to be done within a second, all in all. */
const stopGraceMs = 250;
const timeoutGraceMs = 1_000;
/** Linux takes 128 KiB in one argument; a request carries 64 KiB. https://man7.org/linux/man-pages/man2/execve.2.html */
const maxArgumentBytes = 32 * 1024;

/** The process ends or another has the session now: what runs is not to end, and will be attached to. */
const goesOn = ({ aborted, reason }: AbortSignal): boolean =>
  aborted && reason instanceof Stopped && (reason.by === "shutdown" || reason.by === "lease-lost");

/** Paths for Landlock, when not all of the workspace and the sources is granted. */
export function restriction({
  permissions: { read, write },
}: Pick<SandboxSpec, "permissions">): ExecRequest["onlyFiles"] | undefined {
  const everything =
    read.includes(workspacePath) && read.includes("/sources") && write.includes(workspacePath);
  return everything ? undefined : { read, write };
}
