import { z } from "zod";

import { parsed } from "../arguments.ts";
import type { Ask, CompatibleProbe } from "./probe.ts";

interface Facts {
  readonly tools?: CompatibleProbe["tools"];
  readonly contextTokens?: number | undefined;
}

/**
 * What Ollama's own API tells, if it is one. The longest context that a model was made for is not what it runs with, so only
 * what is loaded, or set in its Modelfile, counts.
 * https://docs.ollama.com/api#show-model-information, …#list-running-models
 */
export async function ollamaFacts(
  ask: Ask,
  { url, model }: { readonly url: string; readonly model: string },
): Promise<Facts> {
  const { origin } = new URL(url);
  const shown = Shown.safeParse(parsed((await ask(`${origin}/api/show`, { model })).text));
  if (!shown.success) return {};
  const { capabilities, parameters } = shown.data;
  const running = Running.safeParse(parsed((await ask(`${origin}/api/ps`)).text));
  const loaded = running.data?.models.find(
    ({ name }) => name === model || name === `${model}:latest`,
  );
  const set = /^num_ctx\s+(\d+)/m.exec(parameters ?? "")?.[1];
  return {
    tools: capabilities.includes("tools") ? "yes" : "no",
    contextTokens: loaded?.context_length ?? (set === undefined ? undefined : Number(set)),
  };
}

const Shown = z.looseObject({
  capabilities: z.array(z.string()),
  parameters: z.string().nullish(),
});
const Running = z.looseObject({
  models: z.array(z.looseObject({ name: z.string(), context_length: z.number().optional() })),
});

/** What llama.cpp runs with may be less than what its model was trained for. */
export async function llamacppFacts(ask: Ask, url: string): Promise<Facts> {
  const props = Props.safeParse(parsed((await ask(`${new URL(url).origin}/props`)).text));
  return { contextTokens: props.data?.default_generation_settings.n_ctx };
}

const Props = z.looseObject({
  default_generation_settings: z.looseObject({ n_ctx: z.number().positive() }),
});
