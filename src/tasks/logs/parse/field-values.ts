import { type Level, levelOfLetter, levelOfNumber, levelOfSyslog, levelOfWord } from "../level.ts";

/** A level as a word, a letter, or one of the numbers of pino and bunyan; journald has a field of its own for syslog's. */
export function levelOfValue(name: string, value: unknown): Level | undefined {
  if (name === "PRIORITY") return levelOfSyslog(Number(value));
  if (typeof value === "number") return levelOfNumber(value);
  if (typeof value !== "string") return undefined;
  const word = value.length === 1 ? levelOfLetter(value) : levelOfWord(value);
  return word ?? (/^\d{1,2}$/.test(value) ? levelOfNumber(Number(value)) : undefined);
}

/** A name, where it is short enough to be one. */
export function shortText(value: unknown): string | undefined {
  if (typeof value === "number") return String(value);
  return typeof value === "string" && value !== "" && value.length <= 100 ? value : undefined;
}

/** A text, or the one that an error object holds. */
export function textOf(value: unknown): string | undefined {
  if (typeof value === "string") return value === "" ? undefined : value;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (!isObject(value)) return undefined;
  const inner = value["message"] ?? value["msg"] ?? value["type"] ?? value["name"];
  return typeof inner === "string" ? inner : undefined;
}

/** journald writes a message that is not plain UTF-8 as an array of bytes. */
export function journalText(value: unknown): string | undefined {
  if (!Array.isArray(value) || value.length === 0) return undefined;
  const bytes = value.slice(0, 4096).filter((item) => typeof item === "number");
  return Buffer.from(bytes).toString("utf8");
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
