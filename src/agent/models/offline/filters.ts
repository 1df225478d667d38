import { levelsIn } from "./levels.ts";
import { matchIn } from "./match.ts";
import { durationOf, durationPattern, shiftTime, timeOf, timePattern } from "./times.ts";

/** What of the `logs` task's input can be said in words, besides the files. */
export interface LogFilters {
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  readonly levels?: readonly string[] | undefined;
  readonly match?: string | undefined;
  /** `file:line`, `:line` of the file in question, or `first-error`. */
  readonly around?: string | undefined;
  readonly context?: number | undefined;
  readonly top?: number | undefined;
}

/** The filters that a text asks for. */
export function filtersIn(text: string): LogFilters {
  return {
    ...timesIn(text),
    levels: levelsIn(text),
    match: matchIn(text),
    around: aroundIn(text),
    context: numberIn(text, contextPatterns, 50),
    top: numberIn(text, [/\btop\s*[=:]?\s*(\d{1,6})\b/i], 100),
  };
}

export function hasFilters(filters: LogFilters): boolean {
  return Object.values(filters).some((value) => value !== undefined);
}

/** The filters in words. */
export function describeFilters(filters: LogFilters): string {
  const { since, until, levels, match, around } = filters;
  return [
    levels === undefined ? "" : `level ${levels.join(" or ")}`,
    match === undefined ? "" : `matching \`${match}\``,
    since === undefined ? "" : /^\d+[smhd]$/.test(since) ? `the last ${since}` : `since ${since}`,
    until === undefined ? "" : `until ${until}`,
    around === undefined
      ? ""
      : `around ${around === "first-error" ? "the first error" : `\`${around}\``}`,
  ]
    .filter((part) => part !== "")
    .join(", ");
}

const time = `(${timePattern})`;
const zone = String.raw`(?:\s?(?:utc|gmt|z)\b)?`;
const betweenTimes = new RegExp(
  String.raw`(?:\bbetween\s+|\bfrom\s+)?${time}${zone}\s*(?:and|to|until|till|&|-|–|—|→)\s*${time}`,
  "i",
);
const sinceTime = new RegExp(
  String.raw`(?:since|after|from|starting(?:\s+at)?)\s*[=:]?\s*(?:about\s+)?${time}`,
  "i",
);
const sinceDuration = new RegExp(
  String.raw`\b(?:since|last|past|previous)\s*[=:]?\s*(?:the\s+)?(${durationPattern})|(${durationPattern})\s+ago`,
  "i",
);
const untilTime = new RegExp(
  String.raw`\b(?:until|till|til|before|up\s+to)\s*[=:]?\s*(?:about\s+)?${time}`,
  "i",
);
const atTime = new RegExp(
  String.raw`\b(?:(?:happen\w*|going\s+on|went\s+on)\s+(?:at|around|about)|around|near|circa)\s+${time}`,
  "i",
);

/** Said of a state, "since" tells when trouble began, and what led to it lies before: that is no filter. */
const stateSince =
  /(?:\b(?:is|are|was|were|been|being|keeps?|started)|'s)\s+(?:\w+\s+)?(?:\w+ing|failed|broken|down|slow|wrong|unhealthy|unavailable|stuck|dead)\s+since\b/i;

function timesIn(text: string): Pick<LogFilters, "since" | "until"> {
  const between = betweenTimes.exec(text);
  if (between?.[1] !== undefined && between[2] !== undefined) {
    return { since: timeOf(between[1]), until: timeOf(between[2]) };
  }
  const at = atTime.exec(text)?.[1];
  const middle = at === undefined ? undefined : timeOf(at);
  if (middle?.includes(":")) return { since: shiftTime(middle, -5), until: shiftTime(middle, 5) };

  const start = stateSince.test(text) ? undefined : sinceTime.exec(text)?.[1];
  const [, length, ago] = sinceDuration.exec(text) ?? [];
  const from = start === undefined ? undefined : timeOf(start);
  const lasting = length ?? ago;
  const end = untilTime.exec(text)?.[1];
  return {
    since: from ?? (lasting === undefined ? undefined : durationOf(lasting)),
    until: end === undefined ? undefined : timeOf(end),
  };
}

const trouble = "errors?|failures?|exceptions?|crash(?:es)?|incident|outage|problem|panic";
const firstError = new RegExp(
  String.raw`\bfirst[\s-]+(?:${trouble}|fatal|failing)\b|\b(?:before|preceded|preceding|led\s+(?:up\s+)?to|leading\s+(?:up\s+)?to)\s+(?:\w+\s+){0,4}(?:${trouble}|failed|crashed|broke)\b`,
  "i",
);

function aroundIn(text: string): string | undefined {
  const [, line, path] =
    /\bline\s+#?(\d+)(?:\s+(?:of|in|from)\s+(?:the\s+)?["'`]?([^\s"'`?!,]+))?/i.exec(text) ?? [];
  if (line !== undefined) return `${path?.replace(/[.:]+$/, "") ?? ""}:${line}`;
  return firstError.test(text) ? "first-error" : undefined;
}

const contextPatterns = [
  /\bcontext\s*[=:]?\s*(\d{1,4})\b/i,
  /\b(\d{1,4})\s+lines?\s+(?:of\s+)?(?:context|before|after|around|either\s+side|surrounding)\b/i,
  /[±+](?:\/?-)?\s?(\d{1,4})\s+lines?\b/i,
];

/** The first number that one of the patterns finds, at most what the task takes. */
function numberIn(text: string, patterns: readonly RegExp[], most: number): number | undefined {
  for (const pattern of patterns) {
    const value = Number(pattern.exec(text)?.[1] ?? 0);
    if (value > 0) return Math.min(value, most);
  }
  return undefined;
}
