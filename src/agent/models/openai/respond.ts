import { linkedController } from "../../../core/abort.ts";
import type { ModelEvent, ModelRequest } from "../../model.ts";
import { abandon } from "./abandon.ts";
import { answerOf } from "./answer.ts";
import { apiError } from "./api-error.ts";
import type { ResponsesClient } from "./client.ts";
import { follow, noProgress, type Outcome, type Progress } from "./follow.ts";
import { inputFor, type Plan, planAfter } from "./plan.ts";
import { requestBody } from "./request-body.ts";
import { resume } from "./resume.ts";
import type { Settings } from "./settings.ts";
import { type Teller, teller } from "./told.ts";

interface CallOptions {
  readonly settings: Settings;
  readonly client: ResponsesClient;
  readonly signal: AbortSignal;
}

/** One answer: taken up where an earlier process left it, else asked for. */
export async function* respond(
  request: ModelRequest,
  { settings, client, signal: outer }: CallOptions,
): AsyncGenerator<ModelEvent> {
  outer.throwIfAborted();
  // One of its own: the vendor's client never takes its listener off, and a turn's signal sees many calls.
  using linked = linkedController(outer);
  const ending = linked.controller;
  const { origin, isBackground, isStored: stored } = settings;
  const progress = noProgress();
  const told = teller({ endpoint: isBackground ? origin.endpoint : undefined });
  let isOver = false;
  try {
    const { signal } = ending;
    const outcome = yield* outcomeOf(request, { settings, client, signal, progress, told });
    isOver = true;
    if (outcome.type === "failed") throw apiError(settings.name, outcome.trouble);
    const answer = answerOf(outcome.response, { tools: request.tools, origin, stored });
    if (answer.type === "failed") throw apiError(settings.name, answer.trouble, answer.usage);
    const { response, added } = answer;
    // An answer that was found done had no deltas.
    const rest = told.hasText ? added : response.text;
    if (rest !== "") yield { type: "text-delta", text: rest };
    const { id: responseId, status, incomplete_details: cut } = outcome.response;
    const about = { responseId, finish: cut?.reason ?? status ?? "completed" };
    yield { type: "completed", response, about };
  } finally {
    ending.abort();
    const { responseId } = progress;
    if (isBackground && !isOver && responseId !== undefined)
      await abandon(responseId, { client, reason: outer.reason });
  }
}

async function* outcomeOf(
  request: ModelRequest,
  options: CallOptions & { readonly progress: Progress; readonly told: Teller },
): AsyncGenerator<ModelEvent, Outcome> {
  const { settings, client, signal, progress, told } = options;
  const { isBackground } = settings;
  const tell = told.tell;
  const { endpoint } = settings.origin;
  const found = yield* resume(request.resume, { client, signal, progress, tell, endpoint });
  if (found) return found;
  yield* told.startOver();
  let plan: Plan = "new";
  for (;;) {
    const input = inputFor(plan, request, settings);
    if (input) {
      Object.assign(progress, noProgress());
      const body = requestBody(settings, request, input);
      const create = (): Promise<AsyncIterable<unknown>> => client.create(body, signal);
      const outcome: Outcome = yield* follow(create, {
        client,
        signal,
        progress,
        tell,
        isBackground,
      });
      const next: Plan | undefined = told.hasText ? undefined : planAfter(plan, outcome);
      if (next === undefined) return outcome;
      plan = next;
    } else plan = "whole";
  }
}
