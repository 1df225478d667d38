import { guard } from "../agent/guardrail.ts";
import type { MessageGuarded } from "../core/journal.ts";
import type { Message } from "../core/message.ts";
import type { IntakeOptions } from "./intake.ts";
import type { Session } from "./session.ts";

/** What the guardrails make of a message before anything is done with it; undefined when it stays as it is. */
export async function guardMessage(
  { id: sessionId }: Session,
  { text, actor }: Message,
  { guardrails, clock, signal }: Pick<IntakeOptions, "guardrails" | "clock" | "signal">,
): Promise<MessageGuarded | undefined> {
  const guarded = await guard(
    guardrails.filter((guardrail) => guardrail.input !== undefined && !guardrail.parallel),
    text,
    {
      sessionId,
      clock,
      signal,
      ask: (guardrail, left, context) => guardrail.input?.({ text: left, actor }, context),
    },
  );
  if (guarded.type !== "passed") return guarded;
  return guarded.text === text ? undefined : { type: "replace", text: guarded.text };
}
