import type { Chapter } from "../read/story.ts";

/** Writes times the way the log does, so that they can be found in it. */
export interface TimeText {
  /** ISO 8601; undefined for NaN. */
  iso(ms: number): string | undefined;
  readonly zone: string;
  /** What had to be assumed. */
  readonly notes: readonly string[];
  /** Minutes east of UTC. */
  readonly offset: number;
}

const twoDays = 2 * 86_400_000;

export function timeText(chapters: readonly Chapter[]): TimeText {
  const timed = chapters.filter(({ time }) => !Number.isNaN(time));
  const offsets = new Set(timed.map(({ offset }) => offset));
  const [only] = offsets;
  const offset = offsets.size === 1 ? (only ?? 0) : 0;
  const stated = !(offsets.size === 1 && only === undefined);
  return {
    offset,
    zone: zoneOf(offsets),
    notes: notesOf(timed, offsets),
    iso(ms) {
      if (!Number.isFinite(ms)) return undefined;
      const text = new Date(ms + offset * 60_000).toISOString();
      const short = (text.endsWith(".000Z") ? text.slice(0, 19) : text.slice(0, 23)).slice(
        ms < twoDays ? 11 : 0,
      );
      return stated ? short + suffix(offset) : short;
    },
  };
}

function zoneOf(offsets: ReadonlySet<number | undefined>): string {
  if (offsets.size > 1) return "UTC, because the files state several zones";
  const [only] = offsets;
  if (only === undefined) return "not stated in the log, times as written";
  return only === 0 ? "UTC" : `UTC${suffix(only)}`;
}

function notesOf(
  chapters: readonly Chapter[],
  offsets: ReadonlySet<number | undefined>,
): readonly string[] {
  const notes: string[] = [];
  if (offsets.size > 1 && offsets.has(undefined)) {
    notes.push("some files state no time zone: their times are taken as UTC");
  }
  if (chapters.some(({ lacks }) => lacks === "year")) {
    notes.push("the log states no year: it is taken as the latest one that is not in the future");
  }
  if (chapters.some(({ lacks }) => lacks === "date"))
    notes.push("the log states no date, only times of day");
  return notes;
}

function suffix(offset: number): string {
  if (offset === 0) return "Z";
  const minutes = Math.abs(offset);
  const pad = (value: number): string => String(value).padStart(2, "0");
  return `${offset < 0 ? "-" : "+"}${pad(Math.floor(minutes / 60))}:${pad(minutes % 60)}`;
}
