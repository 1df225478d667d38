import { limits, listTree, mapTree, numberTree, scalar, type Tree, Unparsable } from "./tree.ts";

export interface ParsedJson {
  /** More than one where the file has one JSON value after the other. */
  readonly documents: readonly Tree[];
  readonly notes: readonly string[];
}

/**
 * Reads JSON, with comments and trailing commas where there are some. Knows the line of every value, keeps numbers as
 * written and duplicate keys noticed, which `JSON.parse` does not.
 * @throws {Unparsable}
 */
export function parseJson(text: string): ParsedJson {
  let at = 0;
  let line = 1;
  let depth = 0;
  const notes = new Set<string>();
  /** Keys come again and again; one string for all saves most of the memory. */
  const strings = new Map<string, string>();
  const documents: Tree[] = [];
  for (skipSpace(); at < text.length; skipSpace()) documents.push(value());
  return { documents, notes: [...notes] };

  function value(): Tree {
    const char = text[at];
    if (char === "{") return nested(object);
    if (char === "[") return nested(array);
    if (char === '"') return scalar("text", string(), { line });
    const word = match(wordPattern);
    if (word === "true" || word === "false") return scalar("boolean", word, { line });
    if (word === "null") return scalar("null", word, { line });
    if (word !== "" && numberPattern.test(word)) return numberTree(word, { line });
    return fail();
  }

  function nested(read: (start: number) => Tree): Tree {
    depth += 1;
    if (depth > limits.depth)
      throw new Unparsable(`it is nested more than ${limits.depth} levels deep`, line);
    at += 1;
    const tree = read(line);
    depth -= 1;
    return tree;
  }

  function object(start: number): Tree {
    const entries = new Map<string, Tree>();
    for (let more = !closes("}"); more; more = next("}")) {
      const key = text[at] === '"' ? string() : fail();
      const keyLine = line;
      skipSpace();
      if (text[at] !== ":") fail();
      at += 1;
      skipSpace();
      if (entries.has(key))
        notes.add(
          `key ${JSON.stringify(key)} appears again in line ${keyLine}: the last one counts`,
        );
      entries.set(key, value());
    }
    return mapTree(entries, { line: start });
  }

  function array(start: number): Tree {
    const items: Tree[] = [];
    for (let more = !closes("]"); more; more = next("]")) items.push(value());
    return listTree(items, { line: start });
  }

  function closes(bracket: string): boolean {
    skipSpace();
    if (text[at] !== bracket) return false;
    at += 1;
    return true;
  }

  function next(bracket: string): boolean {
    if (closes(bracket)) return false;
    if (text[at] !== ",") fail();
    at += 1;
    if (!closes(bracket)) return true;
    notes.add("has trailing commas, which strict JSON does not allow");
    return false;
  }

  function string(): string {
    let end = at;
    do {
      end = text.indexOf('"', end + 1);
      if (end === -1) fail();
    } while (isEscaped(text, end));
    const source = text.slice(at, end + 1);
    const known = strings.get(source);
    try {
      const decoded = known ?? String(JSON.parse(source));
      if (known === undefined && strings.size < 10_000) strings.set(source, decoded);
      at = end + 1;
      return decoded;
    } catch {
      // JSON.parse quotes the file in its message.
      return fail();
    }
  }

  function skipSpace(): void {
    for (; at < text.length; at += 1) {
      const char = text[at];
      if (char === "\n") line += 1;
      else if (char === "/") comment();
      else if (char !== " " && char !== "\t" && char !== "\r" && char !== "\uFEFF") return;
    }
  }

  /** Leaves `at` on the last character of the comment. */
  function comment(): void {
    const isBlock = text[at + 1] === "*";
    if (!isBlock && text[at + 1] !== "/") fail();
    const end = isBlock ? text.indexOf("*/", at + 2) : text.indexOf("\n", at);
    if (isBlock && end === -1) fail();
    const stop = end === -1 ? text.length : end;
    if (isBlock) for (let i = at; i < stop; i += 1) if (text[i] === "\n") line += 1;
    at = isBlock ? stop + 1 : stop - 1;
    notes.add("has comments, which strict JSON does not allow");
  }

  function match(pattern: RegExp): string {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0] ?? "";
    at += found.length;
    return found;
  }

  function fail(): never {
    throw new Unparsable("it is not valid JSON", line);
  }
}

const wordPattern = /[A-Za-z0-9.+-]*/y;
const numberPattern = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

function isEscaped(text: string, at: number): boolean {
  let slashes = 0;
  while (text[at - slashes - 1] === "\\") slashes += 1;
  return slashes % 2 === 1;
}
