import { constants } from "node:os";

import { shownOutput } from "../../core/output.ts";
import { type Measured, measuresOf } from "../measures.ts";
import type { Captured, ExecResult, Outcome } from "../sandbox.ts";
import type { CapturedStream, ExecutionResult } from "../supervisor/executions.ts";
import type { CellEnd } from "./cell.ts";

export interface ResultContext {
  readonly memoryBytes: number;
  readonly timeoutMs: number;
  readonly shownBytes: number;
  /** Sandbox path without `.stdout` or `.stderr`. */
  readonly spillPath: string;
}

/** What the sandbox says of a command, from what its supervisor said. */
export function execResultOf(result: ExecutionResult, context: ResultContext): ExecResult {
  const outcome = outcomeOf(result, context);
  const stdout = captured(result.stdout, ".stdout", context);
  const stderr =
    result.kind === "failedExec"
      ? textOf(failedExecText(result))
      : captured(result.stderr, ".stderr", context);
  return {
    outcome,
    stdout,
    stderr,
    measures: measuresOf(outcome, measuredOf(result), [stdout, stderr]),
    ...(result.background > 0 && { background: result.background }),
  };
}

export function outcomeOf(
  { kind, code, detail }: ExecutionResult,
  { memoryBytes, timeoutMs }: Pick<ResultContext, "memoryBytes" | "timeoutMs">,
): Outcome {
  switch (kind) {
    case "exit":
      return { type: "exit", code };
    case "signal":
      return { type: "signal", signal: signalName(code) };
    case "timeout":
      return { type: "timeout", limitMs: timeoutMs };
    case "outOfMemory":
      return { type: "out-of-memory", limitBytes: memoryBytes };
    case "stopped":
      return { type: "stopped" };
    case "limit":
      return { type: "limit", limit: detail };
    case "failedExec":
      // What a shell says of a command that it can't start.
      return { type: "exit", code: code === constants.errno.ENOENT ? 127 : 126 };
    case "lost":
      return { type: "lost", reason: detail };
  }
}

/** The end of a command whose cell ended under it. */
export function lostIn({ reason, outOfMemory }: CellEnd, result: ExecutionResult): ExecutionResult {
  return outOfMemory ? { ...result, kind: "outOfMemory" } : { ...result, detail: reason };
}

export function measuredOf({ kind, wallMs, cpuMs, peakMemoryBytes }: ExecutionResult): Measured {
  const hasRun = kind !== "lost" && kind !== "failedExec";
  return {
    wallMs,
    ...(hasRun && cpuMs !== undefined && { cpuMs }),
    ...(hasRun && peakMemoryBytes !== undefined && { peakMemoryBytes }),
  };
}

/** A result without output or measures. */
export function bareResult(outcome: Outcome): ExecResult {
  const nothing = { text: "", bytes: 0 };
  return {
    outcome,
    stdout: nothing,
    stderr: nothing,
    measures: measuresOf(outcome, { wallMs: 0 }),
  };
}

/** What a shell would say that could not run the command. */
export function notRun(code: 126 | 127, text: string): ExecResult {
  const outcome: Outcome = { type: "exit", code };
  const stderr = textOf(text);
  return {
    outcome,
    stdout: { text: "", bytes: 0 },
    stderr,
    measures: measuresOf(outcome, { wallMs: 0 }, [stderr]),
  };
}

const textOf = (text: string): Captured => ({ text, bytes: Buffer.byteLength(text) });

export function captured(
  { head, tail, bytes, spill }: CapturedStream,
  suffix: string,
  { shownBytes, spillPath }: Pick<ResultContext, "shownBytes" | "spillPath">,
): Captured {
  const { text, complete } = shownOutput({ head, tail, bytes, shownBytes });
  const isWhole = !complete && spill === "whole";
  return { text, bytes, ...(isWhole && { file: `${spillPath}${suffix}` }) };
}

function failedExecText({ code, detail }: ExecutionResult): string {
  const name = Object.entries(constants.errno).find(([, number]) => number === code)?.[0];
  return `Cannot run: ${detail}${name === undefined ? "" : ` (${name})`}\n`;
}

function signalName(number: number): string {
  const found = Object.entries(constants.signals).find(([, value]) => value === number);
  return found?.[0] ?? `signal ${number}`;
}
