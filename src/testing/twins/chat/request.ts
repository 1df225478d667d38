import { z } from "zod";

import { ChatRefusal, type Quirks } from "./dialect.ts";

const Text = z.union([
  z.string(),
  z.array(
    z.discriminatedUnion("type", [
      z.looseObject({ type: z.literal("text"), text: z.string() }),
      z.looseObject({
        type: z.literal("image_url"),
        image_url: z.looseObject({ url: z.string() }),
      }),
    ]),
  ),
]);

const ToolCall = z.looseObject({
  id: z.string().optional(),
  type: z.literal("function").optional(),
  // An object comes back from servers that send one, and only they take it.
  function: z.looseObject({
    name: z.string(),
    arguments: z.union([z.string(), z.record(z.string(), z.unknown())]),
  }),
});

const Message = z.discriminatedUnion("role", [
  z.looseObject({ role: z.enum(["developer", "system", "user"]), content: Text }),
  z.looseObject({
    role: z.literal("assistant"),
    content: Text.nullish(),
    tool_calls: z.array(ToolCall).min(1).optional(),
  }),
  z.looseObject({ role: z.literal("tool"), content: Text, tool_call_id: z.string().optional() }),
]);
export type Message = z.output<typeof Message>;

const Tool = z.looseObject({
  type: z.literal("function"),
  function: z.looseObject({
    name: z.string().regex(/^[a-zA-Z0-9_-]{1,64}$/),
    description: z.string().optional(),
    parameters: z.looseObject({ type: z.literal("object") }).optional(),
    strict: z.boolean().nullish(),
  }),
});

const ChatRequest = z.looseObject({
  model: z.string(),
  messages: z.array(Message).min(1),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().optional() }).nullish(),
  tools: z.array(Tool).optional(),
  tool_choice: z
    .union([
      z.enum(["none", "auto", "required"]),
      z.looseObject({ type: z.literal("function"), function: z.looseObject({ name: z.string() }) }),
    ])
    .optional(),
  parallel_tool_calls: z.boolean().optional(),
  max_tokens: z.int().min(1).nullish(),
  max_completion_tokens: z.int().min(1).nullish(),
});
export type ChatRequest = z.output<typeof ChatRequest>;

/** https://platform.openai.com/docs/api-reference/chat/create */
export function parseRequest(body: unknown, { strictFields, args }: Quirks): ChatRequest {
  const result = ChatRequest.safeParse(body);
  if (!result.success) {
    const issue = result.error.issues[0];
    const param = (issue?.path ?? []).reduce<string>(
      (path, step) =>
        path + (typeof step === "number" ? `[${step}]` : `${path && "."}${String(step)}`),
      "",
    );
    throw new ChatRefusal({
      status: 400,
      message: `Invalid value for '${param}': ${issue?.message}.`,
      param,
    });
  }
  const request = result.data;
  const strange = Object.keys(request).find((field) => !fields.has(field));
  if (strictFields && strange !== undefined)
    throw new ChatRefusal({
      status: 400,
      message: `Unknown parameter: '${strange}'.`,
      param: strange,
      code: "unknown_parameter",
    });
  checkOptions(request, strictFields);
  if (args === "text") checkTextArguments(request.messages);
  return request;
}

function checkOptions(request: ChatRequest, isStrict: boolean): void {
  const { stream, stream_options, tools, tool_choice } = request;
  const refuse = (param: string, message: string): never => {
    throw new ChatRefusal({ status: 400, message, param });
  };
  if (stream_options && stream !== true)
    refuse(
      "stream_options",
      "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
    );
  if (isStrict && tools?.length === 0)
    refuse(
      "tools",
      "Invalid 'tools': empty array. Expected an array with minimum length 1, but got an empty array instead.",
    );
  if (isStrict && tool_choice !== undefined && tools === undefined)
    refuse(
      "tool_choice",
      "Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are specified.",
    );
  if (
    typeof tool_choice === "object" &&
    !(tools ?? []).some((tool) => tool.function.name === tool_choice.function.name)
  )
    refuse("tool_choice", `Tool choice '${tool_choice.function.name}' not found in 'tools'.`);
}

function checkTextArguments(messages: readonly Message[]): void {
  for (const [index, message] of messages.entries()) {
    if (message.role !== "assistant") continue;
    const at = (message.tool_calls ?? []).findIndex(
      (call) => typeof call.function.arguments !== "string",
    );
    if (at === -1) continue;
    const param = `messages[${index}].tool_calls[${at}].function.arguments`;
    throw new ChatRefusal({
      status: 400,
      message: `Invalid type for '${param}': expected a string, but got an object instead.`,
      param,
      code: "invalid_type",
    });
  }
}

/** As the types of the vendor's client have them. */
const fields = new Set([
  ...Object.keys(ChatRequest.shape),
  ...(
    "audio frequency_penalty logit_bias logprobs metadata modalities n prediction presence_penalty prompt_cache_key " +
    "reasoning_effort response_format safety_identifier seed service_tier stop store temperature top_logprobs top_p user verbosity"
  ).split(" "),
]);
