import { z } from "zod";

import { messageOf } from "../../../core/errors.ts";
import { parsed } from "../arguments.ts";
import { boundedText } from "./bounded-text.ts";
import { lacksTools, toldBy } from "./failure.ts";
import { type CompatibleOptions, serverOf } from "./options.ts";
import { llamacppFacts, ollamaFacts } from "./probe-natives.ts";

/** What a server says of itself and a model; nothing is guessed. */
export interface CompatibleProbe {
  /** Something answers there. */
  readonly reachable: boolean;
  readonly models: readonly string[];
  readonly hasModel: boolean;
  /** `yes`: a request with a tool is taken; whether the model calls it well is another matter. */
  readonly tools: "yes" | "no" | "unknown";
  /** Input and output together, as it runs now. Absent: the server does not tell. */
  readonly contextTokens?: number;
  /** Why there are no models. */
  readonly problem?: string;
}

/**
 * Asks a server which models it has, and what one of them can. May load the model, and lets it say one token.
 * https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html, https://docs.ollama.com/api,
 * https://github.com/ggml-org/llama.cpp/tree/master/tools/server
 *
 * @throws {OpsthreadError} `CONFIG_INVALID`; the signal's reason when it aborts
 */
export async function probeCompatible({
  model,
  signal,
  ...options
}: Pick<CompatibleOptions, "baseUrl" | "apiKey" | "model"> & {
  readonly signal: AbortSignal;
}): Promise<CompatibleProbe> {
  const { url, headers } = serverOf(options);
  const ask: Ask = async (address, body) => {
    try {
      const response = await fetch(address, {
        method: body === undefined ? "GET" : "POST",
        headers: { ...headers, "content-type": "application/json" },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        signal,
      });
      return { status: response.status, text: await boundedText(response, 4 * 1024 * 1024) };
    } catch (error) {
      signal.throwIfAborted();
      // What `fetch` throws says no more than that it failed.
      const { cause = error } = error instanceof Error ? error : {};
      return { status: 0, text: messageOf(cause) };
    }
  };
  const { status, text } = await ask(`${url}/models`);
  const list = Models.safeParse(parsed(text));
  if (status !== 200 || !list.success) {
    const problem = toldBy(text).message || `status ${status}`;
    return { reachable: status !== 0, models: [], hasModel: false, tools: "unknown", problem };
  }
  const { data } = list.data;
  const entry =
    data.find(({ id }) => id === model || id === `${model}:latest`) ??
    // llama.cpp has one model, and does not look at the name.
    data.find(({ owned_by }) => owned_by === "llamacpp" && data.length === 1);
  const models = data.map(({ id }) => id);
  if (entry === undefined) return { reachable: true, models, hasModel: false, tools: "unknown" };
  const told =
    entry.owned_by === "llamacpp"
      ? await llamacppFacts(ask, url)
      : await ollamaFacts(ask, { url, model });
  const contextTokens = told.contextTokens ?? entry.max_model_len ?? entry.meta?.n_ctx_train;
  return {
    reachable: true,
    models,
    hasModel: true,
    tools: told.tools ?? (await triedTools(ask, { url, model })),
    ...(typeof contextTokens === "number" && { contextTokens }),
  };
}

/** Gives status 0, and the reason, when nobody answers. */
export type Ask = (
  address: string,
  body?: object,
) => Promise<{ readonly status: number; readonly text: string }>;

const Models = z.looseObject({
  data: z.array(
    z.looseObject({
      id: z.string(),
      owned_by: z.string().nullish(),
      max_model_len: z.number().positive().nullish(),
      meta: z.looseObject({ n_ctx_train: z.number().positive().nullish() }).nullish(),
    }),
  ),
});

/** The only way that all servers have to say it: whether they take a request with a tool. */
async function triedTools(
  ask: Ask,
  { url, model }: { readonly url: string; readonly model: string },
): Promise<CompatibleProbe["tools"]> {
  const { status, text } = await ask(`${url}/chat/completions`, {
    model,
    max_tokens: 1,
    messages: [{ role: "user", content: "Hello" }],
    tools: [
      {
        type: "function",
        function: {
          name: "ping",
          description: "Does nothing.",
          parameters: { type: "object", properties: {} },
        },
      },
    ],
  });
  if (status === 200) return "yes";
  return lacksTools(toldBy(text, status)) ? "no" : "unknown";
}
