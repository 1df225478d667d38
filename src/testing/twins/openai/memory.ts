import { invalidRequest, notFound } from "./api-error.ts";
import type { InputItem, Item, OutputItem } from "./items.ts";
import { missing } from "./parse.ts";
import type { Run } from "./run.ts";

/** A response that the API keeps. */
export interface Stored {
  readonly run: Run;
  /** Everything that it was made from, the history included. */
  readonly input: readonly Item[];
}

/** Where an item of the model's output stood. */
export interface Origin {
  /** The reasoning item that it came after, if any. */
  readonly reasoningId: string | undefined;
  /** The item that followed it, if any. */
  readonly next: OutputItem | undefined;
}

/** What the twin knows between requests. */
export interface Memory {
  readonly stored: Map<string, Stored>;
  /** Of every output item ever made. It outlives {@link forget}: the real API puts it into the ids. */
  readonly origins: Map<string, Origin>;
  /** Prompts by their cache key, newest last. */
  readonly prompts: Map<string, readonly string[]>;
  readonly nextId: (prefix: string) => string;
}

export function emptyMemory(): Memory {
  let count = 0;
  return {
    stored: new Map(),
    origins: new Map(),
    prompts: new Map(),
    nextId(prefix) {
      count += 1;
      return `${prefix}_${count}`;
    },
  };
}

/** The stored response, or the API's 404. */
export function storedOf({ stored }: Memory, id: string): Stored {
  const found = stored.get(id);
  if (found === undefined) throw notFound(`Response with id '${id}' not found.`);
  return found;
}

/**
 * What a previous response leaves to its successor: what it read and what it said.
 * The status is 400, as the API answers in the wild, not 404.
 */
export function historyOf({ stored }: Memory, id: string): readonly Item[] {
  const found = stored.get(id);
  if (found === undefined) {
    throw invalidRequest(
      `Previous response with id '${id}' not found.`,
      "previous_response_id",
      "previous_response_not_found",
    );
  }
  const { status, output } = found.run.response();
  if (status === "queued" || status === "in_progress") {
    const message = `Previous response with id '${id}' is not finished: its status is '${status}'.`;
    throw invalidRequest(message, "previous_response_id");
  }
  return [...found.input, ...output];
}

/** Looks references up. An item that nobody stored is the API's 404. */
export function resolve(memory: Memory, items: readonly InputItem[]): Item[] {
  const known = new Map<string, Item>();
  for (const { input, run } of memory.stored.values()) {
    for (const item of [...input, ...run.response().output]) {
      if (typeof item.id === "string") known.set(item.id, item);
    }
  }
  const lookUp = (id: string): Item => {
    const item = known.get(id);
    if (item !== undefined) return item;
    const hint =
      "Items are not persisted when `store` is set to false. Try again with `store` set to true, or remove this item from your input.";
    throw notFound(`Item with id '${id}' not found. ${hint}`, "input");
  };
  return items.flatMap((item, index): Item[] => {
    if (item.type === "item_reference") return [lookUp(item.id)];
    if (item.type === "compaction_trigger") {
      if (index === items.length - 1) return [];
      const message = "'compaction_trigger' must be the final input item.";
      throw invalidRequest(message, `input[${index}]`, "invalid_value");
    }
    // Reasoning that does not bring its content along must be known.
    if (item.type !== "reasoning" || typeof item.encrypted_content === "string") return [item];
    if (typeof item.id === "string") return [lookUp(item.id)];
    throw missing(`input[${index}].id`);
  });
}
