import { z } from "zod";

/** One difference, with what is secret masked. */
export const DiffChange = z.object({
  /** The Kubernetes object or document that it is in, where a file has several. */
  document: z.string().optional(),
  path: z.string(),
  kind: z.enum(["added", "removed", "changed", "type-changed", "moved"]),
  before: z.string().optional(),
  after: z.string().optional(),
  /** Something in it is secret and not shown. */
  masked: z.boolean(),
  beforeLine: z.number().int().positive().optional(),
  afterLine: z.number().int().positive().optional(),
  /** What it means, in a few words. */
  note: z.string().optional(),
  /** It is one of the changes that a person should look at. */
  risk: z.boolean(),
});
export type DiffChange = z.infer<typeof DiffChange>;

export const DiffPair = z.object({
  before: z.string(),
  after: z.string(),
  /** `text`: only the lines could be compared. */
  format: z.enum(["yaml", "json", "toml", "ini", "env", "text", "binary"]),
  /** The files say the same. */
  equal: z.boolean(),
  /** All differences, also those that are not in `changes`. */
  total: z.number().int().nonnegative(),
  counts: z.record(z.string(), z.number()),
  /** Differences that were left out, by what they are in. */
  ignored: z.record(z.string(), z.number()),
  /** What a reader should know about the files themselves. */
  notes: z.array(z.string()).readonly(),
  /** The weightiest first. */
  changes: z.array(DiffChange).readonly(),
  /** How many more there are than in `changes`. */
  cut: z.number().int().nonnegative(),
});
export type DiffPair = z.infer<typeof DiffPair>;

/** The `data` of the diff task's result. */
export const DiffData = z.object({ pairs: z.array(DiffPair).readonly() });
export type DiffData = z.infer<typeof DiffData>;
