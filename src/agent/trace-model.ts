import { failSpan, noSpan, type Span, type Spoken } from "../core/trace.ts";
import type { Item, Model, ModelEvent, ModelRequest } from "./model.ts";
import { ownUsage } from "./prices.ts";

/** Asks the model, as a span of its own below `parent`. */
export function tracedAnswer(
  model: Model,
  request: ModelRequest,
  { parent, signal }: { readonly parent: Span; readonly signal: AbortSignal },
): AsyncIterable<ModelEvent> {
  if (parent === noSpan) return model.respond(request, { signal });
  return watched(model, request, { parent, signal });
}

async function* watched(
  model: Model,
  request: ModelRequest,
  { parent, signal }: { readonly parent: Span; readonly signal: AbortSignal },
): AsyncGenerator<ModelEvent> {
  using span = parent.child("model", {
    model: model.name,
    stepKey: request.stepKey,
    resumed: request.resume === undefined ? undefined : true,
  });
  span.content(() => ({ input: sinceLastAnswer(request.items).map(spokenOf) }));
  const events = span.run(() => model.respond(request, { signal })[Symbol.asyncIterator]());
  let began = false;
  let ended = false;
  try {
    for (;;) {
      // Each piece is asked for inside of the span: a generator runs where its consumer does.
      const next = await span.run(() => events.next());
      if (next.done === true) break;
      const event = next.value;
      if (event.type === "text-delta" && !began) {
        began = true;
        span.event("first-text");
      } else tellEvent(span, event);
      ended ||= event.type === "completed";
      yield event;
    }
    if (!ended) span.fail("incomplete");
  } catch (error) {
    ended = true;
    failSpan(span, error);
    throw error;
  } finally {
    if (!ended) span.fail("left");
    await events.return?.();
  }
}

function tellEvent(span: Span, event: ModelEvent): void {
  switch (event.type) {
    case "text-delta":
      return;
    case "started":
      return span.event("started");
    case "retry": {
      const { attempt, waitMs, reason } = event;
      return span.event("retry", { attempt, waitMs, reason });
    }
    case "completed": {
      const { text, toolCalls, model } = event.response;
      const told = { ...event.about, responseModel: model, toolCalls: toolCalls.length };
      span.set({ ...ownUsage(event.response), ...told });
      return span.content(() => ({ output: [{ role: "assistant", text, calls: toolCalls }] }));
    }
  }
}

/** What is new to the model. The rest is in the spans before, and would make each step's span longer than the last. */
function sinceLastAnswer(items: readonly Item[]): readonly Item[] {
  return items.slice(items.findLastIndex(({ type }) => type === "assistant") + 1);
}

function spokenOf(item: Item): Spoken {
  switch (item.type) {
    case "user":
      return { role: "user", text: item.text };
    case "assistant":
      return { role: "assistant", text: item.response.text, calls: item.response.toolCalls };
    case "tool-result":
      return { role: "tool", text: item.result.output };
    case "note":
      return { role: "system", text: item.text };
  }
}
