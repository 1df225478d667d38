import { parse as parseDotenv } from "dotenv";
import { parse as parseTomlText, TomlError } from "smol-toml";

import { lineKey, lineKeys } from "./line-keys.ts";
import { listTree, mapTree, numberTree, scalar, type Tree, Unparsable } from "./tree.ts";

export interface ParsedPlain {
  readonly documents: readonly Tree[];
  readonly notes: readonly string[];
}

/** @throws {Unparsable} */
export function parseToml(text: string): ParsedPlain {
  const lines = lineKeys(text);
  try {
    const value = parseTomlText(text, { integersAsBigInt: true });
    return { documents: [fromValue(value, lines, [])], notes: [] };
  } catch (error) {
    // Only the first line of its message does not quote the file.
    if (error instanceof TomlError)
      throw new Unparsable(error.message.split("\n")[0] ?? "it is not valid TOML", error.line);
    throw error;
  }
}

/** Assignments of shells, as dotenv reads them. */
export function parseEnv(text: string): ParsedPlain {
  const lines = lineKeys(text);
  const values = parseDotenv(text);
  const unread = text
    .split("\n")
    .findIndex((line) => !/^\s*(?:#|$)/.test(line) && !/[=:]/.test(line));
  const hasExport = /^[ \t]*export[ \t]/m.test(text);
  return {
    documents: [fromValue(values, lines, [])],
    notes: [
      ...(hasExport ? ["has `export` before names, which counts for nothing here"] : []),
      ...(unread === -1 || /["'`]/.test(text)
        ? []
        : [`line ${unread + 1} is no assignment and was passed over`]),
    ],
  };
}

/**
 * Sections, and assignments in them. Values stay as they are: whether `#` or `;` inside of one begins a comment differs
 * from program to program. A name that comes again makes a list, as in systemd units.
 * @throws {Unparsable}
 */
export function parseIni(text: string): ParsedPlain {
  const sections = new Map<string, Map<string, Tree>>([["", new Map()]]);
  let section = sections.get("") ?? new Map<string, Tree>();
  for (const [index, raw] of joinContinued(text.split(/\r?\n/)).entries()) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#") || line.startsWith(";")) continue;
    const header = /^\[([^\]]*)\]\s*(?:[#;].*)?$/.exec(line)?.[1];
    if (header === undefined) addAssignment(section, line, index + 1);
    else {
      section = sections.get(header) ?? new Map<string, Tree>();
      sections.set(header, section);
    }
  }
  return { documents: [iniTree(sections)], notes: [] };
}

/** A line that ends in a backslash goes on in the next one, which becomes empty so that line numbers hold. */
function joinContinued(lines: readonly string[]): string[] {
  const joined: string[] = [];
  let open = -1;
  for (const line of lines) {
    const continues = line.endsWith("\\");
    const content = continues ? line.slice(0, -1) : line;
    if (open === -1) joined.push(content);
    else {
      joined[open] = `${joined[open] ?? ""} ${content.trim()}`;
      joined.push("");
    }
    if (!continues) open = -1;
    else if (open === -1) open = joined.length - 1;
  }
  return joined;
}

function addAssignment(section: Map<string, Tree>, text: string, line: number): void {
  const match = /^([^=:]+)(?:[=:](.*))?$/.exec(text);
  const key = match?.[1]?.trim().replace(/\[\]$/, "");
  if (key === undefined)
    throw new Unparsable("it has a line that is no section and no assignment", line);
  const value =
    match?.[2] === undefined ? scalar("null", "null", { line }) : iniValue(match[2].trim(), line);
  const before = section.get(key);
  if (before === undefined) section.set(key, value);
  else
    section.set(
      key,
      listTree([...(before.type === "list" ? before.items : [before]), value], {
        line: before.line,
      }),
    );
}

function iniValue(raw: string, line: number): Tree {
  const quoted = /^(["'])(.*)\1$/.exec(raw)?.[2];
  return scalar("text", quoted ?? raw, { line });
}

function iniTree(sections: ReadonlyMap<string, ReadonlyMap<string, Tree>>): Tree {
  const entries = new Map<string, Tree>(sections.get(""));
  for (const [name, section] of sections)
    if (name !== "")
      entries.set(name, mapTree(section, { line: section.values().next().value?.line }));
  return mapTree(entries);
}

type Path = readonly (string | number)[];

/** The tree of a parser's plain value; `lines` tells where its keys stand. */
function fromValue(value: unknown, lines: ReadonlyMap<string, number>, path: Path): Tree {
  const line = lines.get(lineKey(path));
  if (typeof value === "string") return scalar("text", value, { line });
  if (typeof value === "boolean") return scalar("boolean", String(value), { line });
  if (typeof value === "number" || typeof value === "bigint")
    return numberTree(String(value), { line });
  if (value instanceof Date) return scalar("date", value.toISOString(), { line });
  if (Array.isArray(value))
    return listTree(
      value.map((item, index) => fromValue(item, lines, [...path, index])),
      { line },
    );
  if (typeof value !== "object" || value === null) return scalar("null", "null", { line });
  const entries = Object.entries(value).map(
    ([key, item]) => [key, fromValue(item, lines, [...path, key])] as const,
  );
  return mapTree(new Map(entries), { line });
}
