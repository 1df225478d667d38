import { pino } from "pino";

import type { Logger } from "../core/logger.ts";

/** A log of JSON lines on standard error, with secrets taken out. */
export function createLogger({
  level,
  redact,
}: {
  /** `debug`, `info`, `warn`, `error` or `silent`. */
  readonly level: string;
  readonly redact: (value: unknown) => unknown;
}): Logger {
  const formatters = {
    log: (data: Record<string, unknown>) => ({ ...asObject(redact(data)) }),
  };
  return pino({ level, formatters, base: null }, pino.destination(2));
}

const asObject = (value: unknown): object =>
  typeof value === "object" && value !== null ? value : { redacted: value };
