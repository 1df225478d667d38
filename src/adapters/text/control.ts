/**
 * Makes what could steer a terminal or reorder a line visible instead: escape sequences, C0 and C1 controls and
 * bidirectional overrides in a log line or a file name must not act on the reader's screen. Line feeds and tabs stay.
 */
export function visibleControls(text: string): string {
  return text
    .replaceAll("\r\n", "\n")
    .replaceAll(c0, (char) => String.fromCodePoint(0x2400 + (char.codePointAt(0) ?? 0)))
    .replaceAll("\x7f", "␡")
    .replaceAll(unseen, "\ufffd");
}

/** The same for a name or a label, which must stay on one line. */
export function visibleLabel(text: string): string {
  return visibleControls(text).replaceAll(/\s+/g, " ");
}

// oxlint-disable-next-line no-control-regex -- control characters are what this file is about
const c0 = /[\x00-\x08\x0b-\x1f]/g;
// C1 controls; bidirectional marks, embeddings, overrides and isolates; the Unicode line separators.
const unseen = /[\x80-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;
