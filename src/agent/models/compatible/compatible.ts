import type { Model, ModelEvent } from "../../model.ts";
import { completionOf } from "./complete.ts";
import { type CompatibleOptions, serverOf } from "./options.ts";

export type { CompatibleOptions } from "./options.ts";
export { type CompatibleProbe, probeCompatible } from "./probe.ts";

/**
 * A model behind a server that speaks chat completions: Ollama, vLLM, llama.cpp, and gateways. The whole conversation is sent
 * each time, and nothing is taken for granted of what the server keeps. The model must be able to call tools.
 * https://platform.openai.com/docs/api-reference/chat, https://docs.ollama.com/api/openai-compatibility,
 * https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html, https://github.com/ggml-org/llama.cpp/tree/master/tools/server
 *
 * @example
 * const model = compatibleModel({ baseUrl: "http://127.0.0.1:11434/v1", model: "qwen3:8b", contextTokens: 32_768 });
 *
 * @throws {OpsthreadError} `CONFIG_INVALID`
 */
export function compatibleModel(options: CompatibleOptions): Model {
  const server = serverOf(options);
  const { model, contextTokens = 8_192, maxOutputTokens, extra = {} } = options;
  const name = `compatible/${model}`;
  return {
    name,
    capabilities: { contextTokens },
    async *respond(request, { signal }): AsyncGenerator<ModelEvent> {
      signal.throwIfAborted();
      yield* completionOf(request, { server, name, model, maxOutputTokens, extra, signal });
    },
  };
}
