import type { WireItem } from "./wire.ts";

/**
 * The API's items in the form in which it takes them back: without what it only says, and without fields that are null,
 * which not all of its input schemas allow. Reasoning that is not sealed is known to the server alone, by its id; once it
 * has to be left out, no other item of the answer may keep the id by which it belongs to it.
 * https://platform.openai.com/docs/guides/reasoning#encrypted-reasoning-items
 */
export function writable(output: readonly WireItem[]): readonly object[] {
  const isSealed = output.every(
    (item) => item.type !== "reasoning" || typeof item["encrypted_content"] === "string",
  );
  return isSealed ? output.map(cleaned) : withoutReasoning(output);
}

/** An answer without anything in it that only the API can read. */
export function withoutSealed(output: readonly WireItem[]): readonly object[] {
  return withoutReasoning(output.filter(({ type }) => type !== "compaction"));
}

function withoutReasoning(output: readonly WireItem[]): readonly object[] {
  return output
    .filter(({ type }) => type !== "reasoning")
    .map((item) => (item.type === "compaction" ? item : { ...item, id: null }))
    .map(cleaned);
}

function cleaned(item: WireItem): object {
  const { created_by: _, ...rest } = item;
  return Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== null));
}
