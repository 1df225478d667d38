import type { DiffChange, DiffPair } from "./data.ts";
import { codeSpan, fileLine, pairTitle } from "./words.ts";

const mostInReport = 3000;

/** The whole comparison as Markdown, in pieces. */
export function* reportLines(
  pairs: readonly DiffPair[],
  patches: ReadonlyMap<DiffPair, string>,
): Generator<string> {
  for (const pair of pairs) {
    yield `# ${pairTitle(pair)}\n\n`;
    yield `${overview(pair)}\n\n`;
    for (const note of pair.notes) yield `- ${note}\n`;
    if (pair.notes.length > 0) yield "\n";
    const patch = patches.get(pair);
    if (patch === undefined) yield* changeLines(pair);
    else yield `${fenced(patch)}\n\n`;
  }
}

function overview(pair: DiffPair): string {
  if (pair.equal) return "No differences.";
  const counts = Object.entries(pair.counts).map(([kind, count]) => `${count} ${kind}`);
  return [
    `Compared as ${pair.format}.`,
    counts.length === 0 ? "" : `${counts.join(", ")}.`,
    ignoredText(pair),
  ]
    .filter((part) => part !== "")
    .join(" ");
}

/** What was left out, or nothing. */
export function ignoredText(pair: DiffPair): string {
  const parts = Object.entries(pair.ignored).map(([name, count]) => `${count} in ${name}`);
  if (parts.length === 0) return "";
  const shown = parts.slice(0, 5).join(", ");
  return `Ignored: ${shown}${parts.length > 5 ? ` and ${parts.length - 5} more` : ""}.`;
}

function* changeLines(pair: DiffPair): Generator<string> {
  for (const change of pair.changes.slice(0, mostInReport)) {
    yield `## ${heading(change)}\n\n`;
    const about = [change.kind, change.note, places(pair, change)].filter(
      (part) => part !== undefined && part !== "",
    );
    yield `${about.join(" · ")}\n\n`;
    yield `${fenced(valueLines(change))}\n\n`;
  }
  const more = pair.changes.length - mostInReport + pair.cut;
  if (more > 0) yield `${more} more are not shown here.\n\n`;
}

function heading({ document, path }: DiffChange): string {
  const place = path === "" ? "whole document" : codeSpan(path);
  return document === undefined ? place : `${codeSpan(document)} ${place}`;
}

function places(pair: DiffPair, change: DiffChange): string {
  return [
    change.beforeLine === undefined ? "" : codeSpan(fileLine(pair.before, change.beforeLine)),
    change.afterLine === undefined ? "" : codeSpan(fileLine(pair.after, change.afterLine)),
  ]
    .filter((place) => place !== "")
    .join(" → ");
}

function valueLines({ before, after }: DiffChange): string {
  return `${signed("-", before)}${signed("+", after)}`;
}

function signed(sign: string, text: string | undefined): string {
  if (text === undefined) return "";
  return text
    .split("\n")
    .map((line) => `${sign} ${line}\n`)
    .join("");
}

/** A block of a diff, with a fence that its text cannot end. */
function fenced(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`{3,}/g)].map((match) => match[0].length));
  const fence = "`".repeat(longest + 1);
  return `${fence}diff\n${text}${fence}`;
}
