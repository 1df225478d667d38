import { randomBytes } from "node:crypto";

import type { Dialect } from "./dialect.ts";

/**
 * Ollama. A call is one chunk, every chunk has a role and content, a prompt that is too long loses its middle in silence.
 * https://docs.ollama.com/api/openai-compatibility, and `openai/openai.go` in its sources
 */
export const ollama: Dialect = {
  quirks: {
    calls: "whole",
    callIds: true,
    allAtIndexZero: false,
    args: "text",
    emptyContent: "",
    repeatsRole: true,
    callsFinish: "tool_calls",
    reasoning: "reasoning",
    checksModel: true,
    overflow: "truncate",
    readsHistory: true,
    strictFields: false,
    needsKey: false,
  },
  callId: () => `call_${randomBytes(4).toString("hex")}`,
  error: ({ status, message, type }) => ({
    error: { message, type: type ?? kinds[status] ?? "api_error", param: null, code: null },
  }),
  unauthorized: () => ({ error: "unauthorized" }),
  unknownModel: (id) => ({ status: 404, message: `model '${id}' not found` }),
  noTools: (model) => ({
    status: 400,
    message: `registry.ollama.ai/library/${model} does not support tools`,
  }),
  // The runner's own error, as text: newer versions pass it on where they do not cut the prompt.
  tooLong: ({ input, context }) => ({
    status: 400,
    message: JSON.stringify({
      error: {
        code: 400,
        message: `request (${input} tokens) exceeds the available context size (${context} tokens), try increasing it`,
        type: "exceed_context_size_error",
        n_prompt_tokens: input,
        n_ctx: context,
      },
    }),
  }),
  brokenArguments: () => ({ status: 400, message: "invalid tool call arguments" }),
  messages: {
    429: "too many requests",
    500: "llama runner process has terminated",
    503: "server busy, please try again. maximum pending requests exceeded",
  },
  stamp: { system_fingerprint: "fp_ollama" },
  message: {},
  model: () => ({ owned_by: "library" }),
};

/** Older versions say `api_error` for all. */
const kinds: Readonly<Record<number, string>> = {
  400: "invalid_request_error",
  404: "not_found_error",
};
