import { matchList } from "./match-list.ts";
import type { KeyStep, Path } from "./path.ts";
import { equalTrees, type MapTree, type ListTree, type Tree, typeOf } from "./tree.ts";

/**
 * One difference.
 *
 * - `type-changed`: the value is of another type now, such as a text where a number was;
 * - `moved`: the same items of a list in another order.
 */
export interface Change {
  readonly kind: "added" | "removed" | "changed" | "type-changed" | "moved";
  readonly path: Path;
  readonly before: Tree | undefined;
  readonly after: Tree | undefined;
  /** For `moved`: the indexes before, of the items in both lists, in their new order. */
  readonly order?: readonly number[];
}

export interface CompareOptions {
  /** Takes a difference. */
  readonly onChange: (change: Change) => void;
  /** Whether what differs at this path does not count. Asked only where something differs. */
  readonly isIgnored: (path: Path) => boolean;
}

/** Compares two trees by what they say: not by order of keys, style or comments. */
export function compare(
  before: Tree | undefined,
  after: Tree | undefined,
  { path = [], ...options }: CompareOptions & { readonly path?: Path },
): void {
  const { onChange, isIgnored } = options;
  if (before && after && equalTrees(before, after)) return;
  if ((!before && !after) || isIgnored(path)) return;
  if (!before) return onChange({ kind: "added", path, before, after });
  if (!after) return onChange({ kind: "removed", path, before, after });
  if (before.tag === after.tag) {
    if (before.type === "map" && after.type === "map")
      return compareMaps(before, after, { path, ...options });
    if (before.type === "list" && after.type === "list")
      return compareLists(before, after, { path, ...options });
  }
  const sameType = typeOf(before) === typeOf(after) || isNull(before) || isNull(after);
  onChange({ kind: sameType ? "changed" : "type-changed", path, before, after });
}

type Inner = CompareOptions & { readonly path: Path };

function compareMaps(before: MapTree, after: MapTree, { path, ...options }: Inner): void {
  for (const key of new Set([...before.entries.keys(), ...after.entries.keys()])) {
    const step: KeyStep = { type: "key", key };
    compare(before.entries.get(key), after.entries.get(key), { path: [...path, step], ...options });
  }
}

function compareLists(before: ListTree, after: ListTree, { path, ...options }: Inner): void {
  const match = matchList(before.items, after.items);
  const visit = (b: number | undefined, a: number | undefined): void => {
    const item = {
      before: b === undefined ? undefined : before.items[b],
      after: a === undefined ? undefined : after.items[a],
    };
    const tree = item.after ?? item.before;
    const id = tree && match.idOf(tree);
    compare(item.before, item.after, {
      path: [...path, { type: "item", id, before: b, after: a }],
      ...options,
    });
  };
  if (match.moved)
    options.onChange({
      kind: "moved",
      path,
      before,
      after,
      order: match.pairs.map((pair) => pair.before),
    });
  for (const index of match.removed) visit(index, undefined);
  for (const pair of match.pairs) visit(pair.before, pair.after);
  for (const index of match.added) visit(undefined, index);
}

function isNull(tree: Tree): boolean {
  return tree.type === "scalar" && tree.kind === "null";
}
