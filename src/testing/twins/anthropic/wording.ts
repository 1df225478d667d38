import type { z } from "zod";

import { Refusal } from "./refusal.ts";

/** Parses, or refuses in the words of the API's own validation (pydantic's), the first mistake only. */
export function parsed<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new Refusal(issue === undefined ? "Invalid request" : worded(issue, value));
}

function worded(issue: z.core.$ZodIssue, root: unknown): string {
  const { place, found } = walk(root, issue.path);
  const at = (text: string): string => (place === "" ? text : `${place}: ${text}`);
  switch (issue.code) {
    case "unrecognized_keys":
      return `${[place, issue.keys[0]].filter(Boolean).join(".")}: Extra inputs are not permitted`;
    case "invalid_type":
      if (found === undefined) return at("Field required");
      if (issue.expected === "never") return at("Extra inputs are not permitted");
      return at(`Input should be ${kinds[issue.expected] ?? `a valid ${issue.expected}`}`);
    case "invalid_value": {
      if (found === undefined) return at("Field required");
      return at(`Input should be ${alternatives(issue.values)}`);
    }
    case "invalid_format":
      return at(
        `String should match pattern '${(issue.pattern ?? "").replaceAll(/^\/|\/$/g, "")}'`,
      );
    case "too_big":
      return at(limit(issue.origin, "at most", issue.maximum));
    case "too_small":
      return at(limit(issue.origin, "at least", issue.minimum));
    case "invalid_union":
      return unmatched(issue, { root, at });
    case "custom":
    case "invalid_element":
    case "invalid_key":
    case "not_multiple_of":
      return at(issue.message);
    default:
      return issue satisfies never;
  }
}

/** The API names a block by its tag: of what is sent, the tag is the last step of the path. */
function unmatched(
  issue: z.core.$ZodIssueInvalidUnion,
  { root, at }: { root: unknown; at: (text: string) => string },
): string {
  if (issue.discriminator === undefined) return at("Input should be valid");
  const parent = walk(root, issue.path.slice(0, -1), { tags: false });
  const tag = walk(root, issue.path, { tags: false }).found;
  if (tag === undefined)
    return `${parent.place}: Unable to extract tag using discriminator '${issue.discriminator}'`;
  const expected = "options" in issue && Array.isArray(issue.options) ? issue.options : [];
  return (
    `${parent.place}: Input tag '${typeof tag === "string" ? tag : JSON.stringify(tag)}' found using '${issue.discriminator}' does not match ` +
    `any of the expected tags: ${expected.map((word) => `'${String(word)}'`).join(", ")}`
  );
}

/** Follows a path. Behind the index of a block the API puts the block's type: `tools.0.custom.name`. */
function walk(
  root: unknown,
  path: readonly PropertyKey[],
  { tags = true }: { tags?: boolean } = {},
): { readonly place: string; readonly found: unknown } {
  const words: string[] = [];
  let found = root;
  for (const [index, step] of path.entries()) {
    found = fieldOf(found, step);
    words.push(String(step));
    const list = typeof step === "number" ? path[index - 1] : step;
    const isLast = index === path.length - 1;
    if (typeof list !== "string" || !tagged.has(list) || Array.isArray(found)) continue;
    const tag = fieldOf(found, "type") ?? (list === "tools" ? "custom" : undefined);
    if (typeof tag === "string" && (tags || !isLast)) words.push(tag);
  }
  return { place: words.join("."), found };
}

function fieldOf(value: unknown, key: PropertyKey): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  return Object.entries(value).find(([name]) => name === String(key))?.[1];
}

const tagged = new Set(["content", "tools", "source", "edits", "thinking", "tool_choice"]);

const kinds: Readonly<Record<string, string>> = {
  array: "a valid list",
  object: "a valid dictionary",
  record: "a valid dictionary",
  int: "a valid integer",
  number: "a valid number",
};

const alternatives = (values: readonly unknown[]): string => {
  const words = values.map((word) => (typeof word === "string" ? `'${word}'` : String(word)));
  return [words.slice(0, -1).join(", "), words.at(-1) ?? ""]
    .filter((text) => text !== "")
    .join(" or ");
};

function limit(origin: string, than: "at most" | "at least", value: number | bigint): string {
  if (origin === "string")
    return `String should have ${than} ${value} character${value === 1 ? "" : "s"}`;
  if (origin === "array") return `List should have ${than} ${value} items`;
  return `Input should be ${than === "at most" ? "less" : "greater"} than or equal to ${value}`;
}
