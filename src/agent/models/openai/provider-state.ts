import { z } from "zod";

import type { ModelResponse } from "../../../core/journal.ts";
import { WireItem } from "./wire.ts";

/**
 * What the driver keeps of an answer in the journal: the API's own items, so that the conversation goes on word for word
 * after the server has forgotten it, and the id by which the server knows it until then.
 */
const ProviderState = z.object({
  kind: z.literal("openai-responses"),
  /** Where it was made: ids and sealed reasoning mean nothing elsewhere. */
  endpoint: z.string(),
  family: z.string(),
  responseId: z.string(),
  /** Whether the server was asked to keep it. */
  stored: z.boolean(),
  output: z.array(WireItem).readonly(),
});
export type ProviderState = z.infer<typeof ProviderState>;

/** Who asks: only its own answers are taken word for word. */
export type Origin = Pick<ProviderState, "endpoint" | "family">;

/** The state of an answer that this origin made; undefined for anybody else's. */
export function stateOf({ provider }: ModelResponse, origin: Origin): ProviderState | undefined {
  const { success, data } = ProviderState.safeParse(provider);
  if (!success) return undefined;
  return data.endpoint === origin.endpoint && data.family === origin.family ? data : undefined;
}

/** What `started` says of a response in the background. */
export const Handle = z.object({
  kind: z.literal("openai-responses"),
  endpoint: z.string(),
  responseId: z.string(),
});
export type Handle = z.infer<typeof Handle>;
