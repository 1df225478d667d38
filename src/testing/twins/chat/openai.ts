import { randomBytes } from "node:crypto";

import type { Dialect } from "./dialect.ts";

/** The original, and gateways that keep to it. https://platform.openai.com/docs/api-reference/chat */
export const openai: Dialect = {
  quirks: {
    calls: "pieces",
    callIds: true,
    allAtIndexZero: false,
    args: "text",
    emptyContent: null,
    repeatsRole: false,
    callsFinish: "tool_calls",
    reasoning: undefined,
    checksModel: true,
    overflow: "error",
    readsHistory: false,
    strictFields: true,
    needsKey: true,
  },
  callId: () => `call_${randomBytes(12).toString("hex")}`,
  error: ({ status, message, type, param = null, code = null, more }) => ({
    error: {
      message,
      type: type ?? kinds[status] ?? "invalid_request_error",
      param,
      code,
      ...more,
    },
  }),
  unauthorized: () => ({
    error: {
      message:
        "Incorrect API key provided. You can find your API key at https://platform.openai.com/account/api-keys.",
      type: "invalid_request_error",
      param: null,
      code: "invalid_api_key",
    },
  }),
  unknownModel: (id) => ({
    status: 404,
    message: `The model \`${id}\` does not exist or you do not have access to it.`,
    code: "model_not_found",
  }),
  noTools: () => ({
    status: 400,
    message: "Unsupported parameter: 'tools' is not supported with this model.",
    param: "tools",
    code: "unsupported_parameter",
  }),
  tooLong: ({ input, output, context }) => ({
    status: 400,
    message:
      output === 0
        ? `This model's maximum context length is ${context} tokens. However, your messages resulted in ${input} tokens. Please reduce the length of the messages.`
        : `This model's maximum context length is ${context} tokens. However, you requested ${input + output} tokens (${input} in the messages, ${output} in the completion). Please reduce the length of the messages or completion.`,
    param: "messages",
    code: "context_length_exceeded",
  }),
  brokenArguments: () => ({ status: 400, message: "Invalid value for 'arguments': not JSON." }),
  messages: {
    429: "Rate limit reached for requests",
    500: "The server had an error while processing your request. Sorry about that!",
    503: "The engine is currently overloaded, please try again later",
  },
  stamp: { service_tier: "default", system_fingerprint: "fp_twin" },
  message: { refusal: null, annotations: [] },
  model: () => ({ owned_by: "openai" }),
};

const kinds: Readonly<Record<number, string>> = {
  429: "rate_limit_exceeded",
  500: "server_error",
  503: "server_error",
};
