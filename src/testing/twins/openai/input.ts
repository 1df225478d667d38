import { InputItem } from "./items.ts";
import { parse } from "./parse.ts";
import type { CreateRequest } from "./request.ts";

/** A string is one message of the user. */
export function parseInput(input: CreateRequest["input"]): InputItem[] {
  if (typeof input === "string") return [{ type: "message", role: "user", content: input }];
  return (input ?? []).map((item, index) => parse(InputItem, withType(item), ["input", index]));
}

/** Two kinds of items may leave their type out: messages, and references that are an id. */
function withType(item: unknown): unknown {
  if (typeof item !== "object" || item === null || "type" in item) return item;
  if ("role" in item) return { type: "message", ...item };
  return "id" in item ? { type: "item_reference", ...item } : item;
}
