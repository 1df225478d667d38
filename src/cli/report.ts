import { OpsthreadError } from "../core/errors.ts";
import type { Outcome, TaskRun } from "../sandbox/sandbox.ts";

/** What `opsthread run … --json` prints. */
export interface Report {
  readonly task: string;
  readonly outcome: Outcome;
  readonly summary: string;
  readonly data: unknown;
  /** Paths of the saved files, with `--out`. */
  readonly artifacts: readonly string[];
  readonly measures: TaskRun["measures"];
}

/**
 * Prints a finished task's result.
 * @throws {OpsthreadError} `TASK_FAILED` when it did not come to its end
 */
export function printReport({
  task,
  run,
  artifacts,
  json,
  outside,
}: {
  readonly task: string;
  readonly run: TaskRun;
  readonly artifacts: readonly string[];
  readonly json: boolean;
  /** Names files as the person did. */
  readonly outside: (text: string) => string;
}): Report {
  const { outcome, measures } = run;
  if (outcome.type !== "exit" || outcome.code !== 0) {
    const why = run.error ?? JSON.stringify(outcome);
    throw new OpsthreadError("TASK_FAILED", `Cannot finish "${task}": ${outside(why)}`, {
      data: { outcome },
    });
  }
  const { summary, data } = resultOf(run.value);
  const report = { task, outcome, summary, data, artifacts, measures };
  if (json) console.log(outside(JSON.stringify(report, null, 2)));
  else console.log([outside(summary), ...artifacts.map((path) => `saved ${path}`)].join("\n"));
  return report;
}

function resultOf(value: unknown): { readonly summary: string; readonly data: unknown } {
  if (typeof value !== "object" || value === null) return { summary: "", data: undefined };
  return {
    summary: "summary" in value ? String(value.summary) : "",
    data: "data" in value ? value.data : undefined,
  };
}
