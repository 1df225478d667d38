import { randomBytes } from "node:crypto";

import type { Dialect } from "./dialect.ts";

/** llama.cpp's server: one model, whatever it is called. https://github.com/ggml-org/llama.cpp/tree/master/tools/server */
export const llamacpp: Dialect = {
  quirks: {
    calls: "pieces",
    callIds: true,
    allAtIndexZero: false,
    args: "text",
    emptyContent: null,
    repeatsRole: false,
    callsFinish: "tool_calls",
    reasoning: "reasoning_content",
    checksModel: false,
    overflow: "error",
    readsHistory: true,
    strictFields: false,
    needsKey: false,
  },
  callId: () => randomBytes(16).toString("hex"),
  error: ({ status, message, type, more }) => ({
    error: { code: status, message, type: type ?? kinds[status] ?? "server_error", ...more },
  }),
  unauthorized: () => ({
    error: { code: 401, message: "Invalid API Key", type: "authentication_error" },
  }),
  unknownModel: (id) => ({ status: 404, message: `model '${id}' not found` }),
  noTools: () => ({ status: 500, message: "tools param requires --jinja flag" }),
  tooLong: ({ input, context }) => ({
    status: 400,
    message: `request (${input} tokens) exceeds the available context size (${context} tokens), try increasing it`,
    type: "exceed_context_size_error",
    more: { n_prompt_tokens: input, n_ctx: context },
  }),
  brokenArguments: () => ({
    status: 500,
    message: "Failed to parse tool call arguments as JSON",
  }),
  messages: { 429: "Too many requests", 500: "Internal error", 503: "Loading model" },
  stamp: { system_fingerprint: "b7062-twin" },
  message: {},
  model: (contextTokens) => ({ owned_by: "llamacpp", meta: { n_ctx_train: contextTokens } }),
};

const kinds: Readonly<Record<number, string>> = {
  400: "invalid_request_error",
  404: "not_found_error",
  503: "unavailable_error",
};
