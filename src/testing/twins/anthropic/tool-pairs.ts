import type { Block } from "./blocks.ts";
import { Refusal } from "./refusal.ts";
import type { Message } from "./request.ts";

/**
 * Every call is answered once, in the very next message, before anything else in it.
 * https://platform.claude.com/docs/en/agents-and-tools/tool-use/handle-tool-calls
 */
export function checkToolPairs(messages: readonly Message[], hasTools: boolean): void {
  const known = new Set<string>();
  for (const [index, message] of messages.entries()) {
    checkResults(message, { index, asked: callsOf(messages[index - 1]) });
    const calls = callsOf(message);
    for (const [at, id] of calls) {
      if (known.has(id))
        throw new Refusal(`messages.${index}.content.${at}: \`tool_use\` ids must be unique`);
      known.add(id);
    }
    const answers = leadingResults(messages[index + 1]);
    const missing = calls.map(([, id]) => id).filter((id) => !answers.has(id));
    if (missing.length > 0)
      throw new Refusal(
        `messages.${index}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ` +
          `${missing.join(", ")}. Each \`tool_use\` block must have a corresponding \`tool_result\` block in the next message.`,
      );
  }
  if (!hasTools && known.size > 0)
    throw new Refusal(
      "Requests which include `tool_use` or `tool_result` blocks must define tools.",
    );
}

function checkResults(
  { content }: Message,
  { index, asked }: { index: number; asked: readonly (readonly [number, string])[] },
): void {
  const seen = new Set<string>();
  for (const [at, block] of content.entries()) {
    if (block.type !== "tool_result") continue;
    const place = `messages.${index}.content.${at}`;
    if (!asked.some(([, id]) => id === block.tool_use_id))
      throw new Refusal(
        `${place}: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${block.tool_use_id}. ` +
          "Each `tool_result` block must have a corresponding `tool_use` block in the previous message.",
      );
    if (seen.has(block.tool_use_id))
      throw new Refusal(
        `${place}: each tool_use must have a single result. Found multiple \`tool_result\` blocks with id: ${block.tool_use_id}`,
      );
    seen.add(block.tool_use_id);
  }
}

const callsOf = (message: Message | undefined): readonly (readonly [number, string])[] =>
  (message?.content ?? []).flatMap((block: Block, at) =>
    block.type === "tool_use" ? [[at, block.id] as const] : [],
  );

function leadingResults(message: Message | undefined): ReadonlySet<string> {
  const content = message?.content ?? [];
  const end = content.findIndex(({ type }) => type !== "tool_result");
  return new Set(
    content
      .slice(0, end === -1 ? content.length : end)
      .flatMap((block) => (block.type === "tool_result" ? [block.tool_use_id] : [])),
  );
}
