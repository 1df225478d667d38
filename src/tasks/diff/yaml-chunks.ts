/** One document of a YAML file, as text. */
export interface Chunk {
  readonly text: string;
  /** Lines above it in the file. */
  readonly above: number;
}

/** A line that starts with `---` begins a document, even inside of a block scalar. */
export function* chunksOf(text: string): Generator<Chunk> {
  const border = /^---(?=\s|$)/gm;
  let start = 0;
  let above = 0;
  for (let match = border.exec(text); match; match = border.exec(text)) {
    const part = text.slice(start, match.index);
    // Directives belong to the document that follows.
    const isDocument = hasContent.test(part);
    if (!isDocument && !part.startsWith("---") && /^%/m.test(part)) continue;
    if (isDocument) yield { text: part, above };
    above += part.split("\n").length - 1;
    start = match.index;
  }
  yield { text: text.slice(start), above };
}

/** Something besides comments, directives and blank lines. */
const hasContent = /^(?!---\s*(?:#.*)?$)[^\s#%]/m;
