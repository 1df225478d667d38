import type { DiffChange } from "./data.ts";
import { hasMask, type Masker } from "./mask.ts";
import { noteOf } from "./notes.ts";
import { pathNames, pathText } from "./path.ts";
import { cut } from "./render.ts";
import { pathWeights, riskWeight } from "./rules.ts";
import type { DocumentChange } from "./structure-diff.ts";
import { diffText } from "./text-diff.ts";
import type { Scalar, Tree } from "./tree.ts";

/** Longest value that is kept of one change. */
const longestValue = 2000;

/** The changes as people and programs are told them, the weightiest first. */
export function describeChanges(changes: readonly DocumentChange[], masker: Masker): DiffChange[] {
  return changes
    .map((change) => weighed(change, masker))
    .toSorted((a, b) => b.weight - a.weight)
    .map(({ shown }) => shown);
}

interface Weighed {
  readonly weight: number;
  readonly shown: DiffChange;
}

function weighed(change: DocumentChange, masker: Masker): Weighed {
  const { before, after } = changedLines(change, masker) ?? {
    before: shownValue(change.before, change, masker),
    after: shownValue(change.after, change, masker),
  };
  const masked = [before, after].some((text) => text !== undefined && hasMask(text));
  const { note, weight } = noteOf(change, { before, after, secretLength: masker.secretLength });
  return {
    weight: weight + (weight >= riskWeight ? 1000 : 0) + weightOf(change),
    shown: {
      ...(change.document === undefined ? {} : { document: masker.text(change.document) }),
      path: masker.text(pathText(change.path)),
      kind: change.kind,
      ...(before === undefined ? {} : { before }),
      ...(after === undefined ? {} : { after }),
      masked,
      ...(change.before?.line === undefined ? {} : { beforeLine: change.before.line }),
      ...(change.after?.line === undefined ? {} : { afterLine: change.after.line }),
      ...(note === undefined ? {} : { note: masker.text(note) }),
      risk: weight >= riskWeight,
    },
  };
}

interface ShownValues {
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/** Of texts with several lines, only the lines that differ. */
function changedLines(
  { kind, before, after }: DocumentChange,
  masker: Masker,
): ShownValues | undefined {
  if (kind !== "changed" || !isLongText(before) || !isLongText(after)) return undefined;
  if (masker.secretLength(before) ?? masker.secretLength(after)) return undefined;
  const { changes, counted } = diffText({
    before: { name: "before", text: before.value },
    after: { name: "after", text: after.value },
    mask: masker.text,
  });
  if (counted) return undefined;
  const lines = (side: "before" | "after"): string | undefined => {
    const shown = changes.flatMap((change) => change[side] ?? []).join("\n");
    return shown === "" ? undefined : cut(shown, longestValue);
  };
  return { before: lines("before"), after: lines("after") };
}

function isLongText(tree: Tree | undefined): tree is Scalar {
  return tree?.type === "scalar" && tree.kind === "text" && tree.value.includes("\n");
}

function shownValue(
  tree: Tree | undefined,
  change: DocumentChange,
  masker: Masker,
): string | undefined {
  if (tree === undefined) return undefined;
  return change.kind === "moved" && tree.type === "list"
    ? orderText(tree.items, masker)
    : masker.value(tree, longestValue);
}

/** A list by its items' names, which is what tells an order. */
function orderText(items: readonly Tree[], masker: Masker): string {
  const names = items.slice(0, 50).map((item) => {
    const name =
      item.type === "map" ? (item.entries.get("name") ?? item.entries.get("id")) : undefined;
    return masker.value(name ?? item, 60);
  });
  return `[${names.join(", ")}${items.length > names.length ? ", …" : ""}]`;
}

const kindWeights = { removed: 10, "type-changed": 10, changed: 8, added: 6, moved: -30 } as const;

function weightOf(change: DocumentChange): number {
  const names = new Set(
    pathNames(change.path).map((name) => name.toLowerCase().replace(/[^a-z0-9]+/g, "")),
  );
  const ofPath = pathWeights
    .filter(({ pattern }) => [...names].some((name) => pattern.test(name)))
    .reduce((sum, { weight }) => sum + weight, 0);
  return ofPath + kindWeights[change.kind] + (change.path.length === 0 ? 30 : 0);
}
