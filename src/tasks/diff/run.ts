import type { TaskContext, TaskResult } from "../task.ts";
import type { DiffChange, DiffPair } from "./data.ts";
import { diffPair, type PairNames, type PairOptions } from "./diff-pair.ts";
import { cut } from "./render.ts";
import { reportLines } from "./report.ts";
import { summarize } from "./summary.ts";

/** How many changes, and how much of their values, go back with the result. */
const kept = { changes: 100, value: 300 } as const;
const mostInFile = 5000;

export async function runDiff(
  { pairs, ...options }: PairOptions & { readonly pairs: readonly PairNames[] },
  context: TaskContext,
): Promise<TaskResult> {
  const compared: DiffPair[] = [];
  const patches = new Map<DiffPair, string>();
  const artifacts: string[] = [];
  for (const [index, names] of pairs.entries()) {
    const { pair, patch } = await diffPair(names, { ...options, context });
    compared.push(pair);
    if (patch === undefined) continue;
    patches.set(pair, patch);
    artifacts.push(
      await context.artifact(patchName(names, pairs.length > 1 ? index + 1 : undefined), patch),
    );
  }
  if (compared.some((pair) => !pair.equal)) {
    artifacts.unshift(
      await context.artifact("diff.md", chunks(reportLines(compared, patches))),
      await context.artifact(
        "changes.json",
        JSON.stringify({ pairs: compared.map((pair) => bounded(pair, mostInFile)) }, undefined, 1),
      ),
    );
  }
  const data = {
    pairs: compared.map((pair) =>
      bounded(pair, Math.ceil(kept.changes / compared.length), kept.value),
    ),
  };
  return { summary: summarize(compared), data, artifacts };
}

function bounded(pair: DiffPair, changes: number, longest = Number.POSITIVE_INFINITY): DiffPair {
  const shown = pair.changes.slice(0, changes);
  return {
    ...pair,
    changes: shown.map((change) => shortened(change, longest)),
    cut: pair.cut + pair.changes.length - shown.length,
  };
}

function shortened(change: DiffChange, longest: number): DiffChange {
  const short = (text: string): string =>
    text.length <= longest ? text : `${cut(text, longest)}…`;
  return {
    ...change,
    ...(change.before === undefined ? {} : { before: short(change.before) }),
    ...(change.after === undefined ? {} : { after: short(change.after) }),
  };
}

async function* chunks(parts: Iterable<string>): AsyncGenerator<string> {
  yield* parts;
}

function patchName({ after }: PairNames, index: number | undefined): string {
  const name = (after.split("/").at(-1) ?? "file").replace(/[^\w.-]+/g, "-");
  return `${index === undefined ? "" : `${index}-`}${name}.diff`;
}
