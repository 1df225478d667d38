import type { TaskContext } from "../task.ts";
import type { DiffChange, DiffPair } from "./data.ts";
import { describeChanges } from "./describe.ts";
import type { ConfigFormat } from "./format.ts";
import { createMasker } from "./mask.ts";
import { type ParsedConfig, parseConfig } from "./parse.ts";
import { type FileContent, readFile } from "./read.ts";
import { diffStructure } from "./structure-diff.ts";
import { diffText } from "./text-diff.ts";

export interface PairOptions {
  readonly format: ConfigFormat | "auto" | "text";
  readonly ignore: readonly string[];
  readonly ignoreNoise: boolean;
}

export interface PairNames {
  readonly before: string;
  readonly after: string;
}

/** One compared pair. `pair.changes` is not cut yet. */
export interface ComparedPair {
  readonly pair: DiffPair;
  /** The unified diff, where only the lines could be compared. */
  readonly patch?: string;
}

/** Compares two files. @throws {OpsthreadError} `TASK_FAILED` when one cannot be read */
export async function diffPair(
  names: PairNames,
  { context, ...options }: PairOptions & { readonly context: TaskContext },
): Promise<ComparedPair> {
  context.progress({ text: `Reading ${names.before} and ${names.after}` });
  const before = await readFile(names.before, context);
  const after = await readFile(names.after, context);
  context.signal.throwIfAborted();
  if (before.type === "opaque" || after.type === "opaque")
    return { pair: opaquePair(names, before, after) };
  context.progress({ text: "Comparing" });
  return diffTexts(names, { before: before.text, after: after.text, ...options });
}

interface Texts extends PairOptions {
  readonly before: string;
  readonly after: string;
}

/** Compares two texts by what they say, or by their lines where one cannot be read as a configuration. */
export function diffTexts(names: PairNames, { before, after, ...options }: Texts): ComparedPair {
  const parsed = {
    before: parseConfig(before, { name: names.before, format: options.format }),
    after: parseConfig(after, { name: names.after, format: options.format }),
  };
  if (parsed.before.type === "text" || parsed.after.type === "text")
    return linePair(names, { before, after, parsed });
  const { changes, dropped, ignored } = diffStructure({
    before: parsed.before.documents,
    after: parsed.after.documents,
    ...options,
  });
  const masker = createMasker(
    [...parsed.before.documents, ...parsed.after.documents],
    [before, after],
  );
  const equal = changes.length === 0;
  const notes = [
    ...fileNotes(names, parsed),
    ...(equal && before !== after && ignored.size === 0
      ? ["the files differ only in formatting, comments or the order of keys"]
      : []),
    ...(parsed.before.format === parsed.after.format
      ? []
      : [`${parsed.before.format} is compared with ${parsed.after.format}`]),
  ].map(masker.text);
  const pair: DiffPair = {
    ...names,
    format: parsed.after.format,
    equal,
    total: changes.length + dropped,
    counts: countKinds(changes),
    ignored: Object.fromEntries([...ignored].map(([name, count]) => [masker.text(name), count])),
    notes,
    changes: describeChanges(changes, masker),
    cut: dropped,
  };
  return { pair };
}

type Parsed = Readonly<Record<"before" | "after", ParsedConfig>>;

interface LineOptions {
  readonly before: string;
  readonly after: string;
  readonly parsed: Parsed;
}

function linePair(names: PairNames, { before, after, parsed }: LineOptions): ComparedPair {
  const documents = [parsed.before, parsed.after].flatMap((side) =>
    side.type === "parsed" ? side.documents : [],
  );
  const { text: mask } = createMasker(documents, [before, after]);
  const diff = diffText({
    before: { name: names.before, text: before },
    after: { name: names.after, text: after },
    mask,
  });
  const equal = before === after;
  const changes: readonly DiffChange[] = diff.changes;
  return {
    pair: {
      ...names,
      format: "text",
      equal,
      total: diff.counted ? 1 : changes.length,
      counts: { "lines added": diff.added, "lines removed": diff.removed },
      ignored: {},
      notes: [
        ...fileNotes(names, parsed),
        ...(diff.counted ? ["the files differ in so much that only lines were counted"] : []),
      ].map(mask),
      changes,
      cut: diff.counted ? 1 : 0,
    },
    ...(equal || diff.counted ? {} : { patch: diff.patch }),
  };
}

function opaquePair(names: PairNames, before: FileContent, after: FileContent): DiffPair {
  const equal =
    before.type === "opaque" && after.type === "opaque" && before.digest === after.digest;
  const notes = [before, after].flatMap((side, index) =>
    side.type === "opaque"
      ? [
          `${index === 0 ? names.before : names.after}: ${side.reason}, ${side.bytes} bytes; not compared in detail`,
        ]
      : [],
  );
  const total = equal ? 0 : 1;
  return {
    ...names,
    format: "binary",
    equal,
    total,
    counts: {},
    ignored: {},
    notes,
    changes: [],
    cut: total,
  };
}

function fileNotes(names: PairNames, parsed: Parsed): string[] {
  return (["before", "after"] as const).flatMap((side) => {
    const file = parsed[side];
    if (file.type === "parsed") return file.notes.map((note) => `${names[side]}: ${note}`);
    if (file.reason === undefined) return [];
    const place = file.line === undefined ? names[side] : `${names[side]}:${file.line}`;
    return [`compared by lines, because ${place}: ${file.reason}`];
  });
}

function countKinds(changes: readonly { readonly kind: string }[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { kind } of changes) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}
