/** The levels that every format is brought to, most severe first. */
export const levels = ["fatal", "error", "warn", "info", "debug", "trace", "unknown"] as const;
export type Level = (typeof levels)[number];

/** One value for each level. */
export function perLevel<T>(make: (level: Level, index: number) => T): Record<Level, T> {
  const [fatal, error, warn, info, debug, trace, unknown] = levels;
  return {
    fatal: make(fatal, 0),
    error: make(error, 1),
    warn: make(warn, 2),
    info: make(info, 3),
    debug: make(debug, 4),
    trace: make(trace, 5),
    unknown: make(unknown, 6),
  };
}

const severities = perLevel((_, index) => index);

const words: Readonly<Record<string, Level>> = {
  fatal: "fatal",
  panic: "fatal",
  dpanic: "fatal",
  emerg: "fatal",
  emergency: "fatal",
  alert: "fatal",
  critical: "fatal",
  crit: "fatal",
  severe: "error",
  error: "error",
  err: "error",
  eror: "error",
  failure: "error",
  warn: "warn",
  warning: "warn",
  wrn: "warn",
  info: "info",
  inf: "info",
  information: "info",
  informational: "info",
  notice: "info",
  note: "info",
  log: "info",
  statement: "info",
  hint: "info",
  success: "info",
  config: "info",
  system: "info",
  debug: "debug",
  dbg: "debug",
  fine: "debug",
  trace: "trace",
  trc: "trace",
  finer: "trace",
  finest: "trace",
  verbose: "trace",
  silly: "trace",
};

const letters: Readonly<Record<string, Level>> = {
  F: "fatal",
  C: "fatal",
  E: "error",
  W: "warn",
  N: "info",
  I: "info",
  D: "debug",
  V: "trace",
  T: "trace",
};

/** What a level word means, in any case and spelling that loggers use: `WARNING`, `err`, `Information`. */
export function levelOfWord(word: string): Level | undefined {
  if (word.length > 13) return undefined;
  return lookUp(words, word) ?? lookUp(words, word.toLowerCase());
}

/** What a one-letter level means: `E`, `W`, `I`. Only safe where a level is expected. */
export function levelOfLetter(letter: string): Level | undefined {
  return lookUp(letters, letter);
}

/** Syslog severities, 0 (emergency) to 7 (debug). */
export function levelOfSyslog(severity: number): Level {
  return (
    (["fatal", "fatal", "fatal", "error", "warn", "info", "info", "debug"] as const)[severity] ??
    "unknown"
  );
}

/** The numbers of pino and bunyan: 10 (trace) to 60 (fatal). */
export function levelOfNumber(value: number): Level | undefined {
  if (!(value >= 10 && value < 100))
    return value >= 0 && value <= 7 ? levelOfSyslog(value) : undefined;
  if (value >= 60) return "fatal";
  if (value >= 50) return "error";
  if (value >= 40) return "warn";
  if (value >= 30) return "info";
  return value >= 20 ? "debug" : "trace";
}

/** 0 for `fatal` up to 6 for `unknown`. */
export function severityOf(level: Level): number {
  return severities[level];
}

function lookUp(table: Readonly<Record<string, Level>>, word: string): Level | undefined {
  return Object.hasOwn(table, word) ? table[word] : undefined;
}
