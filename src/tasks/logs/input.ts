import { z } from "zod";

import { levelOfWord } from "./level.ts";
import { parseMatcher } from "./story/match.ts";
import { parseMoment } from "./story/window.ts";

const moment = z.string().refine((text) => parseMoment(text) !== undefined, {
  error: 'expected an ISO time, "HH:MM" or "HH:MM:SS", or a duration such as "15m"',
});

const matcher = z.string().superRefine((text, context) => {
  const parsed = parseMatcher(text);
  if (parsed.type === "refused") context.addIssue({ code: "custom", message: parsed.reason });
});

const level = z.string().refine((text) => text === "unknown" || levelOfWord(text) !== undefined, {
  error: "expected a level: fatal, error, warn, info, debug, trace or unknown",
});

/** What the `logs` task can be asked. */
export const LogsInput = z.object({
  files: z
    .array(z.string().min(1))
    .min(1)
    .describe(
      "Log files to read: paths or globs, such as /workspace/app.log or /sources/web/*.log*. Rotated and gzip files are " +
        "read as one story, in the order of their own times.",
    ),
  since: moment
    .optional()
    .describe(
      'Leave out what is before: an ISO time, "HH:MM[:SS]" on the log\'s last day, or a duration before its end: "15m", "2h".',
    ),
  until: moment.optional().describe("Leave out what is after. Written as for since."),
  levels: z
    .array(level)
    .min(1)
    .optional()
    .describe("Only these levels: fatal, error, warn, info, debug, trace, unknown. Default: all."),
  match: matcher
    .optional()
    .describe("Only lines that contain this text, or match this /regular expression/flags."),
  around: z
    .string()
    .regex(/^(?:first-error|.+:\d+)$/)
    .optional()
    .describe('Show the lines around a place: "file:line", or "first-error".'),
  context: z
    .number()
    .int()
    .min(0)
    .max(50)
    .default(3)
    .describe("How many lines to show before and after a place."),
  top: z.number().int().min(1).max(100).default(10).describe("How many patterns to list."),
});
export type LogsInput = z.infer<typeof LogsInput>;
