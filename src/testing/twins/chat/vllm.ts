import { randomBytes } from "node:crypto";

import type { Dialect } from "./dialect.ts";

/** vLLM. https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html, and `vllm/entrypoints` in its sources */
export const vllm: Dialect = {
  quirks: {
    calls: "pieces",
    callIds: true,
    allAtIndexZero: false,
    args: "text",
    emptyContent: null,
    repeatsRole: false,
    callsFinish: "tool_calls",
    // Versions before it was renamed say `reasoning_content`.
    reasoning: "reasoning",
    checksModel: true,
    overflow: "error",
    readsHistory: true,
    strictFields: false,
    needsKey: false,
  },
  callId: () => `chatcmpl-tool-${randomBytes(16).toString("hex")}`,
  // Versions before 0.11 have the same fields without the `error` around them.
  error: ({ status, message, type, param = null }) => ({
    error: { message, type: type ?? kinds[status] ?? "BadRequestError", param, code: status },
  }),
  unauthorized: () => ({ error: "Unauthorized" }),
  unknownModel: (id) => ({
    status: 404,
    message: `The model \`${id}\` does not exist.`,
    param: "model",
  }),
  noTools: () => ({
    status: 400,
    message:
      '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set',
  }),
  tooLong: ({ input, output, context }) => ({
    status: 400,
    message:
      `This model's maximum context length is ${context} tokens. However, you requested ${output} output tokens and your prompt ` +
      `contains at least ${input} input tokens, for a total of at least ${input + output} tokens. Please reduce the length of the ` +
      `input prompt or the number of requested output tokens. (parameter=input_tokens, value=${input})`,
    param: "input_tokens",
  }),
  brokenArguments: () => ({ status: 400, message: "Expecting value: line 1 column 1 (char 0)" }),
  messages: {
    429: "Too Many Requests",
    500: "EngineCore encountered an issue. See stack trace (above) for the root cause.",
    503: "The server is not ready",
  },
  stamp: {},
  message: { refusal: null, annotations: null, audio: null, function_call: null },
  model: (contextTokens) => ({ owned_by: "vllm", max_model_len: contextTokens }),
};

const kinds: Readonly<Record<number, string>> = {
  404: "NotFoundError",
  500: "InternalServerError",
  503: "ServiceUnavailableError",
};
