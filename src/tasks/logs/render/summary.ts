import type { LogsData, LogsFinding } from "../data.ts";
import { levels } from "../level.ts";
import { block, code, counted, duration, number, oneLine } from "./text.ts";

/** A chat message holds about 2,000 characters; the rest is in the report. */
const summaryLimit = 1800;
const shownFindings = 5;
/** Lines that are shown before and after a place that was asked for; the others are in the data. */
const aroundLines = 4;

/** What a person reads first. Parts that do not fit any more are left out, least important first. */
export function summaryOf(data: LogsData): string {
  const parts = [
    `**${data.headline}**`,
    aroundBlock(data),
    firstSign(data),
    firstContext(data.findings[0]),
    levelLine(data),
    findingList(data),
    gapLine(data),
    patternList(data),
  ];
  const last = notReadLine(data);
  let text = "";
  for (const part of parts) {
    if (part === "") continue;
    if (text.length + part.length + last.length + 4 > summaryLimit) continue;
    text += `${text === "" ? "" : "\n\n"}${part}`;
  }
  return last === "" ? text : `${text}\n\n${last}`;
}

const signMs = 30 * 60_000;

/** What began shortly before the worst finding may be its cause. */
function firstSign({ findings }: LogsData): string {
  const [worst, ...others] = findings;
  const start = Date.parse(worst?.time ?? "");
  const [sign] = others
    .filter(({ onset, time }) => {
      const lead = start - Date.parse(time ?? "");
      return onset.type !== "steady" && onset.type !== "stopped" && lead > 0 && lead <= signMs;
    })
    .toSorted((a, b) => Date.parse(a.time ?? "") - Date.parse(b.time ?? ""));
  if (sign === undefined) return "";
  return `First sign, ${duration(start - Date.parse(sign.time ?? ""))} before: ${code(sign.title, 120)} at ${code(sign.at)}`;
}

/** The lines just before the worst finding, and the change that was reported last before it. */
function firstContext(finding: LogsFinding | undefined): string {
  if (finding === undefined) return "";
  const change =
    finding.change === undefined
      ? []
      : [`Last change before it: ${code(finding.change.text)} at ${code(finding.change.at)}`];
  const near = finding.before.slice(-3).map(({ text }) => oneLine(text, 160));
  const cause = finding.after.findLast(({ text }) =>
    /^(?:Caused by|[\w.$]*(?:Exception|Error)\b|panic)/.test(text),
  );
  const lines = [
    ...near,
    oneLine(finding.line, 200),
    ...(cause === undefined ? [] : [oneLine(cause.text, 160)]),
  ];
  return [...change, `${code(finding.at)} and the lines before:`, block(lines)].join("\n");
}

function levelLine({ levels: found, lines, range, files }: LogsData): string {
  const counts = levels
    .filter((level) => found.counts[level] > 0)
    .map((level) => {
      const guessed = found.inferred[level];
      return `${number(found.counts[level])} ${level}${guessed > 0 ? ` (${number(guessed)} by wording)` : ""}`;
    });
  const when =
    range === undefined ? "" : ` from ${range.first} to ${range.last} (zone: ${range.zone})`;
  const where = files.length === 1 ? "" : ` in ${counted(files.length, "file")}`;
  return `${counted(lines.total, "line")}${where}${when}: ${counts.join(", ") || "no events"}.`;
}

function findingList({ findings }: LogsData): string {
  const shownOnes = findings.slice(1, shownFindings);
  if (shownOnes.length === 0) return "";
  const more = findings.length - 1 - shownOnes.length;
  return [
    "Also:",
    ...shownOnes.map((finding) => `- ${describe(finding)}`),
    ...(more > 0 ? [`- ${number(more)} more in the report`] : []),
  ].join("\n");
}

/** One finding in one line: what, how often, since when, where. */
export function describe(finding: LogsFinding): string {
  const level = finding.inferred ? `reads like ${finding.level}` : finding.level;
  return `${code(finding.title, 120)}: ${number(finding.count)}× ${level}${whenOf(finding)}, first at ${code(finding.at)}`;
}

/** `, new since 10:02` */
export function whenOf({ onset, time }: LogsFinding): string {
  switch (onset.type) {
    case "new":
      return time === undefined ? ", not seen before" : `, new since ${time}`;
    case "burst":
      return onset.from === undefined
        ? ", all in one stretch"
        : `, only from ${onset.from} to ${onset.to}`;
    case "jump":
      return `, ${onset.factor} times as often${onset.from === undefined ? "" : ` from ${onset.from} to ${onset.to}`}`;
    case "stopped":
      return `, stopped${onset.to === undefined ? "" : ` at ${onset.to}`}`;
    case "steady":
      break;
  }
  return time === undefined ? "" : `, since ${time}`;
}

function aroundBlock({ around }: LogsData): string {
  if (around === undefined) return "";
  const middle = around.lines.findIndex(({ at }) => at === around.at);
  const near = around.lines.slice(Math.max(0, middle - aroundLines), middle + aroundLines + 1);
  return [`Around ${code(around.at)}:`, block(near.map(({ text }) => oneLine(text, 100)))].join(
    "\n",
  );
}

function gapLine({ gaps }: LogsData): string {
  const [longest] = gaps;
  if (longest === undefined) return "";
  return `No line for ${duration(longest.ms)}, from ${longest.from} to ${longest.to}.`;
}

function patternList({ patterns, patternCount }: LogsData): string {
  const most = patterns
    .slice(0, 3)
    .map(({ count, template }) => `${number(count)}× ${code(template, 80)}`);
  return most.length === 0
    ? ""
    : `Most frequent of ${counted(patternCount, "pattern")}: ${most.join("; ")}`;
}

function notReadLine({ notRead }: LogsData): string {
  if (notRead.length === 0) return "";
  const shownOnes = notRead
    .slice(0, 4)
    .map(({ what, why }) => `${code(what, 60)}: ${oneLine(why, 100)}`);
  const more = notRead.length - shownOnes.length;
  return `Not read: ${shownOnes.join("; ")}${more > 0 ? `; ${more} more in the report` : ""}.`;
}
