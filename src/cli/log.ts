import type { Command } from "commander";

import type { Logger } from "../core/logger.ts";
import { createLogger } from "../observe/logger.ts";
import { createRedactor } from "../security/redact.ts";

/** The log of a command, at the level of `--log-level`. */
export function commandLog(command: Command): Logger {
  const { logLevel } = command.optsWithGlobals<{ readonly logLevel: string }>();
  const redactor = createRedactor({});
  return createLogger({ level: logLevel, redact: (value) => redactor.value(value) });
}
