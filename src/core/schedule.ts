import { z } from "zod";

import { Message, ThreadRefSchema } from "./message.ts";

/** What a schedule does, as it is stored; `schedule/definition.ts` checks what people write. */
export const ScheduleShape = z.strictObject({
  /** Up to 64 of `a-z`, `0-9`, `-` and `_`. */
  id: z.string().regex(/^[a-z0-9][a-z0-9_-]{0,63}$/, "Expected up to 64 of a-z, 0-9, - and _"),
  /** Five fields (minute, hour, day of the month, month, day of the week), `@hourly` … `@yearly`, or a single time (`2027-01-15T09:00:00`). */
  cron: z.string().min(1),
  /** IANA name, as in `Europe/Berlin`. Default `UTC`. */
  timezone: z.string().min(1).default("UTC"),
  /** What is said to the bot. */
  message: z.string().trim().min(1).max(10_000),
  /** `platform:workspace:channel`, as in `slack:T0123456:C0123456`. */
  channel: z.string().min(1),
  /** `new`: one for each run (default); `same`: the first run opens it; else the platform's id of one that is there. */
  thread: z.string().min(1).default("new"),
  /** What becomes of a run whose time passed while nobody was there: `skip` (default), or `once` for all of them. */
  missed: z.enum(["skip", "once"]).default("skip"),
  /** What becomes of a run whose time comes while the one before still goes: `skip` (default), or `queue` behind it. */
  overlap: z.enum(["skip", "queue"]).default("skip"),
  /** Each run begins up to so many milliseconds late, the same on every process. Default 0, at most a day. */
  jitterMs: z.number().int().min(0).max(86_400_000).default(0),
});
export type Schedule = z.output<typeof ScheduleShape>;

const at = z.number();

/** A run that has not ended. */
const ScheduleRun = z.object({
  /** The time that the rule says, milliseconds since the epoch. */
  fireAt: at,
  /** Of the message that it says: the same on every process, and so accepted once. */
  messageId: Message.shape.id,
  /** A process is about to say it. After `until` another one does it in its place, or the same one tries again. */
  begin: z
    .object({
      holder: z.string(),
      until: at,
      attempt: z.number().int(),
      /** From this time on a try may have opened the thread that nobody knows of. */
      since: at.optional(),
    })
    .optional(),
  /** It was said there. */
  thread: ThreadRefSchema.optional(),
  /** When it was. */
  startedAt: at.optional(),
});
export type ScheduleRun = z.infer<typeof ScheduleRun>;

/** How the latest run that has ended did. `delivered` is one whose answer has an id of its platform. */
const ScheduleResult = z.object({
  fireAt: at,
  endedAt: at,
  thread: ThreadRefSchema.optional(),
  outcome: z.discriminatedUnion("type", [
    z.object({ type: z.literal("delivered"), messageId: z.string() }),
    z.object({ type: z.literal("failed"), reason: z.string() }),
  ]),
});
export type ScheduleResult = z.infer<typeof ScheduleResult>;

/** All that is kept of one schedule. */
export const ScheduleRecord = z.object({
  /** Absent where the configuration has it. */
  definition: ScheduleShape.optional(),
  paused: z.boolean(),
  /** The rule that `nextAt` is of. */
  rule: z.string(),
  /** What comes next; everything before is decided. Absent when nothing does. */
  nextAt: at.optional(),
  /** When that was decided, by the clock of who did. */
  decidedAt: at,
  /** Of `same`, once it is open. */
  thread: ThreadRefSchema.optional(),
  /** Times of runs that wait for the one before. */
  queued: z.array(at).readonly(),
  run: ScheduleRun.optional(),
  last: ScheduleResult.optional(),
  /** What was not run, the latest times. */
  passed: z
    .object({
      fireAt: at,
      why: z.enum(["overlap", "missed"]),
      /** How many one after the other. */
      count: z.number().int().positive(),
    })
    .optional(),
});
export type ScheduleRecord = z.infer<typeof ScheduleRecord>;
