import { existsSync } from "node:fs";

import type { Change } from "../../../src/tasks/diff/compare.ts";
import { compare } from "../../../src/tasks/diff/compare.ts";
import type { DiffChange, DiffPair } from "../../../src/tasks/diff/data.ts";
import { diffTexts } from "../../../src/tasks/diff/diff-pair.ts";
import { parseJson } from "../../../src/tasks/diff/parse-json.ts";
import { pathText } from "../../../src/tasks/diff/path.ts";
import type { Tree } from "../../../src/tasks/diff/tree.ts";
import type { TaskContext } from "../../../src/tasks/task.ts";

/** Where the data of other projects lies, or undefined. */
export function testData(path: string): string | undefined {
  const root =
    process.env["OPSTHREAD_TEST_DATA"] ??
    new URL("../../../../shared/data", import.meta.url).pathname;
  return existsSync(`${root}/${path}`) ? `${root}/${path}` : undefined;
}

export function treeOf(value: unknown): Tree {
  const [tree] = parseJson(JSON.stringify(value)).documents;
  if (tree === undefined) throw new Error("no document");
  return tree;
}

export function valueOf(tree: Tree | undefined): unknown {
  if (tree === undefined) return undefined;
  if (tree.type === "list") return tree.items.map(valueOf);
  if (tree.type === "map")
    return Object.fromEntries([...tree.entries].map(([key, item]) => [key, valueOf(item)]));
  return tree.kind === "text" ? tree.value : JSON.parse(tree.value);
}

export function changesOf(before: unknown, after: unknown): Change[] {
  const changes: Change[] = [];
  compare(treeOf(before), treeOf(after), {
    onChange: (change) => changes.push(change),
    isIgnored: () => false,
  });
  return changes;
}

/** Changes as `kind path`. */
export function told(before: unknown, after: unknown): string[] {
  return changesOf(before, after).map((change) => `${change.kind} ${pathText(change.path)}`);
}

export interface CompareTexts {
  readonly name?: string;
  readonly ignore?: readonly string[];
  readonly ignoreNoise?: boolean;
}

export function pairOf(
  before: string,
  after: string,
  { name = "app.yaml", ignore = [], ignoreNoise = true }: CompareTexts = {},
): DiffPair {
  const names = { before: `old/${name}`, after: `new/${name}` };
  return diffTexts(names, { before, after, format: "auto", ignore, ignoreNoise }).pair;
}

/** The changes of two texts, by path. */
export function byPath(pair: DiffPair): Record<string, DiffChange> {
  return Object.fromEntries(pair.changes.map((change) => [change.path, change]));
}

export interface FakeRun {
  readonly context: TaskContext;
  readonly artifacts: Map<string, string>;
}

export function fakeContext(files: Readonly<Record<string, string | Uint8Array>>): FakeRun {
  const artifacts = new Map<string, string>();
  const context: TaskContext = {
    signal: new AbortController().signal,
    progress: () => {},
    files: {
      async *open(path) {
        const content = files[path];
        if (content === undefined) throw new Error("no such file");
        yield typeof content === "string" ? new TextEncoder().encode(content) : content;
      },
      size: async (path) => files[path]?.length,
      glob: async () => Object.keys(files),
    },
    async artifact(name, content) {
      let text = "";
      if (typeof content === "string") text = content;
      else
        for await (const part of content)
          text += typeof part === "string" ? part : new TextDecoder().decode(part);
      artifacts.set(name, text);
      return `/workspace/out/${name}`;
    },
  };
  return { context, artifacts };
}

/** The comparison of two files with the given names. */
export function pairOfNames(files: Readonly<Record<string, string>>): DiffPair {
  const [[before, oldText] = ["", ""], [after, newText] = ["", ""]] = Object.entries(files);
  const options = { format: "auto", ignore: [], ignoreNoise: true } as const;
  return diffTexts({ before, after }, { before: oldText, after: newText, ...options }).pair;
}
