import type { Model, ModelEvent } from "../../model.ts";
import { checkVendor } from "../check-vendor.ts";
import { countTokens } from "./count-tokens.ts";
import { type AnthropicOptions, settingsOf } from "./options.ts";
import { answerOf } from "./respond.ts";

export type { AnthropicOptions } from "./options.ts";

/**
 * A model behind Anthropic's Messages API. The whole conversation is sent each time, and read from the vendor's cache as far
 * as it was sent before. Loads the vendor's SDK, `@anthropic-ai/sdk`, when it is first asked.
 * https://platform.claude.com/docs/en/api/messages/create
 *
 * @example
 * const model = anthropicModel({ model: "claude-sonnet-5-5", apiKey });
 *
 * @throws {OpsthreadError} `CONFIG_INVALID`
 */
export function anthropicModel(options: AnthropicOptions): Model {
  const settings = settingsOf(options);
  let opened: ReturnType<typeof open> | undefined;

  async function open() {
    const { Anthropic } = await import("@anthropic-ai/sdk");
    return new Anthropic({
      apiKey: settings.apiKey,
      baseURL: settings.baseUrl,
      maxRetries: 0,
      // It would write to the console, which is not ours.
      logLevel: "off",
    });
  }

  return {
    name: settings.name,
    capabilities: {
      contextTokens: settings.contextTokens,
      outputTokens: settings.maxOutputTokens,
      ...(settings.native && { native: ["shell", "text_editor"] as const }),
    },
    async *respond(request, { signal }): AsyncGenerator<ModelEvent> {
      signal.throwIfAborted();
      const client = await (opened ??= open());
      yield* answerOf(request, { client, settings, signal });
    },
    async countTokens(request, { signal }) {
      signal.throwIfAborted();
      const client = await (opened ??= open());
      return countTokens(request, { client, settings, signal });
    },
    check: ({ signal }) =>
      checkVendor({
        url: `${settings.baseUrl}/v1/models/${encodeURIComponent(options.model)}`,
        headers: { "x-api-key": options.apiKey, "anthropic-version": "2023-06-01" },
        model: options.model,
        keyVariable: "ANTHROPIC_API_KEY",
        signal,
      }),
  };
}
