import { OpsthreadError } from "../../../core/errors.ts";
import { familyOf, knownModel } from "./known-models.ts";
import type { OpenaiModelOptions } from "./options.ts";
import type { Origin } from "./provider-state.ts";

/** The options with everything decided. */
export interface Settings extends Pick<
  OpenaiModelOptions,
  "model" | "reasoning" | "maxOutputTokens" | "extra"
> {
  readonly name: string;
  readonly baseUrl: string;
  readonly contextTokens: number;
  /** Undefined: never. */
  readonly compactAtTokens: number | undefined;
  readonly native: boolean;
  /** Its reasoning is asked for in sealed form, so that it outlives the server's state. */
  readonly reasons: boolean;
  readonly isStored: boolean;
  readonly isBackground: boolean;
  readonly origin: Origin;
}

export function settingsOf(options: Omit<OpenaiModelOptions, "apiKey">): Settings {
  const { model, baseUrl = "https://api.openai.com/v1", state = "server", reasoning } = options;
  const known = knownModel(model);
  const isStored = state === "server";
  const { contextTokens = known.contextTokens, compactAtTokens: compactAt } = options;
  if (options.background === true && !isStored) {
    throw new OpsthreadError(
      "CONFIG_INVALID",
      `Cannot use "${model}" in the background: its state is "none", expected "server"`,
    );
  }
  return {
    ...options,
    name: `openai/${model}`,
    baseUrl,
    contextTokens,
    compactAtTokens: compactAt === "auto" ? Math.floor(contextTokens * compactShare) : compactAt,
    native: options.native ?? known.native,
    reasons: known.reasons || reasoning !== undefined,
    isStored,
    isBackground: isStored && wantsBackground(options),
    origin: { endpoint: endpointOf(baseUrl), family: familyOf(model) },
  };
}

const compactShare = 0.6;

/** With more effort answers take minutes, which is worth what background costs: a slower first token. */
function wantsBackground({
  background = "auto",
  reasoning,
}: Pick<OpenaiModelOptions, "background" | "reasoning">): boolean {
  if (background !== "auto") return background;
  return ["high", "xhigh", "max"].includes(reasoning?.effort ?? "");
}

/** Kept in the journal, so nothing secret of the address may be in it. */
function endpointOf(baseUrl: string): string {
  if (!URL.canParse(baseUrl)) {
    throw new OpsthreadError(
      "CONFIG_INVALID",
      `Cannot use the base URL "${baseUrl}": it is no URL, expected one like https://api.openai.com/v1`,
    );
  }
  const { origin, pathname } = new URL(baseUrl);
  return `${origin}${pathname.replace(/\/+$/, "")}`;
}
