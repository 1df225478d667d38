import { z } from "zod";

import { levels } from "./level.ts";

const count = z.number().int().nonnegative();
/** ISO 8601, with the log's own offset, or with none when the log states none. */
const time = z.string();
const level = z.enum(levels);
/** `file:line` */
const place = z.string();

const ShownLine = z.object({ at: place, text: z.string() });

export const LogsOnset = z.object({
  /** - `new`: never seen before `from`, last seen at `to`; - `burst`: only from `from` to `to`; - `jump`: `factor` times as often from `from` to `to`; - `stopped`: not once after `to`. */
  type: z.enum(["new", "burst", "jump", "stopped", "steady"]),
  from: time.optional(),
  to: time.optional(),
  factor: z.number().optional(),
});

export const LogsPattern = z.object({
  id: z.string(),
  /** The message with `<*>` for what differs. */
  template: z.string(),
  level,
  /** The level was concluded from words such as "failed": the lines themselves state none. */
  inferred: z.boolean(),
  count,
  first: z.object({ at: place, time: time.optional() }),
  last: z.object({ at: place, time: time.optional() }),
  example: z.string(),
  components: z.array(z.string()),
  onset: LogsOnset,
});
export type LogsPattern = z.infer<typeof LogsPattern>;

export const LogsFinding = z.object({
  pattern: z.string(),
  title: z.string(),
  level,
  inferred: z.boolean(),
  count,
  at: place,
  time: time.optional(),
  onset: LogsOnset,
  /** Why it is listed, in words. */
  reasons: z.array(z.string()),
  score: z.number(),
  before: z.array(ShownLine),
  line: z.string(),
  after: z.array(ShownLine),
  /** The last reported deploy, restart or configuration change before it. */
  change: ShownLine.extend({ time: time.optional() }).optional(),
});
export type LogsFinding = z.infer<typeof LogsFinding>;

export const LogsFile = z.object({
  path: z.string(),
  encoding: z.string(),
  formats: z.record(z.string(), count),
  bytes: count,
  lines: count,
  first: time.optional(),
  last: time.optional(),
  notes: z.array(z.string()),
});
export type LogsFile = z.infer<typeof LogsFile>;

/** The `data` of a result of the `logs` task. */
export const LogsData = z.object({
  /** One sentence: what went wrong, when and where, or that nothing did. */
  headline: z.string(),
  range: z
    .object({ first: time, last: time, zone: z.string(), notes: z.array(z.string()) })
    .optional(),
  lines: z.object({
    total: count,
    /** Lines that were looked at: not blank, not part of another, not filtered out. */
    events: count,
    continuation: count,
    blank: count,
    /** Looked at, but in no known format. */
    plain: count,
    filtered: count,
    cut: count,
  }),
  levels: z.object({
    counts: z.record(level, count),
    /** How many of them by words only. */
    inferred: z.record(level, count),
  }),
  files: z.array(LogsFile),
  patternCount: count,
  patterns: z.array(LogsPattern),
  findings: z.array(LogsFinding),
  changes: z.array(ShownLine.extend({ time: time.optional() })),
  histogram: z
    .object({
      widthMs: z.number(),
      buckets: z.array(z.object({ from: time, total: count, counts: z.record(level, count) })),
    })
    .optional(),
  gaps: z.array(z.object({ from: time, to: time, ms: z.number() })),
  around: z.object({ at: place, lines: z.array(ShownLine) }).optional(),
  notRead: z.array(z.object({ what: z.string(), why: z.string() })),
});
export type LogsData = z.infer<typeof LogsData>;
