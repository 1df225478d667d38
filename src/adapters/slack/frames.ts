import { z } from "zod";

/** What Slack says over a socket. */
export type Frame =
  | { readonly type: "hello" }
  | { readonly type: "disconnect"; readonly reason: string }
  /** Something to be acknowledged; `text` is it as the client takes it. */
  | { readonly type: "envelope"; readonly text: string };

/**
 * Reads it; undefined for what is nothing of Slack's. The client would fall over a payload that is not there, outside of
 * anything that catches it, and take the name of an event for one of its own.
 */
export function frameOf(data: unknown): Frame | undefined {
  const parsed = Said.safeParse(jsonOf(data));
  if (!parsed.success) return undefined;
  const frame = parsed.data;
  if (frame.type === "hello") return { type: "hello" };
  if (frame.type === "disconnect") return { type: "disconnect", reason: frame.reason };
  if (frame.envelope_id === undefined) return undefined;
  return { type: "envelope", text: JSON.stringify({ ...frame, type: "opsthread" }) };
}

function jsonOf(data: unknown): unknown {
  if (typeof data !== "string") return undefined;
  try {
    return JSON.parse(data);
  } catch {
    return undefined;
  }
}

const Said = z.looseObject({
  type: z.string(),
  reason: z
    .string()
    .regex(/^\w{1,40}$/)
    .catch(""),
  envelope_id: z.string().min(1).optional(),
});
