import type { Model } from "../../model.ts";
import { checkVendor } from "../check-vendor.ts";
import { responsesClient } from "./client.ts";
import { countTokens } from "./count-tokens.ts";
import type { OpenaiModelOptions } from "./options.ts";
import { respond } from "./respond.ts";
import { settingsOf } from "./settings.ts";
import { nativeTools } from "./tools.ts";

/**
 * A model behind OpenAI's Responses API, by the package `openai`, which is loaded when the model is first called.
 *
 * https://platform.openai.com/docs/api-reference/responses
 *
 * @example
 * const model = openaiModel({ model: "gpt-5.6-luna", apiKey, reasoning: { effort: "high" } });
 *
 * @throws {OpsthreadError} `CONFIG_INVALID` for options that do not go together
 */
export function openaiModel({ apiKey, ...options }: OpenaiModelOptions): Model {
  const settings = settingsOf(options);
  const client = responsesClient({ apiKey, baseUrl: settings.baseUrl });
  const { name, contextTokens, native, isStored, isBackground } = settings;
  const { maxOutputTokens, compactAtTokens } = settings;
  return {
    name,
    capabilities: {
      contextTokens,
      ...(maxOutputTokens !== undefined && { outputTokens: maxOutputTokens }),
      ...(isStored && compactAtTokens !== undefined && { compactsAtTokens: compactAtTokens }),
      serverState: isStored,
      native: native ? nativeTools : [],
      resumes: isBackground,
    },
    respond: (request, { signal }) => respond(request, { settings, client, signal }),
    countTokens: (request, { signal }) => countTokens(request, { settings, client, signal }),
    check: ({ signal }) =>
      checkVendor({
        url: `${settings.baseUrl}/models/${encodeURIComponent(options.model)}`,
        headers: { authorization: `Bearer ${apiKey}` },
        model: options.model,
        keyVariable: "OPENAI_API_KEY",
        signal,
      }),
  };
}
