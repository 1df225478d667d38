/** A point in time as people say it. */
export type Moment =
  /** With a zone, or as the log writes its own times. */
  | { readonly type: "time"; readonly ms: number; readonly zoned: boolean }
  /** On the last day of the log. */
  | { readonly type: "clock"; readonly ms: number }
  /** Before the end of the log. */
  | { readonly type: "before-end"; readonly ms: number };

const unitMs: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};
const dayMs = 86_400_000;

/** Reads an ISO time, `HH:MM[:SS]`, or a duration such as `90s`, `15m`, `2h`, `1d`. */
export function parseMoment(text: string): Moment | undefined {
  const duration = /^(\d{1,6}(?:\.\d+)?) ?([smhdw])$/.exec(text);
  if (duration !== null) {
    return { type: "before-end", ms: Number(duration[1]) * (unitMs[duration[2] ?? ""] ?? 0) };
  }
  const clock = /^([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?$/.exec(text);
  if (clock !== null) {
    const [, hour, minute, second = 0] = clock;
    return {
      type: "clock",
      ms: ((Number(hour) * 60 + Number(minute)) * 60 + Number(second)) * 1000,
    };
  }
  const iso =
    /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)(Z|[+-]\d{2}:?\d{2})?)?$/.exec(
      text,
    );
  if (iso === null) return undefined;
  const [, date = "", time = "00:00", zone] = iso;
  const ms = Date.parse(`${date}T${time}${zone ?? "Z"}`);
  return Number.isNaN(ms) ? undefined : { type: "time", ms, zoned: zone !== undefined };
}

/** Whether a moment can only be placed when the end of the log is known. */
export function needsEnd(moment: Moment | undefined): boolean {
  return moment !== undefined && moment.type !== "time";
}

/** The time of a moment. `offset`: the log's zone in minutes east of UTC; `end`: its last time. */
export function placeMoment(
  moment: Moment,
  { offset, end }: { readonly offset: number; readonly end: number },
): number {
  switch (moment.type) {
    case "time":
      return moment.zoned ? moment.ms : moment.ms - offset * 60_000;
    case "clock": {
      const local = end + offset * 60_000;
      return Math.floor(local / dayMs) * dayMs + moment.ms - offset * 60_000;
    }
    case "before-end":
      break;
  }
  return end - moment.ms;
}
