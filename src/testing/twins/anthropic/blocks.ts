import { z } from "zod";

/** https://platform.claude.com/docs/en/build-with-claude/prompt-caching */
export const CacheControl = z
  .strictObject({ type: z.literal("ephemeral"), ttl: z.enum(["5m", "1h"]).optional() })
  .nullish();

const id = z.string().regex(/^[a-zA-Z0-9_-]+$/);

export const TextBlock = z.strictObject({
  type: z.literal("text"),
  text: z.string(),
  cache_control: CacheControl,
  citations: z.array(z.unknown()).nullish(),
});

const ImageBlock = z.strictObject({
  type: z.literal("image"),
  source: z.discriminatedUnion("type", [
    z.strictObject({
      type: z.literal("base64"),
      data: z.base64(),
      media_type: z.enum(["image/jpeg", "image/png", "image/gif", "image/webp"]),
    }),
    z.strictObject({ type: z.literal("url"), url: z.string() }),
    z.strictObject({ type: z.literal("file"), file_id: z.string() }),
  ]),
  cache_control: CacheControl,
  transformations: z.unknown().optional(),
});

/** Looked at no further than this: Opsthread sends none. */
const OtherInput = z.looseObject({
  type: z.enum(["document", "search_result", "container_upload"]),
  cache_control: CacheControl,
});

const Reference = z.strictObject({ type: z.literal("tool_reference"), tool_name: z.string() });

const ToolResultBlock = z.strictObject({
  type: z.literal("tool_result"),
  tool_use_id: id,
  content: asBlocks(
    z.discriminatedUnion("type", [TextBlock, ImageBlock, OtherInput, Reference]),
  ).optional(),
  is_error: z.boolean().optional(),
  cache_control: CacheControl,
  toolset_name: z.string().nullish(),
});

const toolUse = {
  id,
  name: z.string().min(1).max(200),
  input: z.record(z.string(), z.unknown()),
  cache_control: CacheControl,
  caller: z.looseObject({ type: z.string() }).optional(),
  toolset_name: z.string().nullish(),
};
const ToolUseBlock = z.strictObject({ type: z.literal("tool_use"), ...toolUse });
const ServerToolUseBlock = z.strictObject({ type: z.literal("server_tool_use"), ...toolUse });

const ServerResultBlock = z.looseObject({
  type: z.enum([
    "web_search_tool_result",
    "web_fetch_tool_result",
    "code_execution_tool_result",
    "bash_code_execution_tool_result",
    "text_editor_code_execution_tool_result",
    "tool_search_tool_result",
  ]),
  tool_use_id: id,
  cache_control: CacheControl,
});

const ThinkingBlock = z.strictObject({
  type: z.literal("thinking"),
  thinking: z.string(),
  signature: z.string(),
});

const RedactedThinkingBlock = z.strictObject({
  type: z.literal("redacted_thinking"),
  data: z.string(),
});

/** https://platform.claude.com/docs/en/build-with-claude/compaction */
const CompactionBlock = z.strictObject({
  type: z.literal("compaction"),
  content: z.string().nullish(),
  encrypted_content: z.string().nullish(),
  signature: z.string().nullish(),
  tool_changes: z.array(z.unknown()).nullish(),
  cache_control: CacheControl,
});

/** https://platform.claude.com/docs/en/api/messages/create */
export const Block = z.discriminatedUnion("type", [
  TextBlock,
  ImageBlock,
  OtherInput,
  ToolUseBlock,
  ServerToolUseBlock,
  ToolResultBlock,
  ServerResultBlock,
  ThinkingBlock,
  RedactedThinkingBlock,
  CompactionBlock,
]);
export type Block = z.output<typeof Block>;

/** A text is short for one block of text, and an empty text for none. */
export function asBlocks<B extends z.ZodType>(block: B) {
  return z.preprocess(
    (value) =>
      typeof value === "string" ? (value === "" ? [] : [{ type: "text", text: value }]) : value,
    z.array(block),
  );
}
