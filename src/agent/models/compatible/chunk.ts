import { z } from "zod";

const Text = z
  .union([
    z.string(),
    // Some gateways send parts, among them thoughts.
    z
      .array(z.looseObject({ type: z.string(), text: z.string().optional() }))
      .transform((parts) =>
        parts.map((part) => (part.type === "text" ? (part.text ?? "") : "")).join(""),
      ),
  ])
  .nullish()
  .transform((text) => text ?? "");

const CallPiece = z.looseObject({
  index: z.number().int().nonnegative().nullish(),
  id: z.string().nullish(),
  function: z
    .looseObject({
      name: z.string().nullish(),
      arguments: z.union([z.string(), z.record(z.string(), z.unknown())]).nullish(),
    })
    .nullish(),
});
export type CallPiece = z.output<typeof CallPiece>;

const Said = z.looseObject({
  content: Text,
  refusal: z.string().nullish(),
  tool_calls: z.array(CallPiece).nullish(),
});

const Counts = z.looseObject({
  prompt_tokens: z.number().nonnegative().nullish(),
  completion_tokens: z.number().nonnegative().nullish(),
  prompt_tokens_details: z.looseObject({ cached_tokens: z.number().nullish() }).nullish(),
  completion_tokens_details: z.looseObject({ reasoning_tokens: z.number().nullish() }).nullish(),
});
export type Counts = z.output<typeof Counts>;

/** A chunk of a stream, or a whole completion from servers that do not stream; thoughts are not looked at. */
export const Chunk = z.looseObject({
  choices: z
    .array(
      z.looseObject({
        delta: Said.nullish(),
        message: Said.nullish(),
        finish_reason: z.string().nullish(),
      }),
    )
    .nullish(),
  usage: Counts.nullish(),
  error: z.unknown().optional(),
  /** `error` where an error has no field of its own. */
  object: z.string().nullish(),
});
export type Chunk = z.output<typeof Chunk>;
