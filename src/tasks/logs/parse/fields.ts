import type { Level } from "../level.ts";
import type { LogEvent } from "./event.ts";
import { journalText, levelOfValue, shortText, textOf } from "./field-values.ts";
import { requestText } from "./request.ts";
import type { TimeFormat } from "./timestamp.ts";
import { readTimeValue } from "./value-time.ts";

/**
 * Makes an event of named fields, as the common loggers call them. One is used for all lines: begin a line, give it
 * each field, and fill the event.
 */
export interface FieldReader {
  begin(): void;
  take(name: string, value: unknown): void;
  /** False when the fields tell neither a time, nor a level, nor a message. */
  fill(event: LogEvent): boolean;
}

/** What a field says. Where several fields say the same, the name that comes first here counts. */
const names = {
  time: "time ts @timestamp timestamp @t t datetime date asctime eventTime __REALTIME_TIMESTAMP",
  level: "level severity lvl @l levelname loglevel log_level log.level s PRIORITY",
  message: "msg message MESSAGE @m @mt event text log short_message",
  error: "error err exception exc_info error.message reason",
  component:
    "service logger component app name SYSLOG_IDENTIFIER _SYSTEMD_UNIT logger_name caller module c",
  status: "status statusCode status_code http_status http.status_code",
  method: "method http.method verb",
  path: "path url uri route http.route",
} as const;
type Role = keyof typeof names;

const roles = new Map(
  (["time", "level", "message", "error", "component", "status", "method", "path"] as const).flatMap(
    (role: Role) => names[role].split(" ").map((name, rank) => [name, { role, rank }] as const),
  ),
);

type Taken = Readonly<Record<Role, { rank: number; value: unknown }>>;

export function createFieldReader(formats: readonly TimeFormat[]): FieldReader {
  const slot = (): { rank: number; value: unknown } => ({ rank: Infinity, value: undefined });
  const taken: Taken = {
    time: slot(),
    level: slot(),
    message: slot(),
    error: slot(),
    component: slot(),
    status: slot(),
    method: slot(),
    path: slot(),
  };
  const slots = Object.values(taken);
  let level: Level = "unknown";
  return {
    begin() {
      level = "unknown";
      for (const each of slots) {
        each.rank = Infinity;
        each.value = undefined;
      }
    },
    take(name, value) {
      const known = roles.get(name);
      if (known === undefined || value === undefined || value === null) return;
      const place = taken[known.role];
      if (known.rank >= place.rank) return;
      if (known.role === "level") {
        const read = levelOfValue(name, value);
        if (read === undefined) return;
        level = read;
      }
      place.rank = known.rank;
      place.value = value;
    },
    fill(event) {
      event.level = level;
      return fillEvent(event, taken, formats);
    },
  };
}

/** Everything but the level. */
function fillEvent(event: LogEvent, taken: Taken, formats: readonly TimeFormat[]): boolean {
  const timed = readTimeValue(unwrapDate(taken.time.value), event, formats);
  event.component = shortText(taken.component.value) ?? "";
  const message = journalText(taken.message.value) ?? textOf(taken.message.value);
  const error = textOf(taken.error.value);
  event.text = bothOf(message, error);
  addRequest(event, taken);
  return message !== undefined || error !== undefined || timed || event.level !== "unknown";
}

/** An error's own text often repeats the message, or is repeated by it. */
function bothOf(message: string | undefined, error: string | undefined): string {
  if (message === undefined || error === undefined) return message ?? error ?? "";
  return message.includes(error) ? message : `${message}: ${error}`;
}

/** Request logs say everything in fields: the method and path join the text, the status is the tag. */
function addRequest(event: LogEvent, { status, method, path }: Taken): void {
  const code = Number(status.value);
  if (!(code >= 100 && code <= 599)) return;
  event.tag = String(code);
  const request = requestText(shortText(method.value) ?? "", textOf(path.value) ?? "");
  if (request !== "") event.text = event.text === "" ? request : `${event.text} ${request}`;
}

/** MongoDB and Elasticsearch exports wrap a date in an object. */
function unwrapDate(value: unknown): unknown {
  return typeof value === "object" && value !== null && "$date" in value ? value.$date : value;
}
