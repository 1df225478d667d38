import {
  type Alias,
  Composer,
  type CST,
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  type Pair,
  Parser,
  type Scalar as YamlScalar,
} from "yaml";

import {
  limits,
  listTree,
  mapTree,
  type NodeOptions,
  numberTree,
  scalar,
  type Tree,
  Unparsable,
} from "./tree.ts";
import { type Chunk, chunksOf } from "./yaml-chunks.ts";
import { createDepthGauge } from "./yaml-depth.ts";

export interface ParsedYaml {
  readonly documents: readonly Tree[];
  readonly notes: readonly string[];
}

/**
 * Reads YAML 1.2, one document after the other, so that only one syntax tree is in memory at a time.
 * @throws {Unparsable}
 */
export function parseYaml(text: string): ParsedYaml {
  const documents: Tree[] = [];
  const notes: string[] = [];
  for (const chunk of chunksOf(text)) documents.push(...parseChunk(chunk, notes));
  return { documents, notes };
}

/** Bytes of one document: the syntax tree takes about a hundred times as much memory. */
const longestDocument = 3_000_000;

function parseChunk(chunk: Chunk, notes: string[]): Tree[] {
  if (chunk.text.length > longestDocument)
    throw new Unparsable("one of its YAML documents is larger than 3 MB", chunk.above + 1);
  const lines = new LineCounter();
  const lineAt = (offset: number): number => chunk.above + lines.linePos(offset).line;
  const documents = syntaxTrees(chunk, lines);
  return documents.flatMap((document) => {
    const error = document.errors[0];
    if (error) throw new Unparsable(`YAML: ${words(error.code)}`, lineAt(error.pos[0]));
    return isEmpty(document) ? [] : [convert(document, { lineAt, notes })];
  });
}

function syntaxTrees({ text, above }: Chunk, lines: LineCounter): Document.Parsed[] {
  // Its pretty errors quote the file, which may be a secret.
  const composer = new Composer({
    prettyErrors: false,
    uniqueKeys: false,
    intAsBigInt: true,
    logLevel: "silent",
  });
  return [...composer.compose(tokens(text, lines, above))];
}

function* tokens(text: string, lines: LineCounter, above: number): Generator<CST.Token> {
  const parser = new Parser(lines.addNewLine);
  const depthAfter = createDepthGauge();
  lines.addNewLine(0);
  for (const lexeme of new Lexer().lex(text)) {
    if (depthAfter(lexeme) > limits.depth)
      throw new Unparsable(
        `it is nested more than ${limits.depth} levels deep`,
        above + lines.lineStarts.length,
      );
    yield* parser.next(lexeme);
  }
  yield* parser.end();
}

/** Comments between two `---` make no document. */
function isEmpty({ contents }: Document.Parsed): boolean {
  return (
    contents === null ||
    (isScalar(contents) && contents.value === null && contents.range[0] === contents.range[1])
  );
}

function words(code: string): string {
  return code.toLowerCase().replaceAll("_", " ");
}

interface ConvertOptions {
  readonly lineAt: (offset: number) => number;
  readonly notes: string[];
}

function convert(document: Document.Parsed, { lineAt, notes }: ConvertOptions): Tree {
  const anchors = new Map<string, Tree>();
  return visit(document.contents, 0, undefined);

  function visit(node: unknown, depth: number, keyLine: number | undefined): Tree {
    if (depth > limits.depth)
      throw new Unparsable(`it is nested more than ${limits.depth} levels deep`, keyLine);
    if (isAlias(node)) return { ...resolve(node), line: keyLine ?? lineOf(node) };
    if (!isMap(node) && !isSeq(node) && !isScalar(node))
      return scalar("null", "null", { line: keyLine });
    const options = { line: keyLine ?? lineOf(node), tag: ownTag(node.tag) };
    const tree = isScalar(node)
      ? scalarTree(node, options)
      : isMap(node)
        ? mapTree(entriesOf(node.items, depth), options)
        : listTree(
            node.items.map((item) => visit(item, depth + 1, undefined)),
            options,
          );
    if (node.anchor !== undefined) anchors.set(node.anchor, tree);
    return tree;
  }

  function entriesOf(pairs: readonly Pair[], depth: number): Map<string, Tree> {
    const entries = new Map<string, Tree>();
    const merged: Tree[] = [];
    for (const { key, value } of pairs) {
      const line = lineOf(key);
      const name = keyOf(key);
      const tree = visit(value, depth + 1, line);
      if (name === "<<" && isScalar(key) && key.type === "PLAIN") merged.push(tree);
      else {
        if (entries.has(name))
          notes.push(
            `key ${JSON.stringify(name)} appears again in line ${line}: the last one counts`,
          );
        entries.set(name, tree);
      }
    }
    for (const tree of merged.flatMap((item) => (item.type === "list" ? item.items : [item])))
      mergeInto(entries, tree);
    return entries;
  }

  function resolve(alias: Alias): Tree {
    const tree = anchors.get(alias.source);
    if (tree !== undefined) return tree;
    throw new Unparsable(
      "it has an alias that refers to nothing before it, or to itself",
      lineOf(alias),
    );
  }

  function lineOf(node: unknown): number | undefined {
    if (!isScalar(node) && !isAlias(node) && !isMap(node) && !isSeq(node)) return undefined;
    return node.range ? lineAt(node.range[0]) : undefined;
  }
}

function mergeInto(entries: Map<string, Tree>, tree: Tree): void {
  if (tree.type !== "map") throw new Unparsable("it merges something that is not a map", tree.line);
  for (const [key, value] of tree.entries) if (!entries.has(key)) entries.set(key, value);
}

function keyOf(key: unknown): string {
  if (!isScalar(key)) return isNode(key) ? key.toString() : "";
  return typeof key.value === "string" ? key.value : (key.source ?? "");
}

/** A tag that carries a meaning of its own; the core schema's tags only say the type. */
function ownTag(tag: string | undefined): string | undefined {
  return tag?.startsWith("tag:yaml.org,2002:") ? undefined : tag;
}

function scalarTree(node: YamlScalar, options: NodeOptions): Tree {
  const { value, source } = node;
  if (typeof value === "string") return scalar("text", value, { ...options, source: value });
  if (typeof value === "boolean") return scalar("boolean", String(value), { ...options, source });
  if (value === null || value === undefined) return scalar("null", "null", options);
  if (typeof value === "bigint") return scalar("number", value.toString(), { ...options, source });
  if (typeof value === "number")
    return { ...numberTree(String(value), options), source: source ?? String(value) };
  if (value instanceof Uint8Array)
    return scalar("binary", Buffer.from(value).toString("base64"), options);
  return scalar("date", source ?? "", options);
}
