import type { ToolCall, ToolResult } from "../../../core/tool-result.ts";
import type { ModelRequest } from "../../model.ts";
import { decidedCall } from "./approved.ts";
import { emptyMemory, type Memory, withCall, withFiles } from "./memory.ts";

/** What somebody said, with what came along. */
export interface Said {
  readonly text: string;
  readonly files: readonly string[];
}

/** Messages, what was known when they were read, and the calls that were made for them. */
export interface Round {
  readonly said: readonly Said[];
  readonly memory: Memory;
  readonly calls: readonly ToolCall[];
  readonly results: ReadonlyMap<string, ToolResult>;
}

/** Everything since the last answer. */
export interface Conversation {
  /** Rounds whose calls were made. */
  readonly rounds: readonly Round[];
  /** Messages that nothing was done about yet. */
  readonly fresh: readonly Said[];
  /** What the harness told. */
  readonly notes: readonly string[];
  readonly memory: Memory;
  /** Answers of the model so far: makes call ids that are unique in a session. */
  readonly answers: number;
}

export function readConversation({ instructions, items }: ModelRequest): Conversation {
  let memory = emptyMemory(instructions);
  let rounds: {
    said: Said[];
    memory: Memory;
    calls: readonly ToolCall[];
    results: Map<string, ToolResult>;
  }[] = [];
  let fresh: Said[] = [];
  let notes: string[] = [];
  let answers = 0;
  for (const item of items) {
    switch (item.type) {
      case "user":
        fresh.push({ text: item.text, files: item.files });
        break;
      case "assistant": {
        answers += 1;
        const { toolCalls } = item.response;
        const said = fresh;
        fresh = [];
        if (toolCalls.length > 0)
          rounds.push({ said, memory, calls: toolCalls, results: new Map() });
        else [rounds, notes] = [[], []];
        memory = withFiles(
          memory,
          said.flatMap(({ files }) => files),
        );
        break;
      }
      case "tool-result":
        rounds.at(-1)?.results.set(item.call.callId, item.result);
        memory = withCall(memory, item.call, item.result);
        break;
      case "note": {
        const decided = decidedCall(item.text, rounds);
        if (decided === "pending") break;
        if (decided) {
          decided.results.set(decided.call.callId, decided.result);
          memory = withCall(memory, decided.call, decided.result);
          break;
        }
        notes.push(item.text);
        if (!item.text.startsWith("The turn ended:")) break;
        // The thread was told how that turn ended; what was asked in it is over.
        memory = withFiles(
          memory,
          fresh.flatMap(({ files }) => files),
        );
        [rounds, fresh, notes] = [[], [], []];
      }
    }
  }
  return { rounds, fresh, notes, memory, answers };
}
