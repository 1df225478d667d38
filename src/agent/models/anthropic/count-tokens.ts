import { z } from "zod";

import { noUsage } from "../../../core/spent.ts";
import type { ModelRequest } from "../../model.ts";
import { failureOf } from "./failure.ts";
import { bodyOf, headersOf } from "./request-body.ts";
import type { Connection } from "./respond.ts";
import { toolboxOf } from "./tools.ts";

/** What the API would read, counted by it. https://platform.claude.com/docs/en/build-with-claude/token-counting */
export async function countTokens(
  request: ModelRequest,
  { client, settings, signal }: Connection,
): Promise<number> {
  const whole = bodyOf(request, { settings, toolbox: toolboxOf(request.tools, settings) });
  const body = Object.fromEntries(Object.entries(whole).filter(([field]) => counted.has(field)));
  const headers = headersOf(settings);
  try {
    const told = await client.post("/v1/messages/count_tokens", { body, headers, signal });
    return Counted.parse(told).input_tokens;
  } catch (error) {
    signal.throwIfAborted();
    throw await failureOf(error, { model: settings.name, usage: noUsage });
  }
}

const Counted = z.object({ input_tokens: z.number().int().nonnegative() });

/** Of a request's fields, those that it may be counted with: the API refuses others. */
const counted: ReadonlySet<string> = new Set([
  "cache_control",
  "context_management",
  "messages",
  "model",
  "output_config",
  "speed",
  "system",
  "thinking",
  "tool_choice",
  "tools",
]);
