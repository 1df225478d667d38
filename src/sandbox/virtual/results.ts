import { measuresOf, type Measured } from "../measures.ts";
import type { Limits } from "../permissions.ts";
import type { Captured, ExecResult, Outcome, TaskRun } from "../sandbox.ts";
import { taskRunOf } from "../task-run.ts";
import type { RunEnd } from "./runner.ts";

/** A run that has ended. */
export interface Run {
  readonly end: RunEnd;
  readonly wallMs: number;
}

interface RunLimits {
  readonly limits: Limits;
  readonly timeoutMs: number;
}

/** What the sandbox says of a command. Nothing is known of what one printed that was ended. */
export function execResult(run: Run, limits: RunLimits): ExecResult {
  // The shell's process ends when it is told to, not by what a command does.
  const end: RunEnd =
    run.end.type === "exited"
      ? { type: "lost", reason: `the shell's process ended with code ${run.end.code}` }
      : run.end;
  const ran = end.type === "done" && end.reply.type === "ran" ? end.reply : undefined;
  const outcome = outcomeOf(end, limits);
  const measures = measuresOf(outcome, measured(run), ran ? [ran.stdout, ran.stderr] : []);
  return { outcome, stdout: ran?.stdout ?? nothing, stderr: ran?.stderr ?? nothing, measures };
}

/** What the sandbox says of a task. */
export function taskRun(run: Run, limits: RunLimits): TaskRun {
  const { end } = run;
  const reply = end.type === "done" && end.reply.type !== "ran" ? end.reply : undefined;
  return taskRunOf(outcomeOf(end, limits), { reply, measured: measured(run) });
}

function outcomeOf(end: RunEnd, { limits, timeoutMs }: RunLimits): Outcome {
  switch (end.type) {
    case "done":
      if (end.reply.type === "returned") return { type: "exit", code: 0 };
      if (end.reply.type === "threw") return { type: "exit", code: 1 };
      if (end.reply.limit !== undefined) return { type: "limit", limit: end.reply.limit };
      return { type: "exit", code: end.reply.exitCode };
    case "timeout":
      return { type: "timeout", limitMs: timeoutMs };
    case "out-of-memory":
      return { type: "out-of-memory", limitBytes: limits.memoryBytes };
    case "exited":
      return { type: "exit", code: end.code };
    case "stopped":
      return { type: "stopped" };
    case "signal":
    case "lost":
      return end;
  }
}

const nothing: Captured = { text: "", bytes: 0 };

const measured = ({ end, wallMs }: Run): Measured => {
  if (end.type !== "done") return { wallMs };
  const { cpuMs, peakMemoryBytes } = end.use;
  return { wallMs, cpuMs, peakMemoryBytes };
};
