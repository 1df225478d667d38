import { diffArrays } from "diff";

import { identityOf } from "./identity.ts";
import { equalTrees, type Tree } from "./tree.ts";

/** Which items of two lists are the same item. */
export interface ListMatch {
  readonly pairs: readonly ItemPair[];
  /** Indexes of items that are only in the one list. */
  readonly removed: readonly number[];
  readonly added: readonly number[];
  /** The pairs do not come in the same order in both lists. */
  readonly moved: boolean;
  /** What identifies an item, where something does. */
  readonly idOf: (tree: Tree) => string | undefined;
}

export interface ItemPair {
  readonly before: number;
  readonly after: number;
}

/**
 * Items with an identifier are matched by it, whatever their order. Others are matched where they are equal, with as
 * few left over as possible; what is left over between the same neighbours and alike is the same item, changed.
 */
export function matchList(before: readonly Tree[], after: readonly Tree[]): ListMatch {
  const idOf = identityOf(before, after);
  const pairs =
    idOf === undefined
      ? matchByContent(before, after)
      : matchById(before.map(idOf), after.map(idOf));
  const usedBefore = new Set(pairs.map((pair) => pair.before));
  const usedAfter = new Set(pairs.map((pair) => pair.after));
  const inOrder = pairs.toSorted((a, b) => a.after - b.after);
  return {
    pairs: inOrder,
    removed: [...before.keys()].filter((index) => !usedBefore.has(index)),
    added: [...after.keys()].filter((index) => !usedAfter.has(index)),
    moved: inOrder.some((pair, index) => pair.before < (inOrder[index - 1]?.before ?? -1)),
    idOf: idOf ?? (() => undefined),
  };
}

function matchById(
  before: readonly (string | undefined)[],
  after: readonly (string | undefined)[],
): ItemPair[] {
  const places = new Map(before.map((id, index) => [id, index]));
  return after.flatMap((id, index) => {
    const place = places.get(id);
    return place === undefined ? [] : [{ before: place, after: index }];
  });
}

/** Edits in one list beyond which its items are matched by their number of occurrences alone. */
const mostEdits = 2000;

function matchByContent(before: readonly Tree[], after: readonly Tree[]): ItemPair[] {
  const hashes = { before: before.map((tree) => tree.hash), after: after.map((tree) => tree.hash) };
  const kept = commonSubsequence(hashes.before, hashes.after);
  const moved = equalLeftovers(hashes, kept);
  return [...kept, ...moved, ...changedInPlace({ before, after, kept, moved })];
}

function commonSubsequence(before: readonly number[], after: readonly number[]): ItemPair[] {
  const parts = diffArrays([...before], [...after], { maxEditLength: mostEdits });
  const pairs: ItemPair[] = [];
  let at = { before: 0, after: 0 };
  for (const { count, added, removed } of parts ?? []) {
    if (!added && !removed)
      for (let i = 0; i < count; i += 1) pairs.push({ before: at.before + i, after: at.after + i });
    at = { before: at.before + (added ? 0 : count), after: at.after + (removed ? 0 : count) };
  }
  return pairs;
}

function equalLeftovers(
  hashes: { readonly before: readonly number[]; readonly after: readonly number[] },
  kept: readonly ItemPair[],
): ItemPair[] {
  const free = new Map<number, number[]>();
  for (const index of leftOver(
    hashes.before.length,
    kept.map((pair) => pair.before),
  ).toReversed()) {
    addTo(free, hashes.before[index] ?? -1, index);
  }
  return leftOver(
    hashes.after.length,
    kept.map((pair) => pair.after),
  ).flatMap((after) => {
    const before = free.get(hashes.after[after] ?? -1)?.pop();
    return before === undefined ? [] : [{ before, after }];
  });
}

function addTo(lists: Map<number, number[]>, key: number, value: number): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}

function leftOver(length: number, used: readonly number[]): number[] {
  const taken = new Set(used);
  return Array.from({ length }, (_, index) => index).filter((index) => !taken.has(index));
}

interface InPlaceOptions {
  readonly before: readonly Tree[];
  readonly after: readonly Tree[];
  readonly kept: readonly ItemPair[];
  readonly moved: readonly ItemPair[];
}

function changedInPlace({ before, after, kept, moved }: InPlaceOptions): ItemPair[] {
  const pairs = [...kept, ...moved];
  const gapsBefore = gaps(before.length, { all: pairs, kept, side: "before" });
  const gapsAfter = gaps(after.length, { all: pairs, kept, side: "after" });
  return [...gapsBefore].flatMap(([gap, removed]) => {
    const added = gapsAfter.get(gap) ?? [];
    return pairAlike({
      removed,
      added,
      likeness: (b, a) => likenessOf(before[b], after[a]),
    });
  });
}

interface GapOptions {
  readonly all: readonly ItemPair[];
  readonly kept: readonly ItemPair[];
  readonly side: "before" | "after";
}

/** The items left over, by how many kept items stand before them. */
function gaps(length: number, { all, kept, side }: GapOptions): Map<number, number[]> {
  const taken = new Set(all.map((pair) => pair[side]));
  const borders = new Set(kept.map((pair) => pair[side]));
  const found = new Map<number, number[]>();
  let gap = 0;
  for (let index = 0; index < length; index += 1) {
    if (borders.has(index)) gap += 1;
    if (!taken.has(index)) addTo(found, gap, index);
  }
  return found;
}

interface AlikeOptions {
  readonly removed: readonly number[];
  readonly added: readonly number[];
  readonly likeness: (before: number, after: number) => "same" | "maybe" | "no";
}

/** Longest gap in which each item is compared with each. */
const mostCompared = 100;

function pairAlike({ removed, added, likeness }: AlikeOptions): ItemPair[] {
  if (
    removed.length === added.length &&
    removed.every((b, i) => likeness(b, added[i] ?? -1) !== "no")
  )
    return removed.map((before, index) => ({ before, after: added[index] ?? -1 }));
  if (removed.length > mostCompared || added.length > mostCompared) return [];
  const free = new Set(added);
  return removed.flatMap((before) => {
    const after = [...free].find((index) => likeness(before, index) === "same");
    if (after === undefined) return [];
    free.delete(after);
    return [{ before, after }];
  });
}

function likenessOf(before: Tree | undefined, after: Tree | undefined): "same" | "maybe" | "no" {
  if (before?.type === "scalar" && after?.type === "scalar") return "maybe";
  if (before?.type === "list" && after?.type === "list") return "maybe";
  if (before?.type !== "map" || after?.type !== "map") return "no";
  const share = equalShare(before.entries, after.entries);
  if (share >= 0.5) return "same";
  const sameKeys = [...before.entries.keys()].every((key) => after.entries.has(key));
  return share > 0 || sameKeys ? "maybe" : "no";
}

/** The share of members that are equal in both. */
export function equalShare(
  before: ReadonlyMap<string, Tree>,
  after: ReadonlyMap<string, Tree>,
): number {
  let equal = 0;
  for (const [key, value] of before) {
    const other = after.get(key);
    if (other !== undefined && equalTrees(value, other)) equal += 1;
  }
  return equal / Math.max(before.size, after.size, 1);
}
