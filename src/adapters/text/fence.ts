/**
 * Which code fence a line of Markdown leaves open, by CommonMark's rules for fences in quotes and list items.
 * Lines come in one by one, so that a text of any length needs no tree.
 */
export interface FenceState {
  /** The open quotes (`"quote"`) and list items (the columns that their content is indented by), outermost first. */
  readonly containers: readonly Container[];
  readonly fence?: Fence | undefined;
}

type Container = "quote" | number;

/** An open code fence, with what is needed to write its opening line again. */
export interface Fence {
  /** What stands before the marker on a line inside the same quotes and list items. */
  readonly prefix: string;
  readonly marker: string;
  /** The rest of the opening line, as it was written. */
  readonly info: string;
}

export interface ScannedLine {
  /** Whether the line opens a fence, closes one, lies in one, or none of that. */
  readonly kind: "open" | "close" | "code" | "text";
  readonly after: FenceState;
}

export const noFence: FenceState = { containers: [] };

/** Reads one line, given without its terminator. */
export function scanLine(line: string, before: FenceState): ScannedLine {
  let at = 0;
  let depth = 0;
  for (const container of before.containers) {
    const width = prefixWidth(line.slice(at), container);
    if (width === undefined) break;
    at += width;
    depth += 1;
  }
  if (depth === before.containers.length) return scanContent(line, at, before);
  // The line lies outside of a quote or list item, which ends a fence in there, too.
  return scanContent(line, at, { containers: before.containers.slice(0, depth) });
}

/** How much of the line's head belongs to `container`; undefined when the line is not in it. */
function prefixWidth(rest: string, container: Container): number | undefined {
  if (container === "quote") return quoteMarker.exec(rest)?.[0].length;
  let columns = 0;
  let width = 0;
  while (columns < container && (rest[width] === " " || rest[width] === "\t")) {
    columns += rest[width] === "\t" ? 4 - (columns % 4) : 1;
    width += 1;
  }
  return columns >= container || width === rest.length ? width : undefined;
}

function scanContent(line: string, from: number, before: FenceState): ScannedLine {
  if (before.fence !== undefined) {
    const closing = fenceClosing.exec(line.slice(from))?.[1];
    return closing?.startsWith(before.fence.marker)
      ? { kind: "close", after: { containers: before.containers } }
      : { kind: "code", after: before };
  }
  const { at, containers } = openContainers(line, from, before.containers);
  const after = containers === before.containers ? before : { containers };
  const opening = fenceOpening.exec(line.slice(at));
  if (opening === null) return { kind: "text", after };
  const [, indent = "", marker = "", info = ""] = opening;
  const prefix = line.slice(0, at).replaceAll(/[^>\s]/gu, " ") + indent;
  return { kind: "open", after: { containers, fence: { prefix, marker, info: info.trimEnd() } } };
}

function openContainers(
  line: string,
  from: number,
  open: readonly Container[],
): { readonly at: number; readonly containers: readonly Container[] } {
  let at = from;
  const containers = [...open];
  while (containers.length < maxDepth) {
    const rest = line.slice(at);
    const quote = quoteMarker.exec(rest)?.[0];
    const item = thematicBreak.test(rest) ? undefined : itemMarker.exec(rest)?.[0];
    if (quote !== undefined) containers.push("quote");
    else if (item !== undefined) containers.push(item.length + (item.endsWith(" ") ? 0 : 1));
    else break;
    at += (quote ?? item ?? "").length;
  }
  return { at, containers: containers.length === open.length ? open : containers };
}

// Deeper nesting is read as text: a line of 10,000 list markers must not make each line after it slow.
const maxDepth = 32;
const quoteMarker = /^ {0,3}> ?/;
const itemMarker = /^ {0,3}(?:[-+*]|\d{1,9}[.)])(?: {1,4}(?! |$)| |(?=\t|$))/;
const thematicBreak = /^ {0,3}(?:(?:-[ \t]*){3,}|(?:\*[ \t]*){3,})$/;
const fenceOpening = /^( {0,3})(`{3,}(?=[^`]*$)|~{3,})(.*)$/s;
const fenceClosing = /^ {0,3}(`{3,}|~{3,})[ \t]*$/;
