import { type Level, levelOfLetter, levelOfNumber, levelOfSyslog, levelOfWord } from "../level.ts";
import type { LogEvent } from "./event.ts";
import { requestText } from "./request.ts";
import type { TimeFormat } from "./timestamp.ts";
import { readTimeValue } from "./value-time.ts";

/** Reads a field by name. What a JSON object and a logfmt line have in common. */
export type FieldOf = (name: string) => unknown;

const timeNames = [
  "time",
  "ts",
  "@timestamp",
  "timestamp",
  "@t",
  "t",
  "datetime",
  "date",
  "asctime",
  "eventTime",
  "__REALTIME_TIMESTAMP",
];
const levelNames = [
  "level",
  "severity",
  "lvl",
  "@l",
  "levelname",
  "loglevel",
  "log_level",
  "log.level",
  "s",
];
const messageNames = [
  "msg",
  "message",
  "MESSAGE",
  "@m",
  "@mt",
  "event",
  "text",
  "log",
  "short_message",
];
const errorNames = ["error", "err", "exception", "exc_info", "error.message", "reason"];
const componentNames = [
  "service",
  "logger",
  "component",
  "app",
  "name",
  "SYSLOG_IDENTIFIER",
  "_SYSTEMD_UNIT",
  "logger_name",
  "caller",
  "module",
  "c",
];
const statusNames = ["status", "statusCode", "status_code", "http_status", "http.status_code"];

/**
 * Fills `event` from named fields, as the common loggers call them. False when they tell neither a time, nor a level,
 * nor a message.
 */
export function readFields(
  fieldOf: FieldOf,
  event: LogEvent,
  formats: readonly TimeFormat[],
): boolean {
  const timed = timeNames.some((name) => readTimeValue(unwrapDate(fieldOf(name)), event, formats));
  event.level = firstOf(levelNames, fieldOf, levelOf) ?? journalPriority(fieldOf) ?? "unknown";
  event.component = firstOf(componentNames, fieldOf, shortText) ?? "";
  const message = firstOf(messageNames, fieldOf, textOf);
  const error = firstOf(errorNames, fieldOf, textOf);
  if (message === undefined && error === undefined && !timed && event.level === "unknown")
    return false;
  event.text = bothOf(message, error);
  readRequest(fieldOf, event);
  return true;
}

/** An error's own text often repeats the message, or is repeated by it. */
function bothOf(message: string | undefined, error: string | undefined): string {
  if (message === undefined || error === undefined) return message ?? error ?? "";
  return message.includes(error) ? message : `${message}: ${error}`;
}

/** Request logs say everything in fields: the method and path join the text, the status the tag. */
function readRequest(fieldOf: FieldOf, event: LogEvent): void {
  const status = Number(firstOf(statusNames, fieldOf, shortText));
  if (!(status >= 100 && status <= 599)) return;
  event.tag = String(status);
  const method = firstOf(["method", "http.method", "verb"], fieldOf, shortText);
  const path = firstOf(["path", "url", "uri", "route", "http.route"], fieldOf, textOf);
  const request = requestText(method ?? "", path ?? "");
  if (request !== "") event.text = event.text === "" ? request : `${event.text} ${request}`;
}

/** MongoDB and Elasticsearch exports wrap a date in an object. */
function unwrapDate(value: unknown): unknown {
  return isObject(value) && "$date" in value ? value["$date"] : value;
}

function levelOf(value: unknown): Level | undefined {
  if (typeof value === "number") return levelOfNumber(value);
  if (typeof value !== "string") return undefined;
  if (value.length === 1)
    return /\d/.test(value) ? levelOfNumber(Number(value)) : levelOfLetter(value);
  return /^\d+$/.test(value) ? levelOfNumber(Number(value)) : levelOfWord(value);
}

function journalPriority(fieldOf: FieldOf): Level | undefined {
  const priority = fieldOf("PRIORITY");
  return priority === undefined ? undefined : levelOfSyslog(Number(priority));
}

function shortText(value: unknown): string | undefined {
  if (typeof value === "number") return String(value);
  return typeof value === "string" && value !== "" && value.length <= 100 ? value : undefined;
}

function textOf(value: unknown): string | undefined {
  if (typeof value === "string") return value === "" ? undefined : value;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (Array.isArray(value)) return journalBytes(value);
  if (!isObject(value)) return undefined;
  const inner = value["message"] ?? value["msg"] ?? value["type"] ?? value["name"];
  return typeof inner === "string" ? inner : undefined;
}

/** journald writes a message that is not plain UTF-8 as an array of bytes. */
function journalBytes(value: readonly unknown[]): string | undefined {
  if (value.length === 0 || !value.every((item) => typeof item === "number")) return undefined;
  return Buffer.from(value.slice(0, 4096)).toString("utf8");
}

function firstOf<T>(
  names: readonly string[],
  fieldOf: FieldOf,
  read: (value: unknown) => T | undefined,
): T | undefined {
  for (const name of names) {
    const value = fieldOf(name);
    if (value === undefined || value === null) continue;
    const result = read(value);
    if (result !== undefined) return result;
  }
  return undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
