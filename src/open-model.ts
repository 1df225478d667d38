import type { Model } from "./agent/model.ts";
import { offlineModel } from "./agent/models/offline.ts";
import { resilientModel, type ResilientOptions } from "./agent/models/resilient.ts";
import { OpsthreadError } from "./core/errors.ts";
import type { Task } from "./tasks/task.ts";

/** Keys of the vendors whose models are asked for by name. Taken from the environment or from files, never from a config. */
export interface ModelKeys {
  readonly openai?: string | undefined;
  readonly anthropic?: string | undefined;
  /** For servers that are named by their address. Default: none is sent. */
  readonly compatible?: string | undefined;
}

/** Where vendors' APIs are, when not at the vendors': gateways, proxies, regions. */
export interface ModelUrls {
  readonly openai?: string | undefined;
  readonly anthropic?: string | undefined;
}

/**
 * Who makes a conversation shorter that grows too long: the harness, or the model's provider where it can (OpenAI). What a
 * provider makes of it only its own model can read, so that is for a model that is named alone.
 */
export type Compaction = "own" | "provider";

export interface OpenModelOptions extends ResilientOptions {
  readonly keys?: ModelKeys;
  readonly urls?: ModelUrls;
  /** Default `own`. */
  readonly compaction?: Compaction;
  /** What the offline planner knows. */
  readonly tasks: readonly Task[];
}

/**
 * The model of a name, or of several: where one can't answer, the next is asked.
 *
 * - `openai/<model>`, `anthropic/<model>`: the vendor's API;
 * - `http://host:11434/v1#<model>`: a server that speaks chat completions, such as Ollama, vLLM or llama.cpp;
 * - `offline`: the planner that needs no model.
 *
 * @throws {OpsthreadError} `CONFIG_INVALID` for a name of no such form, or one without a key
 */
export async function openModel(
  names: readonly string[],
  options: OpenModelOptions,
): Promise<Model> {
  const { compaction = "own", ...common } = options;
  const each = { ...common, compaction: names.length === 1 ? compaction : "own" } as const;
  const [first, ...others] = await Promise.all(names.map((name) => modelOf(name, each)));
  if (!first) throw invalid("no model is named");
  // The planner fails only by mistake, and waits for nobody.
  if (names.length === 1 && names[0] === "offline") return first;
  return resilientModel([first, ...others], options);
}

/** The model of one name, which does not try anything again. */
export async function modelOf(
  name: string,
  {
    keys = {},
    urls = {},
    compaction,
    tasks,
  }: Pick<OpenModelOptions, "keys" | "urls" | "compaction" | "tasks">,
): Promise<Model> {
  if (name === "offline") return offlineModel({ tasks });
  if (/^https?:\/\//.test(name)) return compatibleOf(name, keys.compatible);
  const [, vendor, model = ""] = /^(openai|anthropic)\/(.+)$/.exec(name) ?? [];
  if (vendor === "openai") {
    const { openaiModel } = await import("./agent/models/openai/openai.ts");
    const apiKey = keyOf(name, keys.openai, "OPENAI_API_KEY");
    const compacts = compaction === "provider" && { compactAtTokens: "auto" as const };
    return openaiModel({ model, apiKey, ...compacts, ...at(urls.openai) });
  }
  if (vendor === "anthropic") {
    const { anthropicModel } = await import("./agent/models/anthropic/anthropic.ts");
    const apiKey = keyOf(name, keys.anthropic, "ANTHROPIC_API_KEY");
    return anthropicModel({ model, apiKey, ...at(urls.anthropic) });
  }
  throw invalid(
    `"${name}" names none, expected "openai/<model>", "anthropic/<model>", "http://host/v1#<model>" or "offline"`,
  );
}

async function compatibleOf(name: string, apiKey: string | undefined): Promise<Model> {
  const url = URL.canParse(name) ? new URL(name) : undefined;
  const model = decodeURIComponent(url?.hash.slice(1) ?? "");
  if (!url || model === "")
    throw invalid(`"${name}" names no model, expected it after "#": http://host/v1#<model>`);
  url.hash = "";
  const { compatibleModel } = await import("./agent/models/compatible/compatible.ts");
  return compatibleModel({ baseUrl: url.href, model, ...(apiKey !== undefined && { apiKey }) });
}

function keyOf(name: string, key: string | undefined, variable: string): string {
  if (key !== undefined && key !== "") return key;
  throw invalid(`there is no key for "${name}", expected it in ${variable}`);
}

const at = (baseUrl: string | undefined): { readonly baseUrl?: string } =>
  baseUrl === undefined || baseUrl === "" ? {} : { baseUrl };

const invalid = (reason: string): OpsthreadError =>
  new OpsthreadError("CONFIG_INVALID", `Cannot use a model: ${reason}`);
