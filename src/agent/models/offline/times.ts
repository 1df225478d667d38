/** A time in a text: a clock time, a date with or without time, midnight or noon. For use inside a pattern. */
export const timePattern = [
  String.raw`\d{4}-\d{2}-\d{2}(?:[T ]\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?\s?(?:Z|[+-]\d{2}:?\d{2})?)?`,
  String.raw`\d{1,2}:\d{2}(?::\d{2})?(?:\s?[ap]\.?m\b)?`,
  String.raw`\d{1,2}\s?[ap]m\b`,
  String.raw`midnight\b|noon\b`,
].join("|");

/** A length of time in a text. For use inside a pattern. */
export const durationPattern = String.raw`(?:\d+\s?(?:s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?)\b\s?(?:and\s)?)+|half an hour|(?:an\s|one\s)?(?:hour|day|minute)\b`;

/** `2pm` → `14:00`, `2024-05-01 9:30` → `2024-05-01T09:30`; undefined for what is no time. */
export function timeOf(text: string): string | undefined {
  const trimmed = text.trim().toLowerCase();
  if (trimmed === "midnight") return "00:00";
  if (trimmed === "noon") return "12:00";
  const dated = /^(\d{4}-\d{2}-\d{2})(?:[t ](.+))?$/.exec(trimmed);
  if (dated?.[1] !== undefined) {
    if (Number.isNaN(Date.parse(dated[1]))) return undefined;
    if (dated[2] === undefined) return dated[1];
    const [, clock = "", zone = ""] = /^([\d:.,]+)\s?(.*)$/.exec(dated[2]) ?? [];
    const time = clockOf(clock);
    return time === undefined ? undefined : `${dated[1]}T${time}${zone.toUpperCase()}`;
  }
  return clockOf(trimmed);
}

/** `15 minutes` → `15m`, `an hour` → `1h`, `1h 30m` → `90m`. */
export function durationOf(text: string): string | undefined {
  const trimmed = text.trim().toLowerCase();
  if (trimmed === "half an hour") return "30m";
  const single = /^(?:an\s|one\s)?(hour|day|minute)$/.exec(trimmed);
  if (single?.[1] !== undefined) return `1${single[1][0]}`;
  let seconds = 0;
  for (const [, count, unit] of trimmed.matchAll(/(\d+)\s?([smhd])/g)) {
    seconds += Number(count) * (secondsOf[unit ?? ""] ?? 0);
  }
  if (seconds === 0) return undefined;
  const unit = ["d", "h", "m"].find((name) => seconds % (secondsOf[name] ?? 1) === 0) ?? "s";
  return `${seconds / (secondsOf[unit] ?? 1)}${unit}`;
}

const secondsOf: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** The time `minutes` later or earlier on the same day. */
export function shiftTime(time: string, minutes: number): string {
  return time.replace(/(?<=^|T)(\d{2}):(\d{2})(:\d{2})?/, (_, hour, minute, seconds = "") => {
    const shifted = Number(hour) * 60 + Number(minute) + minutes;
    if (shifted < 0) return "00:00";
    if (shifted > 1439) return "23:59:59";
    return `${twoDigits(Math.floor(shifted / 60))}:${twoDigits(shifted % 60)}${seconds}`;
  });
}

function clockOf(text: string): string | undefined {
  const match = /^(\d{1,2})(?::(\d{2}))?(:\d{2}(?:[.,]\d+)?)?\s?([ap])?\.?m?$/.exec(text);
  if (!match) return undefined;
  const [, hourText, minute = "00", seconds = "", half] = match;
  let hour = Number(hourText);
  if (half !== undefined && (hour < 1 || hour > 12)) return undefined;
  if (half !== undefined) hour = (hour % 12) + (half === "p" ? 12 : 0);
  if (hour > 23 || Number(minute) > 59) return undefined;
  return `${twoDigits(hour)}:${minute}${seconds.replace(",", ".")}`;
}

const twoDigits = (value: number): string => String(value).padStart(2, "0");
