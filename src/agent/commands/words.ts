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
  switch (part.type) {
    case "Literal":
    case "SingleQuoted":
    case "AnsiCQuoted":
      return clean(part.value);
    case "DoubleQuoted":
    case "LocaleString":
      return part.parts.map(partText).join("");
    default:
      return unknownText;
  }
}

function countOf(part: WordPart): CommandWord["count"] {
  switch (part.type) {
    case "SimpleExpansion":
    case "ParameterExpansion":
    case "CommandExpansion":
    case "ArithmeticExpansion":
      return "any";
    case "BraceExpansion":
      return "any";
    case "Glob":
    case "ExtendedGlob":
      return "some";
    case "DoubleQuoted":
      // "$@" is as many words as there are.
      return part.parts.some(({ type, text }) => type !== "Literal" && text.includes("@"))
        ? "any"
        : "one";
    default:
      return "one";
  }
}

/** What stands for unknown text can't be given. */
const clean = (text: string): string => text.replaceAll(unknownText, "\uFFFD");
