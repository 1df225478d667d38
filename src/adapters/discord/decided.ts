import type { ApprovalChoice } from "../../core/access-request.ts";
import { text } from "./layout.ts";

/** A card whose question is answered: without its buttons, and with who decided what. */
export function decidedCard(
  components: readonly unknown[],
  { choice, by }: { readonly choice: ApprovalChoice; readonly by: string },
): readonly unknown[] {
  const line = text(`-# ${outcomes[choice]} by ${by}`);
  const [card] = components;
  if (isCard(card)) return [{ ...card, components: [...card.components.filter(isNoRow), line] }];
  return [...components.filter(isNoRow), line];
}

const outcomes: Readonly<Record<ApprovalChoice, string>> = {
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
