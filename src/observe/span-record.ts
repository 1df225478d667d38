import { z } from "zod";

const Facts = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));

/**
 * A span as a line of a trace file. One that lasts is written twice: when it has been open for a moment, without `ms`,
 * and when it has ended. `ms` counts, like `at` of events, from `startedAt`.
 */
export const SpanRecord = z.object({
  v: z.literal(1),
  traceId: z.string(),
  spanId: z.string(),
  /** Of a trace that another process began, or of a message's arrival, it may be in another file. */
  parentId: z.string().optional(),
  /** What is timed: see `SpanName`. A later version may have more. */
  name: z.string(),
  startedAt: z.number(),
  ms: z.number().optional(),
  status: z.enum(["running", "ok", "failed"]),
  error: z.object({ type: z.string(), message: z.string().optional() }).optional(),
  facts: Facts,
  events: z.array(z.object({ name: z.string(), at: z.number(), facts: Facts })).readonly(),
  /** Traceparents of what led to it. */
  links: z.array(z.string()).readonly(),
  /** Only where it was asked for: what was said, as JSON. */
  content: z.record(z.string(), z.unknown()).optional(),
});
export type SpanRecord = z.infer<typeof SpanRecord>;
