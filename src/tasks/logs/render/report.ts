import type { LogsData, LogsFinding, LogsPattern } from "../data.ts";
import { levels } from "../level.ts";
import { describe } from "./summary.ts";
import { block, bytes, cell, code, counted, duration, number } from "./text.ts";

const barWidth = 40;

/** The whole result as a Markdown file. */
export function reportOf(data: LogsData): string {
  return [
    `# ${data.headline}`,
    rangeSection(data),
    findingSection(data),
    changeSection(data),
    histogramSection(data),
    patternSection(data),
    fileSection(data),
    notReadSection(data),
  ]
    .filter((section) => section !== "")
    .join("\n\n")
    .concat("\n");
}

function rangeSection({ range, lines, levels: found }: LogsData): string {
  const counts = levels.filter((level) => found.counts[level] > 0);
  const rows = counts.map(
    (level) => `| ${level} | ${number(found.counts[level])} | ${number(found.inferred[level])} |`,
  );
  const when =
    range === undefined
      ? "No times were found in the log."
      : `From ${range.first} to ${range.last}. Time zone: ${range.zone}.${range.notes.map((note) => ` Note: ${note}.`).join("")}`;
  const others = [
    `${number(lines.events)} events`,
    `${number(lines.continuation)} continued another`,
    `${number(lines.blank)} blank`,
    `${number(lines.filtered)} filtered out`,
    `${number(lines.plain)} events without a known header`,
  ];
  return [
    when,
    `${counted(lines.total, "line")}: ${others.join(", ")}.`,
    "",
    "| level | events | of them by wording |",
    "|---|---:|---:|",
    ...rows,
  ].join("\n");
}

function findingSection({ findings }: LogsData): string {
  if (findings.length === 0) return "";
  return ["## What went wrong", ...findings.map(findingText)].join("\n\n");
}

function findingText(finding: LogsFinding, index: number): string {
  const { change } = finding;
  const lines = [
    ...finding.before.map(({ at, text }) => `  ${at}  ${text}`),
    `> ${finding.at}  ${finding.line}`,
    ...finding.after.map(({ at, text }) => `  ${at}  ${text}`),
  ];
  return [
    `### ${index + 1}. ${describe(finding)}`,
    `Why: ${finding.reasons.join(", ")} (score ${finding.score}, pattern ${finding.pattern}).`,
    ...(change === undefined
      ? []
      : [
          `Last change before it: ${code(change.text)} at ${code(change.at)}${change.time === undefined ? "" : `, ${change.time}`}.`,
        ]),
    block(lines),
  ].join("\n\n");
}

function changeSection({ changes, gaps }: LogsData): string {
  const parts = [
    ...(changes.length === 0
      ? []
      : [
          "## Changes that the log reports",
          changes
            .map(({ at, time, text }) => `- ${time ?? ""} ${code(at)} ${code(text)}`)
            .join("\n"),
        ]),
    ...(gaps.length === 0
      ? []
      : [
          "## Gaps",
          gaps
            .map(({ from, to, ms }) => `- no line for ${duration(ms)}: ${from} to ${to}`)
            .join("\n"),
        ]),
  ];
  return parts.join("\n\n");
}

function histogramSection({ histogram }: LogsData): string {
  if (histogram === undefined) return "";
  const most = Math.max(1, ...histogram.buckets.map(({ total }) => total));
  const rows = histogram.buckets.map(({ from, total, counts }) => {
    const severe = counts.fatal + counts.error;
    const bar = "#".repeat(Math.ceil((total / most) * barWidth));
    return `${from}  ${bar.padEnd(barWidth)} ${String(total).padStart(9)}${severe > 0 ? `  ${severe} errors` : ""}${counts.warn > 0 ? `  ${counts.warn} warnings` : ""}`;
  });
  return [
    `## Events over time (each row ${duration(histogram.widthMs)})`,
    "",
    "```",
    ...rows,
    "```",
  ].join("\n");
}

function patternSection({ patterns, patternCount }: LogsData): string {
  if (patterns.length === 0) return "";
  return [
    `## Patterns (${number(patterns.length)} of ${number(patternCount)}, all that are kept in patterns.json)`,
    "",
    "| | events | level | pattern | first | last | in time |",
    "|---|---:|---|---|---|---|---|",
    ...patterns.map(patternRow),
  ].join("\n");
}

function patternRow({
  id,
  count,
  level,
  inferred,
  template,
  first,
  last,
  onset,
}: LogsPattern): string {
  const when = onset.type === "jump" ? `${onset.factor}× from ${onset.from ?? "?"}` : onset.type;
  return `| ${id} | ${number(count)} | ${level}${inferred ? " (by wording)" : ""} | ${cell(template)} | ${cell(first.at)} | ${cell(last.at)} | ${when} |`;
}

function fileSection({ files }: LogsData): string {
  const rows = files.map(
    ({ path, encoding, formats, bytes: size, lines, first, last, notes }) =>
      `| ${cell(path)} | ${Object.keys(formats)
        .join("; ")
        .replaceAll(
          "|",
          String.raw`\|`,
        )} | ${encoding} | ${bytes(size)} | ${number(lines)} | ${first ?? ""} | ${last ?? ""} | ${notes.join("; ")} |`,
  );
  return [
    "## Files",
    "",
    "| file | format | encoding | size | lines | first | last | notes |",
    "|---|---|---|---:|---:|---|---|---|",
    ...rows,
  ].join("\n");
}

function notReadSection({ notRead }: LogsData): string {
  if (notRead.length === 0) return "## What was not read\n\nNothing: every line was looked at.";
  return [
    "## What was not read",
    "",
    ...notRead.map(({ what, why }) => `- ${code(what)}: ${why}`),
  ].join("\n");
}
