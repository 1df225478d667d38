import type { Anthropic } from "@anthropic-ai/sdk";

import type { WireMessage } from "./messages.ts";
import type { Settings } from "./options.ts";

/**
 * Marks where the vendor keeps what it has read, at most four places: after the tools, after the instructions, and after the
 * newest two user messages. What one step writes at its end, the next finds at the second newest.
 * https://platform.claude.com/docs/en/build-with-claude/prompt-caching
 */
export function withBreakpoints(
  prompt: {
    readonly tools: readonly Anthropic.ToolUnion[];
    readonly system: readonly Anthropic.TextBlockParam[];
    readonly messages: readonly WireMessage[];
  },
  cache: Settings["cache"],
): {
  readonly tools: Anthropic.ToolUnion[];
  readonly system: Anthropic.TextBlockParam[];
  readonly messages: Anthropic.MessageParam[];
} {
  const { tools, system, messages } = prompt;
  const users = messages.flatMap(({ role }, index) => (role === "user" ? [index] : []));
  const marked = new Set(users.slice(-2));
  const control: Marker =
    cache === false ? {} : { cache_control: { type: "ephemeral", ttl: cache } };
  return {
    tools: markLast(tools, control),
    system: markLast(system, control),
    messages: messages.map((message, index) =>
      message.role === "user"
        ? {
            role: "user",
            content: marked.has(index) ? markLast(message.content, control) : [...message.content],
          }
        : { role: "assistant", content: [...message.content] },
    ),
  };
}

interface Marker {
  readonly cache_control?: Anthropic.CacheControlEphemeral;
}

const markLast = <Block extends object>(blocks: readonly Block[], control: Marker): Block[] =>
  blocks.map((block, index) => (index === blocks.length - 1 ? { ...block, ...control } : block));
