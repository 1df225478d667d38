import { type Change, compare } from "./compare.ts";
import { matchDocuments } from "./documents.ts";
import { noiseOf } from "./noise.ts";
import { type Path, pathMatcher, pathText } from "./path.ts";
import type { Tree } from "./tree.ts";

/** The differences of two files by what they say. */
export interface StructureDiff {
  readonly changes: readonly DocumentChange[];
  /** Differences beyond the ones that are kept. */
  readonly dropped: number;
  /** Differences that do not count, by what they are in. */
  readonly ignored: ReadonlyMap<string, number>;
}

export interface DocumentChange extends Change {
  readonly document: string | undefined;
}

export interface StructureDiffOptions {
  readonly before: readonly Tree[];
  readonly after: readonly Tree[];
  readonly ignore: readonly string[];
  readonly ignoreNoise: boolean;
}

const mostChanges = 20_000;

export function diffStructure({
  before,
  after,
  ignore,
  ignoreNoise,
}: StructureDiffOptions): StructureDiff {
  const isExcluded = pathMatcher(ignore);
  const changes: DocumentChange[] = [];
  const ignored = new Map<string, number>();
  let dropped = 0;
  for (const pair of matchDocuments(before, after)) {
    const document = pair.label;
    const isIgnored = (path: Path): boolean => {
      const noise = ignoreNoise ? noiseOf(path, pair.after ?? pair.before) : undefined;
      const name = isExcluded(path) ? pathText(path) : noise;
      if (name !== undefined) ignored.set(name, (ignored.get(name) ?? 0) + 1);
      return name !== undefined;
    };
    const onChange = (change: Change): void => {
      if (changes.length < mostChanges) changes.push({ ...change, document });
      else dropped += 1;
    };
    compare(pair.before, pair.after, { isIgnored, onChange });
  }
  return { changes, dropped, ignored };
}
