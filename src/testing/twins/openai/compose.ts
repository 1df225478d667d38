import { scriptMistake } from "./api-error.ts";
import { isOverThreshold, newCompaction } from "./compaction.ts";
import type { OutputItem } from "./items.ts";
import { endIncomplete, limitOutput, outputTokensOf } from "./limit-output.ts";
import type { Memory } from "./memory.ts";
import { outputOf } from "./output.ts";
import type { Prepared } from "./prepare.ts";
import type { CreateRequest } from "./request.ts";
import { newResponse, type ResponseBody } from "./response.ts";
import type { Answer, ScriptedItem } from "./script.ts";
import { cachedTokens } from "./tokens.ts";

/** The response as it will be in the end, from what the script says. */
export function compose(
  answer: Answer,
  {
    request,
    prepared,
    memory,
  }: { readonly request: CreateRequest; readonly prepared: Prepared; readonly memory: Memory },
): ResponseBody {
  for (const item of answer.items) checkPossible(item, request);
  if (request.parallel_tool_calls === false && answer.items.filter(isCall).length > 1) {
    throw scriptMistake("Cannot call tools in parallel: the request has parallel_tool_calls false");
  }
  const response = newResponse(memory.nextId("resp"), request);
  const costs = new Map<OutputItem, number>();
  const made = answer.items.map((item) => {
    const output = outputOf(item, { request, nextId: memory.nextId });
    costs.set(output, item.type === "reasoning" ? item.tokens : outputTokensOf(output));
    return output;
  });
  const costOf = (item: OutputItem): number => costs.get(item) ?? outputTokensOf(item);
  const maxTokens = request.max_output_tokens ?? Number.POSITIVE_INFINITY;
  const { items, isCut } = limitOutput(made, { maxTokens, costOf });
  const { ending } = answer;
  const isIncomplete = isCut || ending.type === "incomplete";
  const compacts = prepared.isCompacting || isOverThreshold(request, prepared.promptTokens);
  const output = [
    ...(compacts ? [newCompaction(memory, { keepsUserMessages: false })] : []),
    ...(ending.type === "incomplete" ? endIncomplete(items) : items),
  ];
  rememberOrigins(output, memory);
  const usage = usageOf(prepared.prompt, {
    outputTokens: items.reduce((sum, item) => sum + costOf(item), 0),
    reasoningTokens: items.reduce(
      (s, item) => s + (item.type === "reasoning" ? costOf(item) : 0),
      0,
    ),
    earlier: earlierPrompts(request, memory),
  });
  if (ending.type === "failed" || ending.type === "error") {
    const { code, message } = ending;
    return { ...response, status: "failed", error: { code, message }, output };
  }
  if (!isIncomplete) {
    const completedAt = Math.floor(Date.now() / 1000);
    return { ...response, status: "completed", completed_at: completedAt, output, usage };
  }
  const reason = ending.type === "incomplete" ? ending.reason : "max_output_tokens";
  return { ...response, status: "incomplete", incomplete_details: { reason }, output, usage };
}

/** A script may not have the model do what the request does not let it. */
function checkPossible(item: ScriptedItem, { tools, tool_choice: choice }: CreateRequest): void {
  if (!isCall(item)) return;
  const name = "name" in item ? item.name : item.type.replace(/_call$/, "");
  if (choice === "none") {
    throw scriptMistake(`Cannot call ${name}: the request has tool_choice none`);
  }
  if ("isMadeUp" in item && item.isMadeUp) return;
  const isThere = tools?.some((tool) => ("name" in tool ? tool.name : tool.type) === name) === true;
  if (!isThere) throw scriptMistake(`Cannot call ${name}: the request has no such tool`);
}

function isCall({ type }: ScriptedItem): boolean {
  return type.endsWith("_call");
}

function rememberOrigins(output: readonly OutputItem[], { origins }: Memory): void {
  let reasoningId: string | undefined;
  for (const [index, item] of output.entries()) {
    if (item.type === "reasoning") reasoningId = item.id;
    origins.set(item.id, {
      reasoningId: item.type === "reasoning" ? undefined : reasoningId,
      next: output[index + 1],
    });
  }
}

function earlierPrompts(
  { prompt_cache_key: key, previous_response_id: previous }: CreateRequest,
  { prompts }: Memory,
): readonly string[] {
  const keys = [`key:${key ?? ""}`, `response:${previous ?? ""}`];
  return keys.flatMap((name) => prompts.get(name) ?? []);
}

function usageOf(
  prompt: string,
  {
    outputTokens,
    reasoningTokens,
    earlier,
  }: {
    readonly outputTokens: number;
    readonly reasoningTokens: number;
    readonly earlier: readonly string[];
  },
): NonNullable<ResponseBody["usage"]> {
  const inputTokens = Math.ceil(prompt.length / 4);
  const cached = cachedTokens(prompt, earlier);
  return {
    input_tokens: inputTokens,
    input_tokens_details: {
      cached_tokens: cached,
      cache_write_tokens: inputTokens < 1024 ? 0 : inputTokens - cached,
    },
    output_tokens: outputTokens,
    output_tokens_details: { reasoning_tokens: reasoningTokens },
    total_tokens: inputTokens + outputTokens,
  };
}
