import { z } from "zod";

import type { ModelRequest } from "../../model.ts";
import { apiError } from "./api-error.ts";
import type { ResponsesClient } from "./client.ts";
import { troubleOf } from "./failure.ts";
import { wholeInput } from "./input.ts";
import { inputFor } from "./plan.ts";
import { requestBody } from "./request-body.ts";
import type { Settings } from "./settings.ts";

/** What the API would read, counted by it as the request would be sent: on top of what it keeps, where it keeps something. */
export async function countTokens(
  request: ModelRequest,
  {
    settings,
    client,
    signal,
  }: {
    readonly settings: Settings;
    readonly client: ResponsesClient;
    readonly signal: AbortSignal;
  },
): Promise<number> {
  signal.throwIfAborted();
  const input = inputFor("new", request, settings) ?? wholeInput(request.items, settings);
  const whole = requestBody(settings, request, input);
  const body = Object.fromEntries(Object.entries(whole).filter(([field]) => counted.has(field)));
  try {
    return Counted.parse(await client.countInput(body, signal)).input_tokens;
  } catch (error) {
    signal.throwIfAborted();
    throw apiError(settings.name, troubleOf(error));
  }
}

const Counted = z.object({ input_tokens: z.number().int().nonnegative() });

/** Of a request's fields, those that it may be counted with: the API refuses others. */
const counted: ReadonlySet<string> = new Set([
  "conversation",
  "input",
  "instructions",
  "model",
  "parallel_tool_calls",
  "personality",
  "previous_response_id",
  "reasoning",
  "text",
  "tool_choice",
  "tools",
  "truncation",
]);
