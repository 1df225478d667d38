import { Lexer } from "marked";
import type { MarkedToken, Token, Tokens } from "marked";

import { splitMarkdown } from "./split.ts";

/**
 * How one platform shows Markdown. `inner` is already rendered, `text` is what the author meant, without any
 * escapes. Blocks end without a line break.
 */
export interface MarkdownRenderer {
  text(text: string): string;
  strong(inner: string): string;
  emphasis(inner: string): string;
  strike(inner: string): string;
  code(text: string): string;
  link(inner: string, url: string): string;
  image(alt: string, url: string): string;
  lineBreak(): string;
  paragraph(inner: string, at: Nesting): string;
  heading(inner: string, level: number, at: Nesting): string;
  codeBlock(text: string, info: string, at: Nesting): string;
  quote(inner: string, at: Nesting): string;
  list(list: MarkdownList, at: Nesting): string;
  table(table: MarkdownTable, at: Nesting): string;
  rule(at: Nesting): string;
}

/** How many quotes and list items a block lies in. */
export interface Nesting {
  readonly quotes: number;
  readonly lists: number;
}

export interface MarkdownList {
  /** The first item's number; undefined for bullets. */
  readonly start: number | undefined;
  readonly loose: boolean;
  readonly items: readonly {
    /** Present on a task list's items. */
    readonly checked: boolean | undefined;
    readonly inner: string;
  }[];
}

export interface MarkdownTable {
  readonly align: readonly ("left" | "center" | "right")[];
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Renders CommonMark with tables. HTML is shown as it is written. */
export function renderMarkdown(markdown: string, renderer: MarkdownRenderer): string {
  // The parser takes quadratic time on hostile text: on parts of this size that stays below half a second.
  return splitMarkdown(markdown, { maxLength: 16_000 })
    .map(({ text }) => renderPart(text, renderer))
    .filter((part) => part !== "")
    .join("\n\n");
}

function renderPart(markdown: string, renderer: MarkdownRenderer): string {
  try {
    const tokens = Lexer.lex(markdown, { gfm: true });
    return blocks(tokens, { renderer, targets: targetsIn(tokens), quotes: 0, lists: 0 });
  } catch (error) {
    // Thousands of nested quotes exhaust the parser's stack.
    if (error instanceof RangeError) return renderer.text(markdown);
    throw error;
  }
}

interface Walk extends Nesting {
  readonly renderer: MarkdownRenderer;
  /** Where links lead to. */
  readonly targets: ReadonlySet<string>;
}

function blocks(tokens: readonly Token[], walk: Walk, separator = "\n\n"): string {
  return tokens
    .filter(isKnown)
    .map((token) => block(token, walk))
    .filter((text) => text !== "")
    .join(separator);
}

function block(token: MarkedToken, walk: Walk): string {
  const { renderer } = walk;
  switch (token.type) {
    case "paragraph":
      return renderer.paragraph(inline(token.tokens, renderer), walk);
    case "text":
      return renderer.paragraph(inline(token.tokens ?? [token], renderer), walk);
    case "heading":
      return renderer.heading(inline(token.tokens, renderer), token.depth, walk);
    case "code":
      return renderer.codeBlock(token.text, token.lang ?? "", walk);
    case "blockquote":
      return renderer.quote(blocks(token.tokens, { ...walk, quotes: walk.quotes + 1 }), walk);
    case "list":
      return renderer.list(list(token, { ...walk, lists: walk.lists + 1 }), walk);
    case "table":
      return renderer.table(table(token, renderer), walk);
    case "hr":
      return renderer.rule(walk);
    case "html":
      return renderer.paragraph(renderer.text(token.text.trimEnd()), walk);
    case "def":
      // `[ERROR]: disk-full` is none that a link goes by.
      return walk.targets.has(token.href)
        ? ""
        : renderer.paragraph(renderer.text(token.raw.trim()), walk);
    case "space":
    case "checkbox":
    case "list_item":
      return "";
    case "br":
    case "codespan":
    case "del":
    case "em":
    case "escape":
    case "image":
    case "link":
    case "strong":
      return renderer.paragraph(span(token, renderer), walk);
    default:
      return token satisfies never;
  }
}

function list(token: Tokens.List, walk: Walk): MarkdownList {
  return {
    start: token.ordered ? token.start || 1 : undefined,
    loose: token.loose,
    items: token.items.map((item) => ({
      checked: item.task ? item.checked === true : undefined,
      inner: blocks(item.tokens, walk, item.loose ? "\n\n" : "\n"),
    })),
  };
}

function table(token: Tokens.Table, renderer: MarkdownRenderer): MarkdownTable {
  const cell = ({ tokens }: Tokens.TableCell): string => inline(tokens, renderer);
  const lines = token.raw.split("\n").slice(2);
  return {
    align: token.align.map((align) => align ?? "left"),
    header: token.header.map(cell),
    rows: token.rows.map((row, index) => {
      const more = cellsBeyond(lines[index] ?? "", row.length);
      if (more.length === 0) return row.map(cell);
      const rest = [row.at(-1)].flatMap((last) => (last ? [cell(last)] : []));
      return [
        ...row.slice(0, -1).map(cell),
        [...rest, ...more.map((text) => renderer.text(text))].join(" | "),
      ];
    }),
  };
}

/** What a row has beyond the columns, such as the pipes of a command: Markdown would leave it out. */
function cellsBeyond(line: string, columns: number): readonly string[] {
  const cells = line
    .trim()
    .replace(/^\|/, "")
    .split(/(?<!\\)\|/);
  if (cells.at(-1)?.trim() === "") cells.pop();
  return cells.slice(columns).map((text) => text.replaceAll("\\|", "|").trim());
}

/** The targets of all links, however deep. */
function targetsIn(tokens: readonly Token[]): ReadonlySet<string> {
  const targets = new Set<string>();
  const rest: unknown[] = [...tokens];
  while (rest.length > 0) {
    const value = rest.pop();
    if (Array.isArray(value)) for (const each of value) rest.push(each);
    else if (typeof value === "object" && value !== null) {
      if ("type" in value && (value.type === "link" || value.type === "image") && "href" in value)
        targets.add(String(value.href));
      for (const name of ["tokens", "items", "header", "rows"])
        if (name in value) rest.push(Reflect.get(value, name));
    }
  }
  return targets;
}

function inline(tokens: readonly Token[], renderer: MarkdownRenderer): string {
  return tokens
    .filter(isKnown)
    .map((token) => span(token, renderer))
    .join("");
}

function span(token: MarkedToken, renderer: MarkdownRenderer): string {
  switch (token.type) {
    case "strong":
      return renderer.strong(inline(token.tokens, renderer));
    case "em":
      return renderer.emphasis(inline(token.tokens, renderer));
    case "del":
      return renderer.strike(inline(token.tokens, renderer));
    case "codespan":
      return renderer.code(token.text);
    case "link":
      return renderer.link(inline(token.tokens, renderer), token.href);
    case "image":
      return renderer.image(decodeEntities(token.text), token.href);
    case "br":
      return renderer.lineBreak();
    case "escape":
      return renderer.text(token.text);
    case "text":
      return token.tokens
        ? inline(token.tokens, renderer)
        : renderer.text(decodeEntities(token.text));
    case "checkbox":
      return "";
    case "html":
      return /^<br\s*\/?>$/i.test(token.text) ? renderer.lineBreak() : renderer.text(token.text);
    case "blockquote":
    case "code":
    case "def":
    case "heading":
    case "hr":
    case "list":
    case "list_item":
    case "paragraph":
    case "space":
    case "table":
      return renderer.text(token.raw);
    default:
      return token satisfies never;
  }
}

/** Only extensions of the lexer make other tokens, and none is used. */
function isKnown(token: Token): token is MarkedToken {
  return !("childTokens" in token);
}

/** The character references that people and models write; others stay as they are. */
function decodeEntities(text: string): string {
  return text.replaceAll(
    /&(?:(amp|lt|gt|quot|apos|nbsp)|#(\d{1,7})|#x([\da-f]{1,6}));/gi,
    (...match) => {
      const [whole, name, decimal, hex] = match as [string, ...(string | undefined)[]];
      if (name !== undefined) return entities[name.toLowerCase()] ?? whole;
      const code = decimal === undefined ? Number.parseInt(hex ?? "", 16) : Number(decimal);
      return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : "\ufffd";
    },
  );
}

const entities: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: "\u00a0",
};
