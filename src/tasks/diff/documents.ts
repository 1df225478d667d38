import { equalShare } from "./match-list.ts";
import type { Tree } from "./tree.ts";

/** Two documents that are to be compared, or one that is in one file only. */
export interface DocumentPair {
  /** What a person calls it; undefined where the files have one document each. */
  readonly label: string | undefined;
  readonly before: Tree | undefined;
  readonly after: Tree | undefined;
}

/**
 * Matches the documents of two files: Kubernetes objects by kind, namespace and name, also under another API version;
 * what is left by likeness, else by place.
 */
export function matchDocuments(before: readonly Tree[], after: readonly Tree[]): DocumentPair[] {
  if (before.length <= 1 && after.length <= 1 && !areStrangers(before[0], after[0]))
    return [{ label: undefined, before: before[0], after: after[0] }];
  const free = { before: new Set(before), after: new Set(after) };
  const pairs: [Tree, Tree][] = [];
  const take = (b: Tree, a: Tree): void => {
    free.before.delete(b);
    free.after.delete(a);
    pairs.push([b, a]);
  };
  for (const keyOf of [exactKey, objectKey, contentKey]) pairByKey(free, keyOf, take);
  pairByLikeness(free, take);
  pairByPlace(free, take);
  const labels = labelsOf([...before, ...after], { before, after });
  const ordered: DocumentPair[] = [
    ...pairs.map(([b, a]) => ({ label: labels.get(a), before: b, after: a })),
    ...[...free.before].map((b) => ({ label: labels.get(b), before: b, after: undefined })),
    ...[...free.after].map((a) => ({ label: labels.get(a), before: undefined, after: a })),
  ];
  const place = new Map([...before, ...after].map((tree, index) => [tree, index]));
  const placeOf = (tree: Tree | undefined): number =>
    (tree && place.get(tree)) ?? Number.POSITIVE_INFINITY;
  return ordered.toSorted((x, y) => placeOf(x.before ?? x.after) - placeOf(y.before ?? y.after));
}

/** What a Kubernetes object is, `Deployment/shop/web`, or undefined. */
export function objectLabel(tree: Tree | undefined): string | undefined {
  const kind = textAt(tree, ["kind"]);
  const name = textAt(tree, ["metadata", "name"]) ?? textAt(tree, ["metadata", "generateName"]);
  if (kind === undefined || textAt(tree, ["apiVersion"]) === undefined) return undefined;
  return [kind, textAt(tree, ["metadata", "namespace"]), name]
    .filter((part) => part !== undefined)
    .join("/");
}

interface Free {
  readonly before: Set<Tree>;
  readonly after: Set<Tree>;
}

type Take = (before: Tree, after: Tree) => void;

function exactKey(tree: Tree): string | undefined {
  const label = objectLabel(tree);
  return label === undefined ? undefined : `${textAt(tree, ["apiVersion"])}/${label}`;
}

function objectKey(tree: Tree): string | undefined {
  return objectLabel(tree);
}

function contentKey(tree: Tree): string {
  return String(tree.hash);
}

function pairByKey(free: Free, keyOf: (tree: Tree) => string | undefined, take: Take): void {
  const places = new Map<string, Tree[]>();
  for (const tree of [...free.before].toReversed()) {
    const key = keyOf(tree);
    const same = key === undefined ? undefined : places.get(key);
    if (same !== undefined) same.push(tree);
    else if (key !== undefined) places.set(key, [tree]);
  }
  for (const tree of free.after) {
    const other = places.get(keyOf(tree) ?? "")?.pop();
    if (other !== undefined) take(other, tree);
  }
}

/** Documents left over beyond which likeness is not looked for. */
const mostCompared = 200;

function pairByLikeness(free: Free, take: Take): void {
  if (free.before.size > mostCompared || free.after.size > mostCompared) return;
  const scored = [...free.before]
    .flatMap((b) => [...free.after].map((a) => ({ b, a, score: likeness(b, a) })))
    .filter(({ score }) => score >= 0.5)
    .toSorted((x, y) => y.score - x.score);
  for (const { b, a } of scored) if (free.before.has(b) && free.after.has(a)) take(b, a);
}

/** How much of two documents is equal, 0 to 1. Objects of different kinds are never alike. */
function likeness(before: Tree, after: Tree): number {
  if (areStrangers(before, after) || before.type !== "map" || after.type !== "map") return 0;
  if (objectLabel(before) === undefined) return equalShare(before.entries, after.entries);
  const [b, a] = [before, after].map((tree) => flat(tree));
  return b && a ? equalShare(b, a) : 0;
}

/** An object's parts two levels deep, without what all objects of its kind share. */
function flat(tree: Tree): Map<string, Tree> {
  const parts = new Map<string, Tree>();
  if (tree.type !== "map") return parts;
  for (const [key, value] of tree.entries) {
    if (["apiVersion", "kind", "metadata", "status", "type"].includes(key)) continue;
    if (value.type !== "map") parts.set(key, value);
    else for (const [name, part] of value.entries) parts.set(`${key}.${name}`, part);
  }
  return parts;
}

/** Documents that are no Kubernetes objects, and alike in type, belong together by their place. */
function pairByPlace(free: Free, take: Take): void {
  const plain = (trees: Set<Tree>): Tree[] =>
    [...trees].filter((tree) => objectLabel(tree) === undefined);
  const others = plain(free.after);
  for (const [index, b] of plain(free.before).entries()) {
    const a = others[index];
    if (a !== undefined && a.type === b.type) take(b, a);
  }
}

function areStrangers(before: Tree | undefined, after: Tree | undefined): boolean {
  const kinds = [before, after].map((tree) =>
    objectLabel(tree) === undefined ? undefined : textAt(tree, ["kind"]),
  );
  return kinds[0] !== undefined && kinds[1] !== undefined && kinds[0] !== kinds[1];
}

function labelsOf(
  trees: readonly Tree[],
  { before, after }: { readonly before: readonly Tree[]; readonly after: readonly Tree[] },
): Map<Tree, string> {
  const places = new Map(
    [...before.entries(), ...after.entries()].map(([index, tree]) => [tree, index + 1]),
  );
  return new Map(trees.map((tree) => [tree, objectLabel(tree) ?? `document ${places.get(tree)}`]));
}

function textAt(tree: Tree | undefined, keys: readonly string[]): string | undefined {
  const found = keys.reduce<Tree | undefined>(
    (at, key) => (at?.type === "map" ? at.entries.get(key) : undefined),
    tree,
  );
  return found?.type === "scalar" ? found.value : undefined;
}
