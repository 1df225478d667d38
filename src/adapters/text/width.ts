import { stripVTControlCharacters } from "node:util";

/** How many terminal columns `text` takes; its own escape sequences take none. */
export function columns(text: string): number {
  if (/^[ -~]*$/.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemes(stripVTControlCharacters(text))) {
    if (!zeroWidth.test(segment)) width += wide.test(segment) ? 2 : 1;
  }
  return width;
}

/** Wraps each line of `text` at spaces. A word that is wider than `width` is left whole, so that it can be copied. */
export function wrap(text: string, width: number): string {
  return text
    .split("\n")
    .map((line) => (columns(line) <= width ? line : wrapLine(line, width)))
    .join("\n");
}

function wrapLine(line: string, width: number): string {
  let wrapped = "";
  let used = 0;
  for (const [index, word] of line.split(" ").entries()) {
    const size = columns(word);
    const breaks = used > 0 && used + 1 + size > width;
    wrapped += index === 0 ? word : (breaks ? "\n" : " ") + word;
    used = breaks || index === 0 ? size : used + 1 + size;
  }
  return wrapped;
}

/** As much of `text`, which holds no escape sequences, as fits into `width` columns. */
export function clip(text: string, width: number): string {
  let clipped = "";
  let used = 0;
  for (const { segment } of graphemes(text)) {
    used += columns(segment);
    if (used > width) break;
    clipped += segment;
  }
  return clipped;
}

/** `text` with spaces to fill `width` columns. */
export function pad(text: string, width: number, align: "left" | "center" | "right"): string {
  const missing = Math.max(0, width - columns(text));
  const before = { left: 0, center: Math.floor(missing / 2), right: missing }[align];
  return " ".repeat(before) + text + " ".repeat(missing - before);
}

function graphemes(text: string): Iterable<{ readonly segment: string }> {
  return new Intl.Segmenter(undefined, { granularity: "grapheme" }).segment(text);
}

const zeroWidth = /^[\p{Mark}\p{Cf}\p{Cc}]*$/u;
// East Asian wide and fullwidth blocks, and what terminals draw as emoji.
const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}|\ufe0f/u;
