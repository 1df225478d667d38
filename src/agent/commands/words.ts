import type { Word, WordPart } from "unbash";

import { type CommandWord, unknownText } from "./simple-command.ts";

/** What a word is as far as its text says, without what quotes and backslashes mean to the shell. */
export function readWord({ parts, value, text }: Word): CommandWord {
  if (!parts) return { value: clean(value), count: "one" };
  let read = "";
  let count: CommandWord["count"] = "one";
  for (const part of parts) {
    read += partText(part);
    const becomes = countOf(part);
    if (becomes === "any" || count === "one") count = becomes === "one" ? count : becomes;
  }
  // `$'…'` and `$"…"` are quotes to bash only.
  return text.includes("$'") || text.includes('$"')
    ? { value: unknownText, count }
    : { value: read, count };
}

function partText(part: WordPart): string {
  if (part.type === "DoubleQuoted" || part.type === "LocaleString")
    return part.parts.map(partText).join("");
  const isText =
    part.type === "Literal" || part.type === "SingleQuoted" || part.type === "AnsiCQuoted";
  return isText ? clean(part.value) : unknownText;
}

function countOf(part: WordPart): CommandWord["count"] {
  if (part.type === "Glob" || part.type === "ExtendedGlob") return "some";
  // "$@" is as many words as there are.
  if (part.type === "DoubleQuoted")
    return part.parts.some(({ type, text }) => type !== "Literal" && text.includes("@"))
      ? "any"
      : "one";
  return expansions.has(part.type) ? "any" : "one";
}

const expansions: ReadonlySet<WordPart["type"]> = new Set([
  "SimpleExpansion",
  "ParameterExpansion",
  "CommandExpansion",
  "ArithmeticExpansion",
  "BraceExpansion",
] as const);

/** What stands for unknown text can't be given. */
const clean = (text: string): string => text.replaceAll(unknownText, "\uFFFD");
