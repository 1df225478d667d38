/** A part of a diff that changes one place of a file. */
export interface Hunk {
  /** Lines that stand somewhere before the place: `@@ class Disk`. */
  readonly anchors: readonly string[];
  readonly lines: readonly HunkLine[];
  /** The place is the end of the file. */
  readonly isAtEnd: boolean;
}

export interface HunkLine {
  readonly type: "keep" | "delete" | "add";
  readonly text: string;
}

export type Parsed =
  | { readonly ok: true; readonly hunks: readonly Hunk[] }
  | { readonly ok: false; readonly problem: string };

/**
 * Reads a V4A diff: hunks of lines that begin with a space, `-` or `+`, each after an `@@` line that may name an anchor.
 * The first hunk needs none. https://platform.openai.com/docs/guides/tools-apply-patch
 */
export function parseV4a(diff: string): Parsed {
  const hunks: Hunk[] = [];
  let anchors: string[] = [];
  let lines: HunkLine[] = [];
  let isAtEnd = false;
  const finish = (): void => {
    if (lines.length > 0) hunks.push({ anchors, lines, isAtEnd });
    [anchors, lines, isAtEnd] = [[], [], false];
  };
  for (const [index, line] of diffLines(diff).entries()) {
    if (ends.some((end) => line.startsWith(end))) break;
    if (line.startsWith("@@")) {
      if (lines.length > 0) finish();
      const anchor = anchorOf(line);
      if (anchor !== "") anchors.push(anchor);
    } else if (line === endOfFile) isAtEnd = true;
    else {
      const read = hunkLine(line);
      if (!read || isAtEnd) return { ok: false, problem: unreadable(line, index) };
      lines.push(read);
    }
  }
  finish();
  return hunks.length > 0 ? { ok: true, hunks } : { ok: false, problem: "The diff has no lines" };
}

/** What is to be in a new file: every line begins with `+`. */
export function parseV4aCreate(
  diff: string,
): { readonly ok: true; readonly text: string } | { readonly ok: false; readonly problem: string } {
  const added: string[] = [];
  for (const [index, line] of diffLines(diff).entries()) {
    if (ends.some((end) => line.startsWith(end)) || line === endOfFile) break;
    if (!line.startsWith("+")) return { ok: false, problem: unreadable(line, index) };
    added.push(line.slice(1));
  }
  // Models leave the last line break to the format, as in patches of several files, unless they say it by an empty line.
  const endsOpen = added.length > 0 && added.at(-1) !== "";
  return { ok: true, text: `${added.join("\n")}${endsOpen ? "\n" : ""}` };
}

const endOfFile = "*** End of File";

/** Of the envelope of patches of several files, which is not sent here but which models may add all the same. */
const ends = ["*** End Patch", "*** Update File:", "*** Delete File:", "*** Add File:"];

/** A model that adds the envelope begins with it. */
function diffLines(diff: string): readonly string[] {
  const lines = diff.split("\n").map((line) => line.replace(/\r$/, ""));
  if (lines.at(-1) === "") lines.pop();
  const isEnvelope = (line: string | undefined): boolean =>
    line !== undefined && /^\*\*\* (?:Begin Patch$|(?:Update|Add) File:)/.test(line);
  while (isEnvelope(lines[0])) lines.shift();
  return lines;
}

/** Line numbers, as in unified diffs, are no anchor; what follows them is. */
function anchorOf(line: string): string {
  const [, heading = line.slice(2)] = /^@@ -\d+(?:,\d+)? \+\d+(?:,\d+)? @@(.*)$/.exec(line) ?? [];
  return heading.startsWith(" ") ? heading.slice(1).trimEnd() : heading.trim();
}

function hunkLine(line: string): HunkLine | undefined {
  const text = line.slice(1);
  switch (line[0]) {
    case "+":
      return { type: "add", text };
    case "-":
      return { type: "delete", text };
    case " ":
    case undefined: // Editors and models drop the space of an empty line.
      return { type: "keep", text };
    default:
      return undefined;
  }
}

const unreadable = (line: string, index: number): string =>
  `Line ${index + 1} of the diff can't be read: it begins with ${JSON.stringify(line.slice(0, 20))}, expected "+", "-", a space or "@@"`;
