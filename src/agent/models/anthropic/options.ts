import { OpsthreadError } from "../../../core/errors.ts";
import { limitsOf } from "./known-models.ts";

export interface AnthropicOptions {
  /** As the API names it: `claude-sonnet-5-5`. */
  readonly model: string;
  readonly apiKey: string;
  /** Default `https://api.anthropic.com`; also a gateway that speaks the Messages API. */
  readonly baseUrl?: string;
  /** Default: what is known of the model, else 200,000. */
  readonly contextTokens?: number;
  /** Of one answer, its thoughts included. Default 16,000; never more than the model can. */
  readonly maxOutputTokens?: number;
  /** Offers the shell and the editor in the form that the models were trained on. Default true. */
  readonly native?: boolean;
  /**
   * How much it thinks before it answers: by itself as it sees fit, up to a budget, or not at all. Which of these a model
   * takes depends on the model. Default: as the model does by itself.
   * https://platform.claude.com/docs/en/build-with-claude/extended-thinking, …/adaptive-thinking
   */
  readonly thinking?: { readonly budgetTokens: number } | "adaptive" | "off";
  /** How long the vendor keeps what it has read, so that the next step need not pay for it again. Default `5m`. */
  readonly cache?: "5m" | "1h" | false;
  /**
   * Lets the vendor replace the oldest tool results when the input grows over this. A beta.
   * https://platform.claude.com/docs/en/build-with-claude/context-editing
   */
  readonly clearToolUsesAtTokens?: number;
  /** More fields of the request's body. Its `tools`, such as the vendor's web search, are offered besides the agent's. */
  readonly extra?: Readonly<Record<string, unknown>>;
}

/** {@link AnthropicOptions} with everything filled in. */
export interface Settings extends Omit<Required<AnthropicOptions>, "thinking"> {
  readonly thinking: AnthropicOptions["thinking"];
  /** The model's name in words for people. */
  readonly name: string;
  /** Whether tools can be offered with a grammar. */
  readonly strict: boolean;
}

/** @throws {OpsthreadError} `CONFIG_INVALID` */
export function settingsOf(options: AnthropicOptions): Settings {
  const { model, apiKey, thinking } = options;
  const known = limitsOf(model);
  const maxOutputTokens = Math.min(
    options.maxOutputTokens ?? 16_000,
    known.maxOutputTokens ?? Infinity,
  );
  if (typeof thinking === "object") checkBudget(thinking.budgetTokens, maxOutputTokens);
  return {
    model,
    apiKey,
    thinking,
    maxOutputTokens,
    name: `anthropic/${model}`,
    strict: known.strict,
    baseUrl: options.baseUrl ?? "https://api.anthropic.com",
    contextTokens: options.contextTokens ?? known.contextTokens,
    native: options.native ?? true,
    cache: options.cache ?? "5m",
    clearToolUsesAtTokens: options.clearToolUsesAtTokens ?? 0,
    extra: options.extra ?? {},
  };
}

/** The API would refuse each call. https://platform.claude.com/docs/en/build-with-claude/extended-thinking */
function checkBudget(budgetTokens: number, maxOutputTokens: number): void {
  if (budgetTokens >= 1_024 && budgetTokens < maxOutputTokens) return;
  throw new OpsthreadError(
    "CONFIG_INVALID",
    `Cannot use thinking.budgetTokens: it is ${budgetTokens}, expected 1024 or more, and less than the ${maxOutputTokens} tokens of an answer (maxOutputTokens)`,
  );
}
