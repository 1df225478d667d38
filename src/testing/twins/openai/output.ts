import type { OutputItem } from "./items.ts";
import type { CreateRequest } from "./request.ts";
import type { ScriptedItem } from "./script.ts";
import { seal } from "./sealed.ts";

interface OutputContext {
  readonly request: CreateRequest;
  readonly nextId: (prefix: string) => string;
}

/** What the API makes of a scripted item. */
export function outputOf(item: ScriptedItem, { request, nextId }: OutputContext): OutputItem {
  const done = { status: "completed" } as const;
  switch (item.type) {
    case "message":
      return {
        ...done,
        type: "message",
        id: nextId("msg"),
        role: "assistant",
        content: [{ type: "output_text", text: item.text, annotations: [], logprobs: [] }],
        ...(item.phase === undefined ? {} : { phase: item.phase }),
      };
    case "refusal":
      return {
        ...done,
        type: "message",
        id: nextId("msg"),
        role: "assistant",
        content: [{ type: "refusal", refusal: item.text }],
      };
    case "reasoning": {
      const id = nextId("rs");
      // Only who asks gets it: https://platform.openai.com/docs/guides/reasoning#encrypted-reasoning-items
      const isAsked = request.include?.includes("reasoning.encrypted_content") === true;
      return {
        type: "reasoning",
        id,
        // Summaries are opt-in: https://platform.openai.com/docs/guides/reasoning#reasoning-summaries
        summary: isSummarised(request)
          ? item.summaries.map((text) => ({ type: "summary_text", text }))
          : [],
        ...(isAsked ? { encrypted_content: seal({ type: "reasoning", id }) } : {}),
      };
    }
    case "function_call":
      return {
        ...done,
        type: "function_call",
        id: nextId("fc"),
        call_id: item.callId ?? nextId("call"),
        name: item.name,
        arguments: item.input,
      };
    case "custom_tool_call":
      return {
        ...done,
        type: "custom_tool_call",
        id: nextId("ctc"),
        call_id: item.callId ?? nextId("call"),
        name: item.name,
        input: item.input,
      };
    case "shell_call":
      return {
        ...done,
        type: "shell_call",
        id: nextId("sh"),
        call_id: item.callId ?? nextId("call"),
        action: {
          commands: [...item.commands],
          timeout_ms: item.timeoutMs,
          max_output_length: item.maxOutputLength,
        },
        environment: request.tools?.find((tool) => tool.type === "shell")?.environment ?? null,
      };
    case "apply_patch_call":
      return {
        ...done,
        type: "apply_patch_call",
        id: nextId("apc"),
        call_id: item.callId ?? nextId("call"),
        operation: item.operation,
      };
  }
}

function isSummarised({ reasoning }: CreateRequest): boolean {
  return typeof (reasoning?.summary ?? reasoning?.generate_summary) === "string";
}
