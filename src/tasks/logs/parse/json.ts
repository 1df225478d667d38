import type { LineParser } from "./event.ts";
import { createFieldReader } from "./fields.ts";
import type { TimeFormat } from "./timestamp.ts";

/** One JSON object a line: pino, bunyan, zap, logrus, serilog, journald, MongoDB, … */
export function jsonParser(formats: readonly TimeFormat[]): LineParser {
  const fields = createFieldReader(formats);
  return {
    name: "JSON lines",
    parse(line, event) {
      const object = parseObject(line);
      if (object === undefined) return false;
      fields.begin();
      for (const name of Object.keys(object)) fields.take(name, object[name]);
      fields.fill(event);
      if (event.text === "") event.text = keysOf(object);
      return true;
    },
  };
}

/** The object that a line holds; undefined when it holds none. */
export function parseObject(line: string): Record<string, unknown> | undefined {
  const first = line.charCodeAt(0) === 0x7b ? 0 : line.search(/\S/);
  if (line.charCodeAt(first) !== 0x7b) return undefined;
  try {
    const value: unknown = JSON.parse(line);
    return isObject(value) ? value : undefined;
  } catch {
    // Not JSON after all: another parser, or the plain fallback, takes the line.
    return undefined;
  }
}

/** An object without a message is told apart by what keys it has. */
function keysOf(object: Record<string, unknown>): string {
  return `{${Object.keys(object).slice(0, 12).join(", ")}}`;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
