/** What Opsthread writes its log to: pino's shape. Static message, data in the object, ids not content. */
export interface Logger {
  debug(data: object, message: string): void;
  info(data: object, message: string): void;
  warn(data: object, message: string): void;
  /** A person should look. */
  error(data: object, message: string): void;
  child(bindings: Readonly<Record<string, unknown>>): Logger;
}

/** Says nothing. The default of every library entry point. */
export const silentLogger: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => silentLogger,
};
