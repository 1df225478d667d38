import type { Scalar, Tree } from "./tree.ts";

export interface FlowOptions {
  /** What to show instead of a scalar; undefined for the scalar itself. */
  readonly scalarText: (tree: Scalar) => string | undefined;
  readonly keyText: (key: string) => string;
  readonly longest?: number;
}

/** A tree in one line, in the flow style of YAML, cut at about `longest` characters. */
export function flowText(
  tree: Tree,
  { scalarText, keyText, longest = Number.POSITIVE_INFINITY }: FlowOptions,
): string {
  let left = longest;
  const text = visit(tree);
  return left >= 0 && text.length <= longest ? text : `${cut(text, longest)}…`;

  function visit(node: Tree): string {
    if (left < 0) return "";
    const tag = node.tag === undefined ? "" : `${node.tag} `;
    if (node.type === "scalar") {
      const shown = scalarText(node) ?? plainText(node);
      left -= shown.length;
      return tag + oneLine(shown);
    }
    if (node.type === "list") return `${tag}[${joined(node.items, visit)}]`;
    const member = ([key, value]: readonly [string, Tree]): string => {
      left -= key.length;
      return `${plainKey(keyText(key))}: ${visit(value)}`;
    };
    return `${tag}{${joined(node.entries, member)}}`;
  }

  function joined<T>(items: Iterable<T>, textOf: (item: T) => string): string {
    const parts: string[] = [];
    for (const item of items) {
      if (left < 0) break;
      left -= 2;
      parts.push(textOf(item));
    }
    return parts.join(", ");
  }
}

/** Text as one line. */
export function oneLine(text: string): string {
  return text.replaceAll("\r", "\\r").replaceAll("\n", "\\n").replaceAll("\t", "\\t");
}

function plainText(tree: Scalar): string {
  if (tree.kind === "binary") return `<${Buffer.from(tree.value, "base64").length} bytes>`;
  return tree.kind === "text" && looksOtherwise.test(tree.value)
    ? JSON.stringify(tree.value)
    : tree.source;
}

/** Text that would be read as another type, or not be seen, without its quotes. */
const looksOtherwise =
  /^$|^\s|[ \t]$|^[-+]?[\d.][\d._eExXoO+:-]*$|^(?:true|false|null|yes|no|on|off|~)$/i;

function plainKey(key: string): string {
  return /^[^\s{}[\],:"'#][^{}[\],:"'#\n]*$/.test(key) ? key : JSON.stringify(key);
}

/** Never between the two halves of one character. */
export function cut(text: string, longest: number): string {
  const code = text.charCodeAt(longest - 1);
  return text.slice(0, code >= 0xd800 && code <= 0xdbff ? longest - 1 : longest);
}
