import { z } from "zod";

import { invalidRequest } from "./api-error.ts";
import { missing, parse } from "./parse.ts";
import { checkTools, Tool, ToolChoice } from "./tools.ts";

const shared = {
  model: z.string().min(1),
  /** Read item by item afterwards, so that a problem names the item. */
  input: z.union([z.string(), z.array(z.unknown())]).nullish(),
  instructions: z.string().nullish(),
  previous_response_id: z.string().nullish(),
  conversation: z.union([z.string(), z.strictObject({ id: z.string() })]).nullish(),
};

const generation = {
  tools: z.array(Tool).nullish(),
  tool_choice: ToolChoice.nullish(),
  parallel_tool_calls: z.boolean().nullish(),
  reasoning: z
    .strictObject({
      effort: z.enum(["none", "minimal", "low", "medium", "high", "xhigh", "max"]).nullish(),
      summary: z.enum(["auto", "concise", "detailed"]).nullish(),
      generate_summary: z.enum(["auto", "concise", "detailed"]).nullish(),
      context: z.enum(["auto", "current_turn", "all_turns"]).nullish(),
      mode: z.string().nullish(),
    })
    .nullish(),
  text: z
    .strictObject({
      format: z.looseObject({ type: z.enum(["text", "json_object", "json_schema"]) }).optional(),
      verbosity: z.enum(["low", "medium", "high"]).nullish(),
    })
    .nullish(),
  truncation: z.enum(["auto", "disabled"]).nullish(),
};

const cache = {
  /** The length is not documented; longer keys are refused in the wild. */
  prompt_cache_key: z.string().max(64).nullish(),
  prompt_cache_options: z
    .strictObject({
      mode: z.enum(["implicit", "explicit"]).optional(),
      ttl: z.literal("30m").optional(),
    })
    .nullish(),
  prompt_cache_retention: z.enum(["in_memory", "24h"]).nullish(),
  service_tier: z.enum(["auto", "default", "flex", "scale", "priority"]).nullish(),
};

const includable = [
  "file_search_call.results",
  "web_search_call.results",
  "web_search_call.action.sources",
  "message.input_image.image_url",
  "computer_call_output.output.image_url",
  "code_interpreter_call.outputs",
  "reasoning.encrypted_content",
  "message.output_text.logprobs",
] as const;

/** https://platform.openai.com/docs/api-reference/responses/create */
const CreateRequest = z.strictObject({
  ...shared,
  ...generation,
  ...cache,
  background: z.boolean().nullish(),
  context_management: z
    .array(
      z.strictObject({
        type: z.literal("compaction"),
        compact_threshold: z.number().int().positive().nullish(),
      }),
    )
    .nullish(),
  include: z.array(z.enum(includable)).nullish(),
  max_output_tokens: z.number().int().min(16).nullish(),
  max_tool_calls: z.number().int().positive().nullish(),
  metadata: z.record(z.string().max(64), z.string().max(512)).nullish(),
  /** Hashed by the caller. https://platform.openai.com/docs/guides/safety-best-practices#safety-identifiers */
  safety_identifier: z.string().max(64).nullish(),
  store: z.boolean().nullish(),
  stream: z.boolean().nullish(),
  stream_options: z.strictObject({ include_obfuscation: z.boolean().optional() }).nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  top_logprobs: z.number().int().min(0).max(20).nullish(),
  user: z.string().nullish(),
});
export type CreateRequest = z.infer<typeof CreateRequest>;

/** https://platform.openai.com/docs/api-reference/responses/compact */
const CompactRequest = z.strictObject({ ...shared, ...cache });

/** https://platform.openai.com/docs/api-reference/responses/input-tokens */
const CountRequest = z.strictObject({
  ...shared,
  ...generation,
  model: z.string().nullish(),
  personality: z.string().optional(),
});

export function parseCreate(body: unknown): CreateRequest {
  const request = parse(CreateRequest, body);
  checkState(request);
  const { metadata, background, store, stream, stream_options: streamOptions } = request;
  if (Object.keys(metadata ?? {}).length > 16) {
    throw invalidRequest(
      "Invalid 'metadata': too many properties. Expected an object with at most 16 properties.",
      "metadata",
      "object_above_max_properties",
    );
  }
  if (background === true && store === false) {
    throw invalidRequest("Background mode requires 'store' to be true.", "background");
  }
  if (streamOptions !== undefined && streamOptions !== null && stream !== true) {
    const message = "The 'stream_options' parameter is only allowed when 'stream' is enabled.";
    throw invalidRequest(message, "stream_options");
  }
  checkTools(request.tools ?? [], request.tool_choice ?? "auto");
  return request;
}

export function parseCompact(body: unknown): z.infer<typeof CompactRequest> {
  const request = parse(CompactRequest, body);
  checkState(request);
  return request;
}

export function parseCount(body: unknown): z.infer<typeof CountRequest> {
  const request = parse(CountRequest, body ?? {});
  checkState(request);
  checkTools(request.tools ?? [], request.tool_choice ?? "auto");
  return request;
}

type State = Pick<CreateRequest, "input" | "previous_response_id" | "conversation">;

/** https://platform.openai.com/docs/guides/conversation-state */
function checkState({ input, previous_response_id: previous, conversation }: State): void {
  const hasPrevious = previous !== undefined && previous !== null;
  if (conversation !== undefined && conversation !== null) {
    if (!hasPrevious) throw invalidRequest("The twin keeps no conversations.", "conversation");
    throw invalidRequest(
      "Mutually exclusive parameters: 'previous_response_id' and 'conversation'. Ensure you are only providing one of them.",
      "previous_response_id",
      "mutually_exclusive_parameters",
    );
  }
  if (!hasPrevious && (input === undefined || input === null)) throw missing("input");
}
