import type { ModelResponse } from "../../core/journal.ts";
import type { Task } from "../../tasks/task.ts";
import type { Model, ModelEvent, ModelRequest } from "../model.ts";
import type { Abilities } from "./offline/abilities.ts";
import { answer } from "./offline/answer.ts";
import { readConversation } from "./offline/conversation.ts";
import { planMessages } from "./offline/plan.ts";

/**
 * A model that needs no key and no network: a deterministic planner that understands the commands of the built-in
 * tasks and plain questions about logs and configuration files, and says so where it does not understand.
 * It uses no tokens.
 */
export function offlineModel({ tasks }: { readonly tasks: readonly Task[] }): Model {
  return {
    name: "opsthread/offline",
    capabilities: { contextTokens: 1_000_000 },
    async *respond(request, { signal }): AsyncGenerator<ModelEvent> {
      signal.throwIfAborted();
      const response = decide(request, tasks);
      for (const text of piecesOf(response.text)) yield { type: "text-delta", text };
      yield { type: "completed", response };
    },
  };
}

function decide(request: ModelRequest, tasks: readonly Task[]): ModelResponse {
  const abilities: Abilities = {
    tasks,
    tools: new Set(request.tools.map(({ name }) => name)),
  };
  const conversation = readConversation(request);
  if (request.toolChoice === "auto") {
    const planned = planMessages(conversation.fresh, conversation.memory, abilities);
    const step = conversation.answers + 1;
    const toolCalls = planned
      .flatMap(({ actions }) => actions.filter((action) => action.type === "call"))
      .map(({ tool, args }, index) => ({ callId: `call_${step}_${index + 1}`, tool, args }));
    if (toolCalls.length > 0) {
      return { text: "", toolCalls, usage: noTokens };
    }
  }
  return {
    text: answer(conversation, abilities, request.toolChoice),
    toolCalls: [],
    usage: noTokens,
  };
}

const noTokens = { inputTokens: 0, outputTokens: 0 };

/** About a line at a time, as a model that thinks would. */
function piecesOf(text: string): readonly string[] {
  return text.match(/[\s\S]{1,120}(?:\s|$)|[\s\S]{1,120}/g) ?? [];
}
