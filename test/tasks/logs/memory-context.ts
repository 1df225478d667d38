import type { TaskContext } from "../../../src/tasks/task.ts";

/** A task's context over files in memory. Files are handed out in small chunks, so that lines and characters are split. */
export function memoryContext(
  files: Readonly<Record<string, string | Uint8Array | (() => AsyncIterable<Uint8Array>)>>,
  { chunkBytes = 1000, signal = new AbortController().signal } = {},
): TaskContext & {
  readonly written: Map<string, string>;
  readonly progressed: { readonly done?: number; readonly text: string }[];
} {
  const written = new Map<string, string>();
  const progressed: { done?: number; text: string }[] = [];
  return {
    signal,
    written,
    progressed,
    files: {
      open(path) {
        const content = files[path];
        if (content === undefined) throw new Error(`no file ${path}`);
        return typeof content === "function" ? content() : chunksOf(content, chunkBytes);
      },
      size(path) {
        const content = files[path];
        if (content === undefined) return Promise.resolve(undefined);
        return Promise.resolve(typeof content === "function" ? 0 : Buffer.byteLength(content));
      },
      glob(pattern) {
        const regex = new RegExp(
          `^${pattern.replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`).replaceAll("*", "[^/]*")}$`,
        );
        return Promise.resolve(
          Object.keys(files)
            .filter((path) => regex.test(path))
            .toSorted(),
        );
      },
    },
    progress: (progress) => void progressed.push(progress),
    async artifact(name, content) {
      if (typeof content !== "string") throw new Error("only text is expected here");
      written.set(name, content);
      return Promise.resolve(`/workspace/out/${name}`);
    },
  };
}

async function* chunksOf(
  content: string | Uint8Array,
  chunkBytes: number,
): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(content);
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    yield await Promise.resolve(bytes.subarray(at, at + chunkBytes));
  }
}
