import type { Anthropic } from "@anthropic-ai/sdk";
import { z } from "zod";

import type { ModelRequest } from "../../model.ts";
import { withBreakpoints } from "./caching.ts";
import { limitsOf } from "./known-models.ts";
import { messagesOf, type WireMessage } from "./messages.ts";
import type { Settings } from "./options.ts";
import { isThought } from "./provider.ts";
import type { Toolbox } from "./tools.ts";

/** A request as it goes out, but for the answers that paused. https://platform.claude.com/docs/en/api/messages/create */
export function bodyOf(
  request: ModelRequest,
  { settings, toolbox }: { readonly settings: Settings; readonly toolbox: Toolbox },
): Anthropic.MessageCreateParamsStreaming {
  const { model, cache, extra, clearToolUsesAtTokens } = settings;
  const messages = messagesOf(request.items, { model, toolbox });
  const more = ExtraTools.safeParse(extra["tools"]);
  const offered = [...toolbox.tools, ...(more.success ? more.data : [])];
  const tools = offered.length > 0 ? offered : formerTools(messages);
  const thinking = thinkingFor(messages, settings.thinking);
  const prompt = { tools, messages, system: systemOf(request.instructions, toolbox) };
  const marked = withBreakpoints(prompt, cache);
  return {
    ...extra,
    model,
    ...generationOf(request, settings),
    stream: true,
    messages: marked.messages,
    ...(marked.system.length > 0 && { system: marked.system }),
    ...(tools.length > 0 && { tools: marked.tools }),
    ...(tools.length > 0 && request.toolChoice === "none" && { tool_choice: { type: "none" } }),
    ...(thinking && { thinking }),
    ...(clearToolUsesAtTokens > 0 && clearing(clearToolUsesAtTokens)),
    // It says who asks without saying who that is.
    metadata: { user_id: request.sessionKey },
  };
}

/** What the agent wants, as far as the model takes it: with room for thoughts, and the API takes no temperature. */
function generationOf(
  { settings: wanted = {} }: ModelRequest,
  { model, thinking, maxOutputTokens: common }: Settings,
): Pick<Anthropic.MessageCreateParamsStreaming, "max_tokens" | "output_config"> {
  const { maxOutputTokens = common, effort } = wanted;
  const { maxOutputTokens: most = Infinity, effort: takesEffort } = limitsOf(model);
  const least = typeof thinking === "object" ? thinking.budgetTokens + 1 : 1;
  return {
    max_tokens: Math.max(least, Math.min(maxOutputTokens, most)),
    ...(effort && takesEffort && { output_config: { effort } }),
  };
}

const ExtraTools = z.array(
  z.custom<Anthropic.ToolUnion>(
    (value) => z.looseObject({ name: z.string() }).safeParse(value).success,
  ),
);

/** The vendor's own tools have no description, so the system prompt says what they do here. */
function systemOf(instructions: string, { descriptions }: Toolbox): Anthropic.TextBlockParam[] {
  const text = [
    instructions,
    ...(descriptions.length > 0
      ? ["About tools, which here work like this:", ...descriptions]
      : []),
  ].join("\n");
  return text.trim() === "" ? [] : [{ type: "text", text }];
}

/** Calls in the conversation need tools to be defined, also when none may be called any more. */
function formerTools(messages: readonly WireMessage[]): Anthropic.ToolUnion[] {
  const names = new Set(
    messages.flatMap(({ role, content }) =>
      role === "assistant"
        ? content.flatMap((block) => (block.type === "tool_use" ? [block.name] : []))
        : [],
    ),
  );
  return [...names].map((name) => ({
    name,
    description: "Can't be called any more.",
    input_schema: { type: "object" },
  }));
}

/**
 * With a budget, the answers since the last message of a person must begin with a thought: not so when another model, or one
 * without thoughts, gave them. Then this step goes without.
 * https://platform.claude.com/docs/en/build-with-claude/extended-thinking#toggling-thinking-modes-in-conversations
 */
function thinkingFor(
  messages: readonly WireMessage[],
  thinking: Settings["thinking"],
): Anthropic.ThinkingConfigParam | undefined {
  if (thinking === undefined) return undefined;
  if (thinking === "adaptive") return { type: "adaptive" };
  if (thinking === "off") return { type: "disabled" };
  const asked = messages.findLastIndex(
    ({ role, content }) => role === "user" && content[0]?.type !== "tool_result",
  );
  const first = messages.slice(asked + 1).find(({ role }) => role === "assistant");
  const begun = first?.role === "assistant" ? first.content[0] : undefined;
  return begun === undefined || isThought(begun)
    ? { type: "enabled", budget_tokens: thinking.budgetTokens }
    : { type: "disabled" };
}

/** Clearing spoils the cache from there on, so it should be worth it. */
const clearing = (tokens: number): object => ({
  context_management: {
    edits: [
      {
        type: "clear_tool_uses_20250919",
        trigger: { type: "input_tokens", value: tokens },
        clear_at_least: { type: "input_tokens", value: Math.ceil(tokens / 10) },
      },
    ],
  },
});

/** https://platform.claude.com/docs/en/build-with-claude/context-editing */
export const headersOf = ({ clearToolUsesAtTokens }: Settings): Readonly<Record<string, string>> =>
  clearToolUsesAtTokens > 0 ? { "anthropic-beta": "context-management-2025-06-27" } : {};
