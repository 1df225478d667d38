import type { Anthropic } from "@anthropic-ai/sdk";
import { z } from "zod";

/** What a response keeps for the next request: the answer's blocks as they came. */
export interface Provider {
  readonly kind: "anthropic-messages";
  readonly model: string;
  readonly content: readonly Anthropic.ContentBlockParam[];
}

/** Reads it back; undefined when the answer is another vendor's. */
export function providerOf(value: unknown): Provider | undefined {
  const result = Provider.safeParse(value);
  return result.success ? result.data : undefined;
}

/** The API looks at the rest, and only what it has sent itself is kept here. */
const KnownBlock = z.looseObject({ type: z.string() });
const Provider = z.object({
  kind: z.literal("anthropic-messages"),
  model: z.string(),
  content: z.array(
    z.custom<Anthropic.ContentBlockParam>((value) => KnownBlock.safeParse(value).success),
  ),
});

export const isThought = ({ type }: Anthropic.ContentBlockParam): boolean =>
  type === "thinking" || type === "redacted_thinking";

/** The API refuses texts without a visible character. */
export const isBlank = (block: Anthropic.ContentBlockParam): boolean =>
  block.type === "text" && block.text.trim() === "";
