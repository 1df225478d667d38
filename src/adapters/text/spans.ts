/**
 * Marks what should not be broken apart in `text[start, end)`: inline code, links, images and autolinks.
 * Calls `mark` with the first and the past-the-end index of each. One pass, whatever the text is:
 * `[[[[…` must not take quadratic time.
 */
export function markSpans(
  text: string,
  range: { readonly start: number; readonly end: number },
  mark: (start: number, end: number) => void,
): void {
  const closings = backtickRuns(text, range);
  const brackets: number[] = [];
  const parenthesis = nextOf(text, ")", range.end);
  const angle = nextOf(text, ">", range.end);
  let at = range.start;
  while (at < range.end) {
    const char = text[at];
    if (char === "\\") {
      at += 2;
    } else if (char === "`") {
      const length = runLength(text, at, range.end);
      const end = closings.after(at, length);
      if (end !== undefined) mark(at, end);
      at = end ?? at + length;
    } else {
      if (char === "[") brackets.push(text[at - 1] === "!" ? at - 1 : at);
      if (char === "]") {
        const opening = brackets.pop();
        const close = text[at + 1] === "(" ? parenthesis(at) : undefined;
        if (opening !== undefined && close !== undefined && close - at < maxTarget) {
          mark(opening, close + 1);
        }
      }
      if (char === "<" && autolink.test(text.slice(at + 1, at + 12))) {
        const close = angle(at);
        if (close !== undefined) mark(at, close + 1);
      }
      at += 1;
    }
  }
}

/** Finds the next `char` from growing indices; undefined when there is none before `end`. */
function nextOf(text: string, char: string, end: number): (from: number) => number | undefined {
  let found = -1;
  return (from) => {
    if (found < from) {
      found = from;
      while (found < end && text[found] !== char) found += 1;
    }
    return found < end ? found : undefined;
  };
}

/** Where runs of backticks begin, by their length, so that each opening finds its closing at once. */
function backtickRuns(text: string, range: { readonly start: number; readonly end: number }) {
  const starts = new Map<number, number[]>();
  for (let at = range.start; at < range.end; at += 1) {
    if (text[at] !== "`") continue;
    const length = runLength(text, at, range.end);
    const known = starts.get(length);
    if (known) known.push(at);
    else starts.set(length, [at]);
    at += length;
  }
  const passed = new Map<number, number>();
  return {
    after(opening: number, length: number): number | undefined {
      const runs = starts.get(length) ?? [];
      let index = passed.get(length) ?? 0;
      while (index < runs.length && (runs[index] ?? 0) <= opening) index += 1;
      passed.set(length, index);
      const closing = runs[index];
      return closing === undefined ? undefined : closing + length;
    },
  };
}

function runLength(text: string, at: number, end: number): number {
  let length = 0;
  while (at + length < end && text[at + length] === "`") length += 1;
  return length;
}

/** A `)` farther away than any sensible link target belongs to something else. */
const maxTarget = 2048;
const autolink = /^(?:[a-z][a-z0-9+.-]*:|[^\s<>]+@)/i;
