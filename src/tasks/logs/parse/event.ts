import type { Level } from "../level.ts";

/**
 * What a parser read from a line. One object is reused for every line, because a log has millions of them:
 * whoever wants to keep something copies it.
 */
export interface LogEvent {
  /** Milliseconds since the epoch; NaN where the line has no time. */
  time: number;
  /** Minutes east of UTC that the line itself states; undefined where it states none. */
  offset: number | undefined;
  level: Level;
  /** What was said, without time, level and other header fields. */
  text: string;
  /** A short word that belongs to the pattern as it stands, such as an HTTP status. */
  tag: string;
  /** Who said it: program, logger, service. */
  component: string;
}

export function newEvent(): LogEvent {
  return {
    time: Number.NaN,
    offset: undefined,
    level: "unknown",
    text: "",
    tag: "",
    component: "",
  };
}

export function resetEvent(event: LogEvent): void {
  event.time = Number.NaN;
  event.offset = undefined;
  event.level = "unknown";
  event.text = "";
  event.tag = "";
  event.component = "";
}

/** Reads one line into `event`. False when the line is not of this format; `event` is then in any state. */
export interface LineParser {
  readonly name: string;
  parse(line: string, event: LogEvent): boolean;
}
