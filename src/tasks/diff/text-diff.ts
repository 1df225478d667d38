import { structuredPatch } from "diff";

import type { DiffChange } from "./data.ts";
import { hasMask } from "./mask.ts";

/** The differences of two texts by line, with what is secret masked. */
export interface TextDiff {
  readonly changes: readonly DiffChange[];
  readonly added: number;
  readonly removed: number;
  /** The unified diff. */
  readonly patch: string;
  /** The texts differ in so much that only the numbers of lines were counted. */
  readonly counted: boolean;
}

export interface TextDiffOptions {
  readonly before: TextSide;
  readonly after: TextSide;
  /** Masks secrets and keeps line breaks where they are. */
  readonly mask: (text: string) => string;
}

export interface TextSide {
  readonly name: string;
  readonly text: string;
}

/** Bounds of the search for the smallest difference. */
const search = { context: 3, maxEditLength: 20_000, timeout: 5_000 } as const;

/** Compares as written, then shows the lines masked: a line of which only the secret changed still shows as changed. */
export function diffText({ before, after, mask }: TextDiffOptions): TextDiff {
  const patch = structuredPatch(before.name, after.name, before.text, after.text, "", "", search);
  if (patch === undefined) return countLines(before.text, after.text);
  const lines = { before: maskedLines(before.text, mask), after: maskedLines(after.text, mask) };
  const hunks = patch.hunks.map((hunk) => shownHunk(hunk, lines));
  return {
    changes: hunks.map((hunk) => hunk.change),
    added: hunks.reduce((sum, hunk) => sum + hunk.added, 0),
    removed: hunks.reduce((sum, hunk) => sum + hunk.removed, 0),
    patch: `--- ${before.name}\n+++ ${after.name}\n${hunks.map((hunk) => hunk.text).join("")}`,
    counted: false,
  };
}

/** The numbers of lines that only one of the texts has. */
function countLines(before: string, after: string): TextDiff {
  const counts = new Map<string, number>();
  for (const line of before.split("\n")) counts.set(line, (counts.get(line) ?? 0) + 1);
  let added = 0;
  for (const line of after.split("\n")) {
    const left = counts.get(line) ?? 0;
    if (left === 0) added += 1;
    else counts.set(line, left - 1);
  }
  const removed = [...counts.values()].reduce((sum, count) => sum + count, 0);
  return { changes: [], added, removed, patch: "", counted: true };
}

interface Lines {
  readonly before: readonly string[];
  readonly after: readonly string[];
}

function maskedLines(text: string, mask: (text: string) => string): string[] {
  return mask(text).split("\n");
}

type Hunk = NonNullable<ReturnType<typeof structuredPatch>>["hunks"][number];

interface ShownHunk {
  readonly change: DiffChange;
  readonly text: string;
  readonly added: number;
  readonly removed: number;
}

function shownHunk(hunk: Hunk, lines: Lines): ShownHunk {
  const shown: string[] = [];
  const gone: string[] = [];
  const come: string[] = [];
  const at = { before: hunk.oldStart - 1, after: hunk.newStart - 1 };
  const first: { before?: number; after?: number } = {};
  for (const line of hunk.lines) {
    const sign = line[0];
    if (sign === "\\") {
      shown.push(line);
      continue;
    }
    const text = (sign === "-" ? lines.before[at.before] : lines.after[at.after]) ?? "";
    shown.push(`${sign}${text}`);
    if (sign === "-") {
      first.before ??= at.before + 1;
      gone.push(text);
    } else if (sign === "+") {
      first.after ??= at.after + 1;
      come.push(text);
    }
    if (sign !== "+") at.before += 1;
    if (sign !== "-") at.after += 1;
  }
  const header = `@@ -${hunk.oldStart},${hunk.oldLines} +${hunk.newStart},${hunk.newLines} @@\n`;
  return {
    change: {
      path: `line ${first.after ?? first.before ?? hunk.newStart}`,
      kind: gone.length === 0 ? "added" : come.length === 0 ? "removed" : "changed",
      masked: [...gone, ...come].some(hasMask),
      risk: false,
      ...(gone.length === 0 ? {} : { before: gone.join("\n") }),
      ...(come.length === 0 ? {} : { after: come.join("\n") }),
      ...(first.before === undefined ? {} : { beforeLine: first.before }),
      ...(first.after === undefined ? {} : { afterLine: first.after }),
    },
    text: `${header}${shown.join("\n")}\n`,
    added: come.length,
    removed: gone.length,
  };
}
