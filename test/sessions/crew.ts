import { setImmediate as tick } from "node:timers/promises";

import { z } from "zod";

import type { Item, Model, ModelRequest } from "../../src/agent/model.ts";
import type { Tool } from "../../src/agent/tool.ts";
import type { Effect } from "../../src/core/journal.ts";

/** Calls of one answer: the tool and its input. */
export type Calls = readonly (readonly [tool: string, input?: object])[];

/** A model that says what it says by what has happened, and so says the same again after a crash. */
export function deciding(
  name: string,
  decide: (said: Seen) => string | Calls,
): Model & { readonly requests: ModelRequest[] } {
  const requests: ModelRequest[] = [];
  return {
    name: `test/${name}`,
    capabilities: { contextTokens: 100_000 },
    requests,
    async *respond(request) {
      await Promise.resolve();
      requests.push({ ...request, items: [...request.items] });
      const answer = decide(seenIn(request.items));
      const toolCalls =
        typeof answer === "string"
          ? []
          : answer.map(([tool, input], index) => ({
              callId: `${name}-${request.items.length}-${index}`,
              tool,
              args: JSON.stringify(input ?? {}),
            }));
      yield {
        type: "completed",
        response: {
          text: typeof answer === "string" ? answer : "",
          toolCalls,
          usage: { inputTokens: 10, outputTokens: 1 },
        },
      };
    },
  };
}

/** What a model has before it. */
export interface Seen {
  readonly items: readonly Item[];
  readonly last: Item | undefined;
  /** Results of the tools by name, since the last message of a person. */
  readonly results: (tool: string) => readonly string[];
}

function seenIn(items: readonly Item[]): Seen {
  const since = items.slice(items.findLastIndex(({ type }) => type === "user"));
  return {
    items,
    last: items.at(-1),
    results: (tool) =>
      since.flatMap((item) =>
        item.type === "tool-result" && item.call.tool === tool ? [item.result.output] : [],
      ),
  };
}

/** A tool whose every effect is kept, by the execution id under which it was had. */
export function acting(
  name: string,
  effect: Effect,
  effects: { readonly tool: string; readonly id: string; readonly note: string }[],
): Tool<{ note: string }> {
  return {
    name,
    description: name,
    input: z.object({ note: z.string() }),
    parameters: {},
    effect,
    async run({ note }, { executionId, signal }) {
      await tick();
      signal.throwIfAborted();
      effects.push({ tool: name, id: executionId, note });
      await tick();
      return { status: "ok", output: `did ${note}`, measures: {}, artifacts: [] };
    },
  };
}
