import { messageOf } from "../../core/errors.ts";
import { type Compaction, type ModelKeys, modelOf, type ModelUrls } from "../../open-model.ts";
import { abilitiesOf } from "./abilities.ts";
import type { Check } from "./check.ts";

/** Whether each of the models that are to answer can be reached, and is there. */
export async function checkModels(
  names: readonly string[],
  options: CheckModelsOptions,
): Promise<readonly Check[]> {
  return Promise.all(names.map((name) => checkModel(name, options)));
}

export interface CheckModelsOptions {
  readonly keys: ModelKeys;
  readonly urls: ModelUrls;
  readonly compaction?: Compaction;
  readonly signal: AbortSignal;
}

async function checkModel(
  name: string,
  { signal, ...options }: CheckModelsOptions,
): Promise<Check> {
  const check = { name: `model ${name}` };
  try {
    const model = await modelOf(name, { ...options, tasks: [] });
    const found = await model.check?.({ signal });
    const abilities = abilitiesOf(model);
    if (!found) return { ...check, status: "ok", text: abilities };
    const { ok, text, hint } = found;
    return {
      ...check,
      status: ok ? "ok" : "fail",
      text: ok ? `${text}; ${abilities}` : text,
      ...(hint !== undefined && { hint }),
    };
  } catch (error) {
    signal.throwIfAborted();
    return { ...check, status: "fail", text: messageOf(error) };
  }
}
