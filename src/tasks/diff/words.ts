import type { DiffPair } from "./data.ts";

/** Code in a line of Markdown, whatever is in it. */
export function codeSpan(text: string): string {
  const flat = text.replace(/\s+/g, " ");
  const longest = Math.max(0, ...[...flat.matchAll(/`+/g)].map((match) => match[0].length));
  const fence = "`".repeat(longest + 1);
  const pad = flat.startsWith("`") || flat.endsWith("`") || flat === "" ? " " : "";
  return `${fence}${pad}${flat}${pad}${fence}`;
}

export function fileLine(path: string, line: number): string {
  return `${path.split("/").at(-1) ?? path}:${line}`;
}

/** The two files, as short as tells them apart. */
export function pairTitle({ before, after }: Pick<DiffPair, "before" | "after">): string {
  const [b, a] = [before, after].map((path) => path.split("/"));
  if (!b || !a || b.at(-1) !== a.at(-1))
    return `${codeSpan(b?.at(-1) ?? before)} → ${codeSpan(a?.at(-1) ?? after)}`;
  return `${codeSpan(before)} → ${codeSpan(after)}`;
}

export function plural(count: number, word: string): string {
  return `${count.toLocaleString("en")} ${word}${count === 1 ? "" : "s"}`;
}
