import { ChatRefusal, type Dialect } from "./dialect.ts";
import type { Message } from "./request.ts";

/**
 * Every call is answered by one of the messages right after it. OpenAI's words: the local servers do not look, and the model
 * then reads nonsense, so a client that does otherwise is wrong with all of them.
 * https://platform.openai.com/docs/guides/function-calling
 */
export function checkToolMessages(
  messages: readonly Message[],
  { hasIds, dialect }: { readonly hasIds: boolean; readonly dialect: Dialect },
): void {
  let open: string[] = [];
  let known = new Set<string>();
  for (const [index, message] of messages.entries()) {
    if (message.role === "tool") {
      const id = hasIds ? (message.tool_call_id ?? "") : (open[0] ?? "");
      if (known.size === 0)
        refuse(
          "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.",
          `messages.[${index}].role`,
        );
      if (!known.has(id))
        refuse(
          `Invalid parameter: 'tool_call_id' of '${id}' not found in 'tool_calls' of previous message.`,
          `messages.[${index}].tool_call_id`,
        );
      if (!open.includes(id))
        refuse(
          `Invalid parameter: Duplicate value for 'tool_call_id' of '${id}'.`,
          `messages.[${index}].tool_call_id`,
        );
      open = open.filter((one) => one !== id);
      continue;
    }
    checkAnswered(open, index);
    const ids = message.role === "assistant" ? idsOf(message, { index, hasIds }) : [];
    if (message.role === "assistant" && dialect.quirks.readsHistory)
      checkArguments(message, dialect);
    known = new Set(ids);
    open = [...ids];
  }
  checkAnswered(open, messages.length);
}

type Assistant = Extract<Message, { role: "assistant" }>;

function idsOf(
  { tool_calls = [], content }: Assistant,
  { index, hasIds }: { readonly index: number; readonly hasIds: boolean },
): readonly string[] {
  if (tool_calls.length === 0 && (content === null || content === undefined))
    refuse(
      `Invalid value for 'content': expected a string, got null.`,
      `messages.[${index}].content`,
    );
  const ids = tool_calls.map(({ id }, at) => (hasIds ? (id ?? "") : String(at)));
  if (ids.includes(""))
    refuse(
      `Missing required parameter: 'messages[${index}].tool_calls[${ids.indexOf("")}].id'.`,
      `messages[${index}].tool_calls[${ids.indexOf("")}].id`,
    );
  return ids;
}

function checkAnswered(open: readonly string[], index: number): void {
  if (open.length > 0)
    refuse(
      "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. " +
        `The following tool_call_ids did not have response messages: ${open.join(", ")}`,
      `messages.[${index}].role`,
    );
}

/** Templates of local models want the arguments as objects, so these servers parse what a client sends back. */
function checkArguments({ tool_calls = [] }: Assistant, dialect: Dialect): void {
  for (const { function: called } of tool_calls) {
    if (typeof called.arguments !== "string") continue;
    try {
      JSON.parse(called.arguments);
    } catch {
      throw new ChatRefusal(dialect.brokenArguments());
    }
  }
}

function refuse(message: string, param: string): never {
  throw new ChatRefusal({ status: 400, message, param });
}
