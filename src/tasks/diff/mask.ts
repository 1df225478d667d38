import {
  isDescribingKey,
  isSecretKey,
  memberSecrecy,
  type Secrecy,
} from "../../core/secret-keys.ts";
import { isPlaceholder } from "../../core/secret-patterns.ts";
import { apart, replaceSpans, secretSpans } from "../../core/secrets.ts";
import { parseJson } from "./parse-json.ts";
import { flowText } from "./render.ts";
import { type MapTree, type Scalar, type Tree, Unparsable } from "./tree.ts";

/** Shows values without the secrets in them. */
export interface Masker {
  /** A value in one line of at most `longest` characters. */
  readonly value: (tree: Tree, longest: number) => string;
  /** Text with the secrets in it masked. Line breaks stay where they are. */
  readonly text: (text: string) => string;
  /** The length of a value that is secret as a whole, else undefined. */
  readonly secretLength: (tree: Tree | undefined) => number | undefined;
}

/** Whether something that a masker gave out has a mask in it. */
export function hasMask(text: string): boolean {
  return text.includes(markStart);
}

/**
 * Finds the secrets of the given documents and files: by the names that they stand under and by their own shape. What
 * was found in one place is masked wherever else it stands, also inside of other texts.
 */
export function createMasker(documents: readonly Tree[], files: readonly string[]): Masker {
  const found = findSecrets(documents);
  const inFiles = files.flatMap((file) =>
    secretSpans(file).map(({ start, end }) => file.slice(start, end)),
  );
  const literals = literalPattern([...[...found.secrets].map((tree) => tree.value), ...inFiles]);

  const text = (input: string): string => {
    const literal = literals === undefined ? [] : [...input.matchAll(literals)];
    const spans = literal.map((match) => ({
      from: match.index,
      start: match.index,
      end: match.index + match[0].length,
      kind: "literal",
    }));
    const all = apart([...secretSpans(input), ...spans]);
    return replaceSpans(input, all, ({ start, end }) => maskLines(input.slice(start, end)));
  };
  const scalarText = (tree: Scalar): string | undefined => {
    if (found.secrets.has(tree)) return mask(tree.value);
    const embedded = found.embedded.get(tree);
    if (embedded !== undefined) return flowText(embedded, { scalarText, keyText: text });
    const shown = text(tree.source);
    return shown === tree.source ? undefined : shown;
  };
  return {
    text,
    value: (tree, longest) => flowText(tree, { scalarText, keyText: text, longest }),
    secretLength: (tree) =>
      tree?.type === "scalar" && found.secrets.has(tree) ? lengthOf(tree.value) : undefined,
  };
}

const markStart = "[masked, ";

function mask(secret: string): string {
  return `${markStart}${lengthOf(secret)} characters]`;
}

/** Characters, not halves of them. */
function lengthOf(text: string): number {
  return Array.from(text).length;
}

/** A secret over several lines keeps its line breaks, so that the lines of a file stay countable. */
function maskLines(secret: string): string {
  return secret
    .split("\n")
    .map((line) => (line.trim() === "" ? line : mask(line)))
    .join("\n");
}

interface Found {
  readonly secrets: ReadonlySet<Scalar>;
  /** Texts that hold JSON with secrets in it. */
  readonly embedded: ReadonlyMap<Scalar, Tree>;
}

function findSecrets(documents: readonly Tree[]): Found {
  const secrets = new Set<Scalar>();
  const embedded = new Map<Scalar, Tree>();
  const known = new Map<string, boolean>();
  for (const document of documents) visit(document, "none");
  return { secrets, embedded };

  function visit(tree: Tree, secrecy: Secrecy): void {
    if (tree.type === "scalar") visitScalar(tree, secrecy);
    else if (tree.type === "map") visitMap(tree, secrecy);
    else
      for (const [index, item] of tree.items.entries())
        visit(item, isSecretFlag(tree.items[index - 1]) ? "all" : secrecy);
  }

  /** Files repeat few names many times. */
  function isSecretName(name: string): boolean {
    const answer = known.get(name) ?? isSecretKey(name);
    known.set(name, answer);
    return answer;
  }

  function visitMap(tree: MapTree, secrecy: Secrecy): void {
    const secrecyOf = memberSecrecy((key) => {
      const member = tree.entries.get(key);
      return member?.type === "scalar" ? member.value : undefined;
    }, isSecretName);
    for (const [key, value] of tree.entries) visit(value, inner(secrecy, secrecyOf(key), key));
  }

  function visitScalar(tree: Scalar, secrecy: Secrecy): void {
    if (isSecret(tree, secrecy)) secrets.add(tree);
    const json = secrecy === "none" ? embeddedJson(tree) : undefined;
    if (json === undefined) return;
    const before = secrets.size;
    visit(json, "none");
    if (secrets.size > before) embedded.set(tree, json);
  }
}

function inner(outer: Secrecy, own: Secrecy, key: string): Secrecy {
  if (outer === "all" || own === "all") return "all";
  if (isDescribingKey(key)) return "none";
  return outer === "named" ? "named" : own;
}

function isSecret(tree: Scalar, secrecy: Secrecy): boolean {
  if (tree.value === "" || secrecy === "none" || tree.kind === "null") return false;
  if (secrecy === "all") return true;
  return tree.kind !== "boolean" && !isPlaceholder(tree.value);
}

/** `--password`, which makes the next item of a command line a secret. */
function isSecretFlag(tree: Tree | undefined): boolean {
  return tree?.type === "scalar" && /^--?[\w-]+$/.test(tree.value) && isSecretKey(tree.value);
}

function embeddedJson(tree: Scalar): Tree | undefined {
  if (tree.kind !== "text" || !/^\s*[{[]/.test(tree.value)) return undefined;
  try {
    return parseJson(tree.value).documents[0];
  } catch (error) {
    if (error instanceof Unparsable) return undefined;
    throw error;
  }
}

const mostLiterals = 5000;

/** Finds secrets again that are unlike ordinary words; a password `postgres` must not hide each image of that name. */
function literalPattern(values: readonly string[]): RegExp | undefined {
  const literals = new Set(values.flatMap(formsOf).filter(isDistinctive));
  const sorted = [...literals].toSorted((a, b) => b.length - a.length).slice(0, mostLiterals);
  if (sorted.length === 0) return undefined;
  const escaped = sorted.map((value) => value.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(escaped.join("|"), "g");
}

function formsOf(value: string): string[] {
  const bytes = Buffer.from(value);
  const base64 = bytes.toString("base64").replace(/=+$/, "");
  // Through bytes, because half a character cannot be URL-encoded.
  return [value, value.trim(), decoded(value), base64, encodeURIComponent(bytes.toString())];
}

function decoded(value: string): string {
  const text = /^[A-Za-z0-9+/]{8,}={0,2}$/.test(value)
    ? Buffer.from(value, "base64").toString()
    : "";
  return /^[\x20-\x7e\r\n\t]*$/.test(text) ? text.trim() : "";
}

function isDistinctive(value: string): boolean {
  if (value.length < 6 || /^[a-z]*(?:[-_. /][a-z]*)*$|^[\d.]+$/.test(value)) return false;
  const classes = [/[a-z]/, /[A-Z]/, /\d/, /[^A-Za-z0-9_. -]/].filter((part) => part.test(value));
  return classes.length >= 2 || value.length >= 16;
}
