/**
 * What a configuration file says, whatever its format. Maps are real maps, so that no key is special, and numbers keep
 * the way they were written. An alias of YAML shares the tree that it refers to.
 */
export type Tree = MapTree | ListTree | Scalar;

export interface MapTree extends Node {
  readonly type: "map";
  /** Nodes in it, shared ones as often as they are referred to. */
  readonly size: number;
  readonly entries: ReadonlyMap<string, Tree>;
}

export interface ListTree extends Node {
  readonly type: "list";
  readonly size: number;
  readonly items: readonly Tree[];
}

export interface Scalar extends Node {
  readonly type: "scalar";
  readonly kind: ScalarKind;
  /** Equal for equal values: `0x10` and `16` have the same. */
  readonly value: string;
  /** As it stands in the file, where that differs from `value`. */
  readonly source: string;
}

export type ScalarKind = "text" | "number" | "boolean" | "null" | "date" | "binary";

interface Node {
  /** A tag of YAML that is not of its core schema, such as `!Ref`. */
  readonly tag: string | undefined;
  /** 1-based, where the parser tells it. */
  readonly line: number | undefined;
  /** Equal for equal trees, whatever the order of their keys. */
  readonly hash: number;
}

/** Bounds that every parsed document keeps; recursion over trees relies on `depth`. */
export const limits = { depth: 500, size: 3_000_000 } as const;

/** A file that cannot be read as the format that it was taken for. The message quotes nothing from the file. */
export class Unparsable extends Error {
  override readonly name = "Unparsable";
  readonly line: number | undefined;

  constructor(reason: string, line?: number) {
    super(reason);
    this.line = line;
  }
}

export interface NodeOptions {
  readonly line?: number | undefined;
  readonly tag?: string | undefined;
}

export function mapTree(
  entries: ReadonlyMap<string, Tree>,
  { line, tag }: NodeOptions = {},
): MapTree {
  let hash = 7;
  // A sum, because the order of keys says nothing.
  for (const [key, { hash: inner }] of entries) hash = (hash + mixed(hashOf(key), inner)) | 0;
  return { type: "map", entries, tag, line, size: sizeOf(entries.values()), hash };
}

export function listTree(items: readonly Tree[], { line, tag }: NodeOptions = {}): ListTree {
  let hash = 11;
  for (const item of items) hash = mixed(hash, item.hash);
  return { type: "list", items, tag, line, size: sizeOf(items), hash };
}

export function scalar(
  kind: ScalarKind,
  value: string,
  { line, tag, source }: NodeOptions & { readonly source?: string | undefined } = {},
): Scalar {
  return { type: "scalar", kind, value, source: source ?? value, tag, line, hash: hashOf(value) };
}

/** Integers of any length compare exactly, other numbers as the floating-point values that readers get. */
export function numberTree(source: string, options: NodeOptions = {}): Scalar {
  return scalar("number", canonicalNumber(source), { ...options, source });
}

/** Whether two trees say the same. The hashes only tell most different ones apart quickly. */
export function equalTrees(a: Tree, b: Tree): boolean {
  if (a.hash !== b.hash || a.tag !== b.tag) return false;
  if (a.type === "scalar") return b.type === "scalar" && a.kind === b.kind && a.value === b.value;
  if (a.type === "list")
    return (
      b.type === "list" &&
      a.items.length === b.items.length &&
      a.items.every((item, index) => equalMembers(item, b.items[index]))
    );
  if (b.type !== "map" || a.entries.size !== b.entries.size) return false;
  for (const [key, value] of a.entries) if (!equalMembers(value, b.entries.get(key))) return false;
  return true;
}

function equalMembers(a: Tree, b: Tree | undefined): boolean {
  return b !== undefined && equalTrees(a, b);
}

/** What a value of this tree is called when its type is told. */
export function typeOf(tree: Tree): string {
  return tree.tag ?? (tree.type === "scalar" ? tree.kind : tree.type);
}

function canonicalNumber(source: string): string {
  const integer = /^([+-]?)0*(\d+)$/.exec(source);
  if (integer) return integer[2] === "0" ? "0" : `${integer[1] === "-" ? "-" : ""}${integer[2]}`;
  const value = Number(source);
  if (!Number.isFinite(value)) return source;
  return Number.isInteger(value) && Math.abs(value) < 1e21
    ? BigInt(value).toString()
    : String(value);
}

function sizeOf(children: Iterable<Tree>): number {
  let size = 1;
  for (const child of children) size += child.type === "scalar" ? 1 : child.size;
  if (size > limits.size)
    throw new Unparsable(`it expands to more than ${limits.size.toLocaleString("en")} values`);
  return size;
}

function hashOf(text: string): number {
  let hash = text.length;
  for (let index = 0; index < text.length; index += 1)
    hash = (Math.imul(hash, 31) + text.charCodeAt(index)) | 0;
  return hash;
}

function mixed(a: number, b: number): number {
  const mix = Math.imul(a ^ (a >>> 15), 0x2c1b3c6d) + Math.imul(b ^ (b >>> 13), 0x297a2d39);
  return (mix ^ (mix >>> 16)) | 0;
}
