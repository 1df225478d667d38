import type { DiffChange, DiffPair } from "./data.ts";
import { cut } from "./render.ts";
import { ignoredText } from "./report.ts";
import { codeSpan, fileLine, pairTitle, plural } from "./words.ts";

/** Characters that a chat message takes without being split. */
const longestSummary = 1800;
const mostListed = 12;

/** What a person reads in the thread: the most important first, with where it stands. */
export function summarize(pairs: readonly DiffPair[]): string {
  const differing = pairs.filter((pair) => !pair.equal);
  const same = pairs.filter((pair) => pair.equal);
  const share = Math.floor((longestSummary - 120) / Math.max(1, Math.min(pairs.length, 4)));
  const parts = [...differing, ...same].slice(0, 4).map((pair) => pairSummary(pair, share));
  const more = pairs.length - parts.length;
  if (pairs.length > 1)
    parts.unshift(`**${differing.length} of ${plural(pairs.length, "pair")} differ.**`);
  if (more > 0) parts.push(`…and ${plural(more, "more pair")} in diff.md`);
  return parts.join("\n\n");
}

function pairSummary(pair: DiffPair, longest: number): string {
  const head = headline(pair);
  const tail = [
    ...pair.notes.slice(0, 3).map((note) => `_${cut(note, 200).replaceAll("_", "\\_")}_`),
    ignoredText(pair),
  ].filter((line) => line !== "");
  const room = longest - head.length - tail.join("\n").length - 60;
  const lines = listed(pair, room);
  const more = pair.total - lines.length;
  const rest =
    more > 0 && pair.changes.length > 0
      ? [`- …and ${more.toLocaleString("en")} more in diff.md`]
      : [];
  return [head, [...lines, ...rest].join("\n"), tail.join("\n")]
    .filter((part) => part !== "")
    .join("\n\n");
}

function headline(pair: DiffPair): string {
  const title = pairTitle(pair);
  if (pair.equal) return `**No differences**: ${title}`;
  const risks = pair.changes.filter((change) => change.risk);
  const named = risks.slice(0, 3).map(riskText);
  const more = risks.length - named.length;
  const look =
    named.length === 0
      ? ""
      : `\n⚠️ ${named.join("; ")}${more > 0 ? ` and ${more} more to look at` : ""}`;
  return `**${total(pair)}**: ${title}${look}`;
}

function total(pair: DiffPair): string {
  if (pair.format === "binary") return "The files differ";
  if (pair.format !== "text") return plural(pair.total, "difference");
  const { "lines added": added = 0, "lines removed": removed = 0 } = pair.counts;
  return `${plural(added, "line")} added, ${removed.toLocaleString("en")} removed`;
}

function riskText({ document, note, before, after }: DiffChange): string {
  const values =
    before !== undefined && after !== undefined && before.length + after.length <= 60
      ? ` (${codeSpan(before)} → ${codeSpan(after)})`
      : "";
  return `${document === undefined ? "" : `${codeSpan(cut(document, 60))} `}**${note ?? ""}**${values}`;
}

function listed(pair: DiffPair, room: number): string[] {
  const lines: string[] = [];
  let left = room;
  for (const change of pair.changes.slice(0, mostListed)) {
    const line = pair.format === "text" ? hunkLine(pair, change) : changeLine(pair, change);
    left -= line.length + 1;
    if (left < 0) break;
    lines.push(line);
  }
  return lines;
}

function changeLine(pair: DiffPair, change: DiffChange): string {
  const where = change.path === "" ? "whole document" : codeSpan(cut(change.path, 120));
  const place =
    change.document === undefined ? where : `${codeSpan(cut(change.document, 60))} ${where}`;
  // What is told of a secret says as much as its masks.
  const parts = change.note?.startsWith("secret ")
    ? [change.note]
    : [valuesText(change), change.note];
  const said = parts.filter((part) => part !== undefined).join(", ");
  return `- ${place} ${said}${evidence(pair, change)}`;
}

function valuesText({ kind, before, after }: DiffChange): string {
  const [b, a] = shortPair(before ?? "", after ?? "").map(codeSpan);
  if (kind === "moved") return `order ${b} → ${a}`;
  if (kind === "added" || before === undefined) return `added: ${a}`;
  if (kind === "removed" || after === undefined) return `removed: ${b}`;
  return `${b} → ${a}`;
}

function hunkLine(pair: DiffPair, change: DiffChange): string {
  const [b, a] = [change.before, change.after].map((text) =>
    text === undefined ? undefined : codeSpan(short(text.trim())),
  );
  const values = [b === undefined ? "" : `− ${b}`, a === undefined ? "" : `+ ${a}`].filter(
    (part) => part !== "",
  );
  return `- ${values.join(" ")}${evidence(pair, change)}`;
}

function evidence(pair: DiffPair, { beforeLine, afterLine }: DiffChange): string {
  if (afterLine !== undefined) return ` (${codeSpan(fileLine(pair.after, afterLine))})`;
  return beforeLine === undefined ? "" : ` (${codeSpan(fileLine(pair.before, beforeLine))})`;
}

const longestValue = 60;

/** Two values shortened to where they differ. */
function shortPair(before: string, after: string): [string, string] {
  if (before.length <= longestValue && after.length <= longestValue) return [before, after];
  let same = 0;
  while (same < before.length && before[same] === after[same]) same += 1;
  const from = same > 30 && before !== "" && after !== "" ? same - 20 : 0;
  return [short(before, from), short(after, from)];
}

function short(text: string, from = 0): string {
  const part = text.slice(from);
  const shown = part.length <= longestValue ? part : `${cut(part, longestValue - 2)}…`;
  return from === 0 ? shown : `…${shown}`;
}
