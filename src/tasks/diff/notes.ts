import { certificateNote } from "./certificate.ts";
import type { Change } from "./compare.ts";
import { hasMask } from "./mask.ts";
import { factsOf, type Facts, riskWeight, rules } from "./rules.ts";
import type { DocumentChange } from "./structure-diff.ts";
import type { Tree } from "./tree.ts";

/** What a change means, and how much that moves it up. */
export interface Note {
  readonly note: string | undefined;
  readonly weight: number;
}

export interface NoteOptions {
  /** The values as they are shown. */
  readonly before: string | undefined;
  readonly after: string | undefined;
  readonly secretLength: (tree: Tree | undefined) => number | undefined;
}

export function noteOf(change: DocumentChange, options: NoteOptions): Note {
  const { before, after, secretLength } = options;
  return (
    secretNote(change, secretLength) ??
    documentNote(change) ??
    ruleNote(change, (tree) => secretLength(tree) !== undefined) ??
    hiddenNote(before, after) ?? { note: undefined, weight: 0 }
  );
}

function secretNote(change: Change, lengthOf: NoteOptions["secretLength"]): Note | undefined {
  const [before, after] = [lengthOf(change.before), lengthOf(change.after)];
  if (before === undefined && after === undefined) return undefined;
  const weight = 80;
  if (change.kind === "added") return { note: "secret added", weight };
  if (change.kind === "removed") return { note: "secret removed", weight };
  if (before === undefined) return { note: "secret set", weight };
  if (after === undefined) return { note: "secret unset", weight };
  return { note: `secret changed, ${before} → ${after} characters`, weight };
}

function documentNote({ kind, path, document, before, after }: DocumentChange): Note | undefined {
  const certificate = certificateNote(before, after);
  if (certificate !== undefined) return { note: certificate, weight: 90 };
  const isWhole = path.length === 0 && document !== undefined;
  return isWhole && kind === "removed" ? { note: undefined, weight: 95 } : undefined;
}

function ruleNote(change: Change, isSecret: (tree: Tree | undefined) => boolean): Note | undefined {
  const own = firstNote(factsOf(change, isSecret));
  if (own !== undefined || change.kind !== "added") return own;
  // What is added as a whole may hold a risk inside.
  let best: Note | undefined;
  for (const leaf of leavesOf(change)) {
    const note = firstNote(factsOf(leaf, isSecret));
    if (note && note.weight >= riskWeight && note.weight > (best?.weight ?? 0)) best = note;
  }
  return best;
}

function firstNote(facts: Facts): Note | undefined {
  for (const { note, weight } of rules) {
    const text = note(facts);
    if (text !== undefined) return { note: text, weight };
  }
  return undefined;
}

const mostLeaves = 1000;

/** The scalars of an added part, each as if it had been added alone. */
function* leavesOf({ path, after }: Change): Generator<Change> {
  const open = after === undefined ? [] : [{ path, tree: after }];
  for (let count = 0; count < mostLeaves; count += 1) {
    const next = open.pop();
    if (next === undefined) return;
    const { tree } = next;
    if (tree.type === "scalar")
      yield { kind: "added", path: next.path, before: undefined, after: tree };
    else if (tree.type === "map")
      for (const [key, member] of tree.entries)
        open.push({ path: [...next.path, { type: "key", key }], tree: member });
    else for (const item of tree.items) open.push({ path: next.path, tree: item });
  }
}

/** What changed is only seen in what is masked. */
function hiddenNote(before: string | undefined, after: string | undefined): Note | undefined {
  if (before === undefined || before !== after || !hasMask(before)) return undefined;
  return { note: "differs in what is masked", weight: 80 };
}
