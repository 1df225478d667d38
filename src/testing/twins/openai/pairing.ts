import { invalidRequest } from "./api-error.ts";
import type { Item, OutputItem } from "./items.ts";
import type { Memory } from "./memory.ts";
import { unseal } from "./sealed.ts";

/** How the API's messages call the kinds of calls. */
const callNames = {
  function_call: "function call",
  custom_tool_call: "custom tool call",
  shell_call: "shell call",
  apply_patch_call: "apply patch call",
} as const;

type Call = Extract<Item, { type: keyof typeof callNames }>;
type Answer = Extract<Item, { type: `${string}_output` }>;

/**
 * The rules over a whole conversation: no item twice, every output answers one call, every call has its output, and
 * reasoning stays with what it led to.
 *
 * https://platform.openai.com/docs/guides/function-calling, https://platform.openai.com/docs/guides/reasoning
 */
export function checkConversation(items: readonly Item[], memory: Memory): void {
  checkIds(items);
  checkCalls(items);
  checkReasoning(items, memory);
}

function checkIds(items: readonly Item[]): void {
  const seen = new Set<string>();
  for (const { id } of items) {
    if (typeof id !== "string") continue;
    if (seen.has(id)) {
      throw invalidRequest(
        `Duplicate item found with id ${id}. Remove duplicate items from your input and try again.`,
        "input",
      );
    }
    seen.add(id);
  }
}

function checkCalls(items: readonly Item[]): void {
  const open = new Map<string, Call>();
  for (const item of items) {
    if (isCall(item)) open.set(item.call_id, item);
    if (!isAnswer(item)) continue;
    const call = open.get(item.call_id);
    if (call === undefined || `${call.type}_output` !== item.type) throw noCall(item);
    if (call.type === "shell_call" && item.type === "shell_call_output") checkEcho(call, item);
    open.delete(item.call_id);
  }
  const [unanswered] = open.values();
  if (unanswered === undefined) return;
  const name = callNames[unanswered.type];
  throw invalidRequest(`No tool output found for ${name} ${unanswered.call_id}.`, "input");
}

function noCall({ type, call_id: id }: Answer): Error {
  const name = type.replaceAll("_", " ");
  return invalidRequest(`No tool call found for ${name} with call_id ${id}.`, "input");
}

/** The limit is the model's: it comes back with the output that was cut by it. */
function checkEcho(
  { action }: Extract<Item, { type: "shell_call" }>,
  answer: Extract<Item, { type: "shell_call_output" }>,
): void {
  const expected = action.max_output_length ?? null;
  if ((answer.max_output_length ?? null) === expected) return;
  throw invalidRequest(
    `Invalid 'max_output_length' of shell call output ${answer.call_id}: expected ${expected}, as in its shell call.`,
    "input",
    "invalid_value",
  );
}

function checkReasoning(items: readonly Item[], { origins }: Memory): void {
  const present = new Set<string>();
  for (const [index, item] of items.entries()) {
    if (item.type === "reasoning") {
      const id = reasoningIdOf(item);
      present.add(id);
      const next = origins.get(id)?.next;
      if (next === undefined || isSame(next, items[index + 1])) continue;
      throw invalidRequest(
        `Item '${id}' of type 'reasoning' was provided without its required following item.`,
        "input",
      );
    }
    if (typeof item.id !== "string") continue;
    const needed = origins.get(item.id)?.reasoningId;
    if (needed === undefined || present.has(needed)) continue;
    throw invalidRequest(
      `Item '${item.id}' of type '${item.type}' was provided without its required 'reasoning' item: '${needed}'.`,
      "input",
    );
  }
}

function reasoningIdOf(item: Extract<Item, { type: "reasoning" }>): string {
  if (typeof item.encrypted_content !== "string") return item.id ?? "";
  const sealed = unseal(item.encrypted_content);
  if (sealed.type === "reasoning") return sealed.id;
  throw invalidRequest(
    "The encrypted content could not be verified. Reason: It belongs to another item.",
    null,
    "invalid_encrypted_content",
  );
}

/** Ids may have been left out on the way, call ids not. */
function isSame(made: OutputItem, sent: Item | undefined): boolean {
  if (sent?.type !== made.type) return false;
  if (isCall(made) && isCall(sent)) return made.call_id === sent.call_id;
  return typeof sent.id !== "string" || sent.id === made.id;
}

function isCall(item: Item): item is Call {
  return item.type in callNames;
}

function isAnswer(item: Item): item is Answer {
  return item.type.endsWith("_output");
}
