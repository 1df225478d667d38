import { invalidRequest } from "./api-error.ts";
import { parseInput } from "./input.ts";
import type { Item } from "./items.ts";
import { historyOf, resolve, type Memory } from "./memory.ts";
import { checkConversation } from "./pairing.ts";
import type { CreateRequest } from "./request.ts";
import { promptOf, tokensOf } from "./tokens.ts";

/** What the model gets to see. */
export interface Prepared {
  /** The history and the input. */
  readonly items: readonly Item[];
  readonly prompt: string;
  readonly promptTokens: number;
  /** The input ends in `compaction_trigger`: the answer is a compaction. */
  readonly isCompacting: boolean;
}

type Readable = Pick<CreateRequest, "input" | "previous_response_id" | "tools"> & {
  readonly instructions?: string | null | undefined;
};

/** Reads a request's input on top of its history, and holds the whole against the API's rules. */
export function prepare(request: Readable, memory: Memory): Prepared {
  const input = parseInput(request.input);
  const previous = request.previous_response_id ?? null;
  const history = previous === null ? [] : historyOf(memory, previous);
  const items = [...history, ...resolve(memory, input)];
  checkConversation(items, memory);
  const prompt = promptOf({
    // The previous response's instructions are not carried over.
    instructions: request.instructions ?? "",
    tools: request.tools ?? [],
    items,
  });
  return {
    items,
    prompt,
    promptTokens: tokensOf(prompt),
    isCompacting: input.at(-1)?.type === "compaction_trigger",
  };
}

/** @throws {ApiError} `context_length_exceeded` */
export function checkWindow({ promptTokens }: Prepared, contextTokens: number): void {
  if (promptTokens <= contextTokens) return;
  throw invalidRequest(
    "Your input exceeds the context window of this model. Please adjust your input and try again.",
    "input",
    "context_length_exceeded",
  );
}
