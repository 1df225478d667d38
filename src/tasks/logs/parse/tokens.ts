const bracketLimit = 400;

/** The end of the header word that begins at `start`. */
export function tokenEnd(line: string, start: number): number {
  if (line.charCodeAt(start) === 0x5b) {
    const close = closingBracket(line, start);
    if (close !== -1) return close + 1;
  }
  let at = start;
  while (at < line.length && !isSpace(line.charCodeAt(at))) at += 1;
  return at;
}

/** The first position from `at` that is no blank. */
export function skipSpace(line: string, at: number): number {
  let position = at;
  while (position < line.length && isSpace(line.charCodeAt(position))) position += 1;
  return position;
}

export function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

function closingBracket(line: string, start: number): number {
  let depth = 0;
  const limit = Math.min(line.length, start + bracketLimit);
  for (let at = start; at < limit; at += 1) {
    const code = line.charCodeAt(at);
    if (code === 0x5b) depth += 1;
    if (code === 0x5d) depth -= 1;
    if (depth === 0) return at;
  }
  return -1;
}
