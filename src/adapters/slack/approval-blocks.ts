import { fenced } from "../../core/fence.ts";
import type { ApprovalCard } from "../../core/post.ts";
import { context, section, type SlackBlock } from "./blocks.ts";
import { escaped } from "./mrkdwn.ts";
import { approvalButtons } from "./press.ts";
import { sectionsOf } from "./sections.ts";

/** The question for an approval: what is to be done, why, and who may answer how. */
export function approvalBlocks(card: ApprovalCard): readonly SlackBlock[] {
  const { title, code, facts } = card;
  return [
    section(`🔐 *${escaped(title).replaceAll(/\s+/g, " ").slice(0, maxTitle)}*`),
    ...(code === undefined ? [] : sectionsOf(fenced(code)).map(section)),
    ...pagesOf(facts).map(fieldsOf),
    wordsFor(card),
    { block: approvalButtons(card), text: "" },
  ];
}

/** The block that says how to answer. */
export const howToAnswer = "opsthread_how";

const maxTitle = 2000;
/** Of one section. */
const maxFields = 10;
const maxField = 1800;

type Facts = ApprovalCard["facts"];

const pagesOf = (facts: Facts): readonly Facts[] =>
  Array.from({ length: Math.ceil(facts.length / maxFields) }, (_, page) =>
    facts.slice(page * maxFields, (page + 1) * maxFields),
  );

function fieldsOf(facts: Facts): SlackBlock {
  const fields = facts.map(({ name, value }) => {
    // It may hold code, as the words for it have.
    const [first = "–", ...more] = sectionsOf(value, maxField);
    const shown = more.length > 0 || first.length > maxField ? "…" : first;
    return { type: "mrkdwn", text: `*${escaped(name)}*\n${shown}`, verbatim: true };
  });
  return {
    block: { type: "section", fields },
    text: fields.map(({ text }) => text).join("\n"),
  };
}

/** For who can't press: the same in words. */
function wordsFor({ approvalId, choices }: ApprovalCard): SlackBlock {
  const words = choices.map((choice) =>
    choice === "deny"
      ? `deny ${approvalId}`
      : `approve ${approvalId}${choice === "once" ? "" : ` ${choice}`}`,
  );
  const { block, text } = context([
    `Only an approver can answer, with a button or by writing: ${words.join(" · ")}`,
  ]);
  return { block: { ...block, block_id: howToAnswer }, text };
}
