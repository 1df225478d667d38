import { z } from "zod";

/** An item as the API gave it: kept as it is, read only where a driver has to. */
export const WireItem = z.looseObject({ type: z.string() });
export type WireItem = z.infer<typeof WireItem>;

const count = z.number().nonnegative().catch(0);

/** https://platform.openai.com/docs/api-reference/responses/object */
export const WireResponse = z.object({
  id: z.string(),
  status: z.string().nullish(),
  output: z.array(WireItem).catch([]),
  error: z.object({ code: z.string().nullish(), message: z.string().nullish() }).nullish(),
  incomplete_details: z.object({ reason: z.string().nullish() }).nullish(),
  usage: z
    .object({
      input_tokens: count,
      output_tokens: count,
      input_tokens_details: z
        .object({ cached_tokens: z.number().nullish(), cache_write_tokens: z.number().nullish() })
        .nullish(),
      output_tokens_details: z.object({ reasoning_tokens: z.number().nullish() }).nullish(),
    })
    .nullish(),
});
export type WireResponse = z.infer<typeof WireResponse>;

/** Statuses after which nothing more happens. */
export const isOver = ({ status }: WireResponse): boolean =>
  status !== "queued" && status !== "in_progress";

const sequence_number = z.number().int().optional();

/**
 * The events that a driver needs. There are many more, and new ones come without notice: whatever does not parse as one
 * of these is passed over. https://platform.openai.com/docs/api-reference/responses-streaming
 */
export const WireEvent = z.discriminatedUnion("type", [
  z.object({ type: z.literal("response.created"), sequence_number, response: WireResponse }),
  z.object({
    type: z.literal("response.output_text.delta"),
    sequence_number,
    output_index: z.number().optional(),
    delta: z.string(),
  }),
  z.object({ type: z.literal("response.output_item.done"), sequence_number, item: WireItem }),
  z.object({
    type: z.enum([
      "response.completed",
      "response.incomplete",
      "response.failed",
      "response.cancelled",
    ]),
    sequence_number,
    response: WireResponse,
  }),
  z.object({
    type: z.literal("error"),
    sequence_number,
    code: z.string().nullish(),
    message: z.string().nullish(),
    param: z.string().nullish(),
  }),
]);
export type WireEvent = z.infer<typeof WireEvent>;

/** What every event has, known or not. */
export const AnyEvent = z.looseObject({ type: z.string(), sequence_number });
