import type { MapTree, Tree } from "./tree.ts";

/** What identifies an item of a list. */
export type IdOf = (tree: Tree) => string | undefined;

/**
 * What tells the items of two lists apart: members that every item has, as text or number, different from item to item.
 * Undefined where there is no such member. Names and ids serve always, others only when they recur in the other list.
 */
export function identityOf(before: readonly Tree[], after: readonly Tree[]): IdOf | undefined {
  const items = [...before, ...after];
  if (items.length === 0 || !items.every((item) => item.type === "map")) return undefined;
  const shared = sharedMembers(items);
  for (const members of [...strong, ...weak, ...[...shared].map((key) => [key])]) {
    const keys = members.filter((key) => shared.has(key) || key.includes("."));
    if (keys.length < members.length) continue;
    const idOf = (tree: Tree): string | undefined => idFrom(tree, members);
    const ids = [before.map(idOf), after.map(idOf)] as const;
    if (!ids.every(areDistinct)) continue;
    if (strong.includes(members) || recur(...ids)) return idOf;
  }
  return undefined;
}

/** A Kubernetes object, or what is named. */
const strong: readonly (readonly string[])[] = [
  ["kind", "metadata.namespace", "metadata.name"],
  ["kind", "metadata.name"],
  // What has both is renamed more often than it gets another id.
  ["id"],
  ["name"],
  ["key"],
  ["uid"],
];

const weak: readonly (readonly string[])[] = [
  ...["containerPort", "port"].flatMap((key) => [[key], [key, "protocol"]]),
  ["mountPath"],
  ["mountPath", "subPath"],
  ["host"],
  ["hostname"],
  ["path"],
  ["job_name"],
  ["alert"],
  ["record"],
];

function sharedMembers(items: readonly MapTree[]): Set<string> {
  const [first, ...rest] = items;
  const shared = new Set<string>();
  for (const [key, value] of first?.entries ?? []) if (isId(value)) shared.add(key);
  for (const item of rest)
    for (const key of shared) if (!isId(item.entries.get(key))) shared.delete(key);
  return shared;
}

function isId(tree: Tree | undefined): boolean {
  return (
    tree?.type === "scalar" &&
    (tree.kind === "text" || tree.kind === "number") &&
    tree.value.length <= 256
  );
}

function idFrom(tree: Tree, members: readonly string[]): string | undefined {
  const parts = members.map((member) => {
    const part = member
      .split(".")
      .reduce<Tree | undefined>(
        (at, key) => (at?.type === "map" ? at.entries.get(key) : undefined),
        tree,
      );
    return part?.type === "scalar" ? part.value : undefined;
  });
  return parts.includes(undefined) ? undefined : parts.join("/");
}

function areDistinct(ids: readonly (string | undefined)[]): boolean {
  return !ids.includes(undefined) && new Set(ids).size === ids.length;
}

/** At least half of the shorter list comes again in the other. */
function recur(
  before: readonly (string | undefined)[],
  after: readonly (string | undefined)[],
): boolean {
  const known = new Set(before);
  const common = after.filter((id) => known.has(id)).length;
  return common > 0 && common * 2 >= Math.min(before.length, after.length);
}
