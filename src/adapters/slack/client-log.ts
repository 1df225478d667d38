import type { Logger } from "../../core/logger.ts";

/** The logger that Slack's clients take. */
export interface ClientLog {
  debug(...said: unknown[]): void;
  info(...said: unknown[]): void;
  warn(...said: unknown[]): void;
  error(...said: unknown[]): void;
  setLevel(): void;
  getLevel(): never;
  setName(): void;
}

/** What Slack's clients say, into ours. Not what they say for debugging: that carries what people wrote. */
export function clientLog(log: Logger): ClientLog {
  const say = (...said: unknown[]): void =>
    log.debug({ detail: said.map(String).join(" ") }, "Slack's client");
  return {
    debug: () => {},
    info: () => {},
    warn: say,
    error: say,
    setLevel: () => {},
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- An enum of a package that is loaded later.
    getLevel: () => "warn" as never,
    setName: () => {},
  };
}
