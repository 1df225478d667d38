import { stableKey } from "../../../core/ids.ts";
import type { ModelResponse } from "../../../core/journal.ts";
import type { ToolResult } from "../../../core/tool-result.ts";
import type { Item, ModelRequest } from "../../model.ts";
import { outputOf } from "./call-outputs.ts";
import { callOf } from "./calls.ts";
import { withoutSealed, writable } from "./own-items.ts";
import { type Origin, type ProviderState, stateOf } from "./provider-state.ts";

/** The input of a request, and the response that the server is to go on from. */
export interface Input {
  readonly previousResponseId?: string;
  readonly input: readonly object[];
}

/**
 * Only what is new since the last answer that the server keeps; undefined when it keeps none, or has kept it with more
 * before it than there is now (`stateFrom`): then the input is built from the whole.
 */
export function newInput(
  { items, stateFrom = 0 }: Pick<ModelRequest, "items" | "stateFrom">,
  origin: Origin,
): Input | undefined {
  for (let index = items.length - 1; index >= stateFrom; index -= 1) {
    const item = items[index];
    const state = item?.type === "assistant" ? stateOf(item.response, origin) : undefined;
    if (!state?.stored) continue;
    const input = inputOf(items, index, { origin, hasState: true });
    return { previousResponseId: state.responseId, input };
  }
  return undefined;
}

/**
 * The whole conversation: own answers word for word, those of others translated. A compaction stands for all before it.
 * With `isPlain`, own answers go without what the API sealed, for a server that can't open it any more.
 */
export function wholeInput(
  items: readonly Item[],
  { origin, isPlain = false }: { readonly origin: Origin; readonly isPlain?: boolean },
): Input {
  const input = inputOf(items, 0, { origin, isPlain });
  return { input: input.slice(Math.max(0, input.findLastIndex(isCompaction))) };
}

const isCompaction = (item: object): boolean => "type" in item && item.type === "compaction";

interface Manner {
  readonly origin: Origin;
  readonly isPlain?: boolean;
  /** The server has the first item already. */
  readonly hasState?: boolean;
}

function inputOf(items: readonly Item[], start: number, manner: Manner): readonly object[] {
  const input: object[] = [];
  for (const [offset, item] of items.slice(start).entries()) {
    switch (item.type) {
      case "user":
        input.push(message("user", saidText(item)));
        break;
      case "note":
        input.push(message("developer", item.text));
        break;
      case "assistant": {
        const results = resultsAfter(items, start + offset);
        const state = item.isCut ? undefined : stateOf(item.response, manner.origin);
        if (!state) input.push(...translated(item.response, results, start + offset));
        else {
          if (offset > 0 || !manner.hasState) input.push(...ownItems(state, manner));
          input.push(...ownOutputs(state, results));
        }
        break;
      }
      case "tool-result":
        break; // It went with its call.
    }
  }
  return input;
}

/** Results stand behind the answer that asked for them, and every call needs one. */
function resultsAfter(items: readonly Item[], index: number): ReadonlyMap<string, ToolResult> {
  const results = new Map<string, ToolResult>();
  for (let at = index + 1; at < items.length; at += 1) {
    const item = items[at];
    if (item?.type === "assistant") break;
    if (item?.type === "tool-result") results.set(item.call.callId, item.result);
  }
  return results;
}

function ownItems({ output }: ProviderState, { isPlain = false }: Manner): readonly object[] {
  return isPlain ? withoutSealed(output) : writable(output);
}

function ownOutputs(
  { output }: ProviderState,
  results: ReadonlyMap<string, ToolResult>,
): readonly object[] {
  return output
    .map(callOf)
    .filter((call) => call !== undefined)
    .map((call) => outputOf(call, results));
}

/** Others' call ids may be of any form and need not be unique in a session: each gets one of its place. */
function translated(
  { text, toolCalls }: ModelResponse,
  results: ReadonlyMap<string, ToolResult>,
  place: number,
): readonly object[] {
  const idOf = (callId: string): string => `call_${stableKey(place, callId)}`;
  const calls = toolCalls.map(({ callId, tool: name, args }) => {
    const call = { type: "function_call" as const, call_id: callId, name, arguments: args };
    return { call, output: outputOf(call, results), call_id: idOf(callId) };
  });
  return [
    ...(text === "" ? [] : [message("assistant", text)]),
    ...calls.map(({ call, call_id }) => ({ ...call, call_id })),
    ...calls.map(({ output, call_id }) => ({ ...output, call_id })),
  ];
}

const message = (role: "user" | "developer" | "assistant", content: string): object => ({
  type: "message",
  role,
  content,
});

function saidText({ actor, text, files }: Extract<Item, { type: "user" }>): string {
  const list = files.map((file) => `- ${file}`).join("\n");
  // A name is what a person chose, so it may not look like more than a name.
  return `${actor.replaceAll(/\s+/g, " ").trim()}: ${text}${files.length === 0 ? "" : `\n\nFiles that came with it:\n${list}`}`;
}
