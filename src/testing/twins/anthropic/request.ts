import { z } from "zod";

import type { Asked } from "./admit.ts";
import { asBlocks, Block, CacheControl, TextBlock } from "./blocks.ts";
import { contextManagement, type ContextManagement } from "./context-edits.ts";
import { Tool, ToolChoice } from "./tools.ts";
import { parsed } from "./wording.ts";

const Thinking = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("enabled"),
    budget_tokens: z.int().min(1024),
    display: z.enum(["summarized", "omitted"]).nullish(),
  }),
  z.strictObject({
    type: z.literal("adaptive"),
    display: z.enum(["summarized", "omitted"]).nullish(),
  }),
  z.strictObject({ type: z.literal("between_tools") }),
  z.strictObject({ type: z.literal("disabled") }),
]);

const prompt = {
  model: z.string().min(1),
  messages: z.array(
    z.strictObject({ role: z.enum(["user", "assistant"]), content: asBlocks(Block) }),
  ),
  system: asBlocks(TextBlock).optional(),
  tools: z.array(Tool).optional(),
  tool_choice: ToolChoice.optional(),
  thinking: Thinking.optional(),
  cache_control: CacheControl,
  output_config: z
    .strictObject({
      effort: z.enum(["low", "medium", "high", "xhigh", "max"]).nullish(),
      format: z.unknown().optional(),
    })
    .optional(),
};

const generation = {
  max_tokens: z.int().min(1),
  stream: z.boolean().optional(),
  stop_sequences: z.array(z.string().regex(/\S/)).optional(),
  metadata: z.strictObject({ user_id: z.string().max(256).nullish() }).optional(),
  service_tier: z.enum(["auto", "standard_only"]).optional(),
  speed: z.enum(["standard", "fast"]).nullish(),
  inference_geo: z.string().nullish(),
  container: z.unknown().optional(),
  diagnostics: z.unknown().optional(),
};

/** What the model reads: all that counts as input. */
const Prompt = z.strictObject(prompt);
export type Prompt = z.output<typeof Prompt> & {
  context_management?: ContextManagement | undefined;
};
export type Message = Prompt["messages"][number];

const CreateRequest = z.strictObject({ ...generation, ...prompt });
export type CreateRequest = z.output<typeof CreateRequest> & {
  context_management?: ContextManagement | undefined;
};

/** Gone since 2026-10-21. https://platform.claude.com/docs/en/api/migration-2026-10-21 */
const sampling = {
  temperature: z.number().min(0).max(1).optional(),
  top_p: z.number().min(0).max(1).optional(),
  top_k: z.int().min(0).optional(),
};

/** https://platform.claude.com/docs/en/api/messages/create */
export const parseCreate = (body: unknown, { version, betas }: Asked): CreateRequest =>
  parsed(
    CreateRequest.extend(contextManagement(betas)).extend(version === "2023-06-01" ? sampling : {}),
    body,
  );

/** https://platform.claude.com/docs/en/api/messages/count_tokens */
export const parseCount = (body: unknown, { betas }: Asked): Prompt =>
  parsed(Prompt.extend(contextManagement(betas)), body);
