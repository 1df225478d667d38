import type { LogEvent } from "./event.ts";
import type { TimeFormat } from "./timestamp.ts";

/** Reads the value of a time field: an ISO text, or a number of seconds, milli-, micro- or nanoseconds. */
export function readTimeValue(
  value: unknown,
  event: LogEvent,
  formats: readonly TimeFormat[],
): boolean {
  if (typeof value === "number") return readEpoch(value, event);
  if (typeof value !== "string") return false;
  if (/^\d{9,19}(?:\.\d+)?$/.test(value)) return readEpoch(Number(value), event);
  for (const format of formats) {
    const read = format.read(value, 0);
    if (read === undefined) continue;
    event.time = read.ms;
    event.offset = read.offset;
    return true;
  }
  return false;
}

function readEpoch(value: number, event: LogEvent): boolean {
  const ms = epochMs(value);
  if (ms === undefined) return false;
  event.time = ms;
  event.offset = 0;
  return true;
}

/** The unit is told by the size: all four agree only for times of the years 2001 to 2286. */
function epochMs(value: number): number | undefined {
  if (!(value >= 1e9 && value < 1e19)) return undefined;
  if (value < 1e10) return Math.floor(value * 1000);
  if (value < 1e13) return value < 1e12 ? undefined : Math.floor(value);
  return value < 1e16 ? Math.floor(value / 1e3) : Math.floor(value / 1e6);
}
