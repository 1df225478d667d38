import { randomBytes } from "node:crypto";

import { admit } from "./anthropic/admit.ts";
import { type AnthropicPart, type AnthropicScript } from "./anthropic/answers.ts";
import { checkBreakpoints, inputTokens, promptCache } from "./anthropic/caching.ts";
import { clearToolUses } from "./anthropic/clear-tool-uses.ts";
import { checkEdits } from "./anthropic/context-edits.ts";
import { checkConversation, checkEnding } from "./anthropic/conversation.ts";
import { eventsOf, wholeMessage } from "./anthropic/events.ts";
import { kept, type Kept } from "./anthropic/kept.ts";
import { messageOf } from "./anthropic/message.ts";
import {
  checkRoom,
  fullModel,
  modelFor,
  modelsAnswer,
  type TwinModel,
} from "./anthropic/models.ts";
import { errorBody, errorEvent, failureHeaders, limits, Refusal } from "./anthropic/refusal.ts";
import { parseCount, parseCreate, type CreateRequest, type Prompt } from "./anthropic/request.ts";
import { checkThinking, checkThinkingBudget } from "./anthropic/thinking.ts";
import { checkToolPairs } from "./anthropic/tool-pairs.ts";
import { checkTools } from "./anthropic/tools.ts";
import { httpTwin, type HttpTwin, type TwinReply, type TwinRequest } from "./http-twin.ts";
import { gate } from "./scripting/gate.ts";
import { perform, type Rendering } from "./scripting/perform.ts";
import { logged, type LoggedRequest } from "./scripting/requests.ts";
import { scriptRunner } from "./scripting/script.ts";

export interface AnthropicTwinOptions {
  readonly script: AnthropicScript;
  /** Default: one model, `claude-sonnet-5-5`. */
  readonly models?: readonly (TwinModel | string)[];
  /** Without one, every key is good. */
  readonly apiKey?: string;
  /** Default 32 MB. */
  readonly maxBodyBytes?: number;
}

export interface AnthropicTwin extends HttpTwin {
  /** Every request so far, refused ones too. */
  readonly requests: readonly LoggedRequest[];
  /** Lets stalled answers go on. */
  release(): void;
  /** Resolves as soon as an answer stalls. */
  stalled(): Promise<void>;
  /** As if the time to live of everything cached had passed. */
  expireCache(): void;
}

/**
 * A strict stand-in of Anthropic's Messages API on loopback, which answers as a script says.
 *
 * @example
 * await using twin = await anthropicTwin({ script: [call("shell", { command: "df -h" }), say("The disk is full.")] });
 * const client = new Anthropic({ baseURL: twin.url, apiKey: "any", maxRetries: 0 });
 */
export async function anthropicTwin(options: AnthropicTwinOptions): Promise<AnthropicTwin> {
  const models = (options.models ?? ["claude-sonnet-5-5"]).map(fullModel);
  const requests: LoggedRequest[] = [];
  const next = scriptRunner(options.script);
  const cache = promptCache();
  const memory = kept();
  const door = gate();

  async function answer(request: TwinRequest, { reply, requestId }: Reply): Promise<void> {
    const headers = { "request-id": requestId, ...limits("999000") };
    const asked = admit(request, options);
    if (request.method === "GET") return reply.json(200, modelsAnswer(models, request), headers);
    if (request.path === "/v1/messages/count_tokens") {
      const count = parseCount(request.body, asked);
      modelFor(models, count.model);
      const { tokens } = check(count, { memory, betas: asked.betas });
      return reply.json(200, { input_tokens: tokens }, headers);
    }
    const create = parseCreate(request.body, asked);
    const model = modelFor(models, create.model);
    checkThinkingBudget(create, asked.betas);
    const { messages, tokens, applied } = check(create, { memory, betas: asked.betas });
    checkEnding(messages, {
      prefill: model.prefill,
      isPaused: (content) => memory.isPaused(content),
    });
    checkRoom(model, tokens, create.max_tokens);
    const rendering: Rendering<AnthropicPart> = {
      headers,
      accept(step) {
        const usage = cache.use({ ...create, messages: [...messages] }, model.minimumCacheTokens);
        const message = messageOf(step, { request: create, usage, applied });
        const { content, stop_reason } = message;
        memory.keep(content, stop_reason === "pause_turn" || stop_reason === "compaction");
        return create.stream === true
          ? { body: undefined, events: eventsOf(message) }
          : { body: wholeMessage(message), events: [] };
      },
      failure: (failure) => ({
        body: errorBody(failure, requestId),
        headers: { "request-id": requestId, ...failureHeaders(failure) },
      }),
      errorEvent,
    };
    const streams = create.stream === true;
    await perform(next(logged(request)), rendering, {
      reply,
      signal: request.signal,
      gate: door,
      streams,
    });
  }

  const twin = await httpTwin(async (request, reply) => {
    requests.push(logged(request));
    const requestId = `req_01${randomBytes(11).toString("hex")}`;
    try {
      await answer(request, { reply, requestId });
    } catch (error) {
      const failure =
        error instanceof Refusal
          ? error.failure
          : { type: "fail" as const, status: 500, message: `The twin failed: ${String(error)}` };
      await reply.json(failure.status, errorBody(failure, requestId), { "request-id": requestId });
    }
  });
  return {
    ...twin,
    requests,
    release: () => door.release(),
    stalled: async () => door.stalled(),
    expireCache: () => cache.clear(),
  };
}

interface Reply {
  readonly reply: TwinReply;
  readonly requestId: string;
}

/** The rules that hold for whatever has a prompt. */
function check(
  prompt: Prompt | CreateRequest,
  { memory, betas }: { readonly memory: Kept; readonly betas: readonly string[] },
) {
  checkTools(prompt.tools ?? [], prompt.tool_choice);
  checkConversation(prompt.messages);
  checkToolPairs(prompt.messages, (prompt.tools ?? []).length > 0);
  checkThinking(prompt, memory);
  checkBreakpoints(prompt);
  checkEdits(prompt, betas);
  const { messages, applied } = clearToolUses(prompt, inputTokens(prompt));
  return { messages, applied, tokens: inputTokens({ ...prompt, messages: [...messages] }) };
}
