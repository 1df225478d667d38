import { isOpsthreadError, messageOf } from "../../core/errors.ts";
import type { ExecRequest, ExecutionResult, Running } from "../supervisor/executions.ts";
import { isContainerGone, statusOf } from "./engine-error.ts";
import { engineMessage } from "./engine.ts";
import { captureStream } from "./exec-output.ts";
import { type EngineExec, type ExecPlace, startExec } from "./exec-start.ts";

/** One command that the engine runs. */
export interface ExecRun {
  readonly running: Running;
  /** Settles when it has ended by itself, or has nothing more to say. Never rejects. */
  readonly exited: Promise<void>;
  /** Everything in the container has been killed. */
  gone(reason: string): void;
}

/** What is found in the container after a command has ended. */
export interface Aftermath {
  readonly background: number;
  readonly outOfMemory: boolean;
  /** Why all of the container has to be ended now, if it has to. */
  readonly endBecause?: string;
}

export interface ExecRunOptions {
  readonly place: ExecPlace;
  /** Ends everything in the container, for this reason; {@link ExecRun.gone} follows. */
  readonly endAll: (options: { readonly graceMs: number; readonly reason: string }) => void;
  /** Rejects when the container is gone. */
  readonly lookAfter: (code: number) => Promise<Aftermath>;
  /** When not, everything is being killed, or has been: what is told of an end now may be due to that. */
  readonly isOpen: () => boolean;
}

/** Runs a command by the engine, and keeps it to its limits: whatever has to end it ends all of the container. */
export function runByExec(
  request: ExecRequest,
  { place, endAll, lookAfter, isOpen }: ExecRunOptions,
): ExecRun {
  const { captureBytes, onOutput, onControl } = request;
  const startedAt = performance.now();
  const captures = { stdout: captureStream(captureBytes), stderr: captureStream(captureBytes) };
  let outputLeft = request.outputBytes;
  let exec: EngineExec | undefined;
  /** What is told when everything has been killed. */
  let verdict: Ending | undefined;
  let isSettled = false;
  let settle: (result: ExecutionResult) => void = () => {};
  const result = new Promise<ExecutionResult>((resolve) => {
    settle = resolve;
  });

  const finish = (ending: Ending): void => {
    isSettled = true;
    clearTimeout(timer);
    exec?.close();
    const { stdout, stderr } = captures;
    settle({
      code: 0,
      detail: "",
      background: 0,
      ended: 0,
      wallMs: performance.now() - startedAt,
      ...ending,
      stdout: stdout.captured(),
      stderr: stderr.captured(),
    });
  };
  const end = (ending: Ending, { graceMs, reason }: Parameters<typeof endAll>[0]): void => {
    if (verdict || isSettled) return;
    verdict = ending;
    clearTimeout(timer);
    endAll({ graceMs, reason });
  };
  const timer = setTimeout(
    () =>
      end({ kind: "timeout" }, { graceMs: request.graceMs, reason: killedWith("took too long") }),
    Math.min(request.timeoutMs, 2 ** 31 - 1),
  );

  /** False when there is too much of it. */
  const take = async (stream: "stdout" | "stderr", bytes: Buffer): Promise<boolean> => {
    if (onControl && stream === "stdout") {
      await onControl(bytes);
      return true;
    }
    const allowed = bytes.subarray(0, outputLeft);
    outputLeft -= allowed.length;
    captures[stream].push(allowed);
    if (allowed.length > 0) await onOutput?.(stream, allowed);
    return allowed.length === bytes.length;
  };

  const run = async (): Promise<void> => {
    exec = await startExec(place, request);
    for await (const { stream, bytes } of exec.pieces) {
      // A listener that throws has said so itself: whoever gave it sees to that.
      const mayGoOn = await take(stream, bytes).catch(() => true);
      if (!mayGoOn) {
        end(
          { kind: "limit", detail: "outputBytes" },
          { graceMs: 0, reason: killedWith("printed too much") },
        );
        return;
      }
    }
    const { code, neverRan } = await exec.exit();
    if (!isOpen()) return;
    clearTimeout(timer);
    if (neverRan) return finish({ kind: "failedExec", detail: textOf(captures.stdout) });
    const { background, outOfMemory, endBecause } = await lookAfter(code);
    const ending: Ending = { kind: outOfMemory ? "outOfMemory" : "exit", code, background };
    if (endBecause === undefined) finish(ending);
    else end(ending, { graceMs: 0, reason: endBecause });
  };

  const exited = run().catch((error: unknown) => {
    if (!isOpen()) return;
    // The engine refuses this command, or can't be asked (any more) for any.
    const status = statusOf(error);
    if (status !== undefined && !isContainerGone(error))
      return finish({ kind: "failedExec", detail: engineMessage(error) });
    const isGone = isContainerGone(error) || isOpsthreadError(error, "SANDBOX_LOST");
    const reason = isGone ? endedByItself : `the engine can't be asked: ${messageOf(error)}`;
    end({ kind: "lost", detail: reason }, { graceMs: 0, reason });
  });

  return {
    running: {
      result,
      kill({ graceMs, limit }) {
        const ending: Ending =
          limit === undefined ? { kind: "stopped" } : { kind: "limit", detail: limit };
        const what = limit === undefined ? "was stopped" : `met the limit ${limit}`;
        end(ending, { graceMs, reason: killedWith(what) });
      },
      resize: (columns, rows) => exec?.resize(columns, rows),
      release: () => {},
    },
    exited,
    gone: (reason) => finish(verdict ?? { kind: "lost", detail: reason }),
  };
}

type Ending = Pick<ExecutionResult, "kind"> &
  Partial<Pick<ExecutionResult, "code" | "detail" | "background">>;

/** Why a container is gone which nobody here has ended. */
export const endedByItself = "its container ended";

/** What the others of a container are told when all of it is ended because of one command. */
export const killedWith = (what: string): string =>
  `another command of it ${what}, and the engine can only end all of a sandbox`;

function textOf(capture: ReturnType<typeof captureStream>): string {
  const text = capture.captured().head.toString().trim();
  return text === "" ? "the engine could not start it" : text;
}
