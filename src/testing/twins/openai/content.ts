import { z } from "zod";

const cacheBreakpoint = z.unknown().optional();

/** What a user's message, or a tool's output, may consist of. */
export const InputPart = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("input_text"),
    text: z.string(),
    prompt_cache_breakpoint: cacheBreakpoint,
  }),
  z.strictObject({
    type: z.literal("input_image"),
    image_url: z.string().nullish(),
    file_id: z.string().nullish(),
    detail: z.enum(["low", "high", "auto", "original"]).nullish(),
    prompt_cache_breakpoint: cacheBreakpoint,
  }),
  z.strictObject({
    type: z.literal("input_file"),
    file_id: z.string().nullish(),
    file_data: z.string().nullish(),
    file_url: z.string().nullish(),
    filename: z.string().nullish(),
    detail: z.enum(["low", "high", "auto"]).nullish(),
    prompt_cache_breakpoint: cacheBreakpoint,
  }),
]);

/** What the model's own message consists of: `input_text` in an assistant's message is a 400. */
export const OutputPart = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("output_text"),
    text: z.string(),
    annotations: z.array(z.unknown()).optional(),
    logprobs: z.array(z.unknown()).optional(),
  }),
  z.strictObject({ type: z.literal("refusal"), refusal: z.string() }),
]);

/** A tool's output: text of at most 10 MiB of characters, or parts. */
export const Content = z.union([z.string().max(10_485_760), z.array(InputPart)]);
