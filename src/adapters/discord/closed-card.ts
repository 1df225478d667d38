import type { ApprovalChoice } from "../../core/access-request.ts";
import type { ApprovalOutcome } from "../adapter.ts";
import { text } from "./layout.ts";

/** A card whose question is over: without its buttons, and with what became of it. */
export function closedCard(
  components: readonly unknown[],
  outcome: ApprovalOutcome,
): readonly unknown[] {
  const line = text(`-# ${outcomeText(outcome)}`);
  const [card] = components;
  if (isCard(card)) return [{ ...card, components: [...card.components.filter(isNoRow), line] }];
  return [...components.filter(isNoRow), line];
}

export const hasButtons = (components: readonly unknown[]): boolean =>
  components.some((each) => !isNoRow(each) || (isCard(each) && hasButtons(each.components)));

/** A person is named by id: it calls nobody where mentions are not allowed. */
function outcomeText(outcome: ApprovalOutcome): string {
  switch (outcome.type) {
    case "decided":
      return `${words[outcome.choice]} by <@${outcome.by.id}>`;
    case "withdrawn":
      return `🚫 Withdrawn${outcome.by ? `: <@${outcome.by.id}> asked to stop` : ""}`;
    case "expired":
      return "⌛ Expired: nobody answered in time";
    default:
      return outcome satisfies never;
  }
}

const words: Readonly<Record<ApprovalChoice, string>> = {
  once: "✅ Approved once",
  session: "✅ Approved for this session",
  always: "✅ Approved for all sessions",
  deny: "⛔ Denied",
};

const isNoRow = (component: unknown): boolean => typeOf(component) !== 1;

const isCard = (component: unknown): component is { readonly components: readonly unknown[] } =>
  typeOf(component) === 17;

const typeOf = (component: unknown): unknown =>
  typeof component === "object" && component !== null && "type" in component
    ? component.type
    : undefined;
