import type { Model, ModelCheck, ModelEvent } from "../../model.ts";
import { completionOf } from "./complete.ts";
import { type CompatibleOptions, serverOf } from "./options.ts";
import { type CompatibleProbe, probeCompatible } from "./probe.ts";

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
    capabilities: {
      contextTokens,
      ...(maxOutputTokens !== undefined && { outputTokens: maxOutputTokens }),
    },
    async *respond(request, { signal }): AsyncGenerator<ModelEvent> {
      signal.throwIfAborted();
      yield* completionOf(request, { server, name, model, maxOutputTokens, extra, signal });
    },
    check: async ({ signal }) => checkOf(await probeCompatible({ ...options, signal }), model),
  };
}

function checkOf(
  { reachable, models, hasModel, tools, contextTokens, problem }: CompatibleProbe,
  model: string,
): ModelCheck {
  if (!reachable)
    return {
      ok: false,
      text: problem ?? "nobody answers",
      hint: "Start the server, or check its address",
    };
  if (!hasModel)
    return {
      ok: false,
      text: problem ?? `there is no model "${model}", but ${models.join(", ") || "none"}`,
      hint: "Check the key, or the model's name after #",
    };
  if (tools === "no")
    return {
      ok: false,
      text: `the model "${model}" can't call tools here`,
      hint: "Choose one that can, or turn it on: vLLM --enable-auto-tool-choice, llama.cpp --jinja",
    };
  const window = contextTokens === undefined ? "" : `, it runs with ${contextTokens} tokens`;
  return { ok: true, text: `the model is there, tools: ${tools}${window}` };
}
