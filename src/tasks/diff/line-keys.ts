/**
 * Where the keys of a TOML or `.env` file stand, for parsers that do not tell. Reads only headers and assignments, so
 * that a multi-line text which looks like one can lead astray: lines are evidence, never part of the comparison.
 */
export function lineKeys(text: string): Map<string, number> {
  const lines = new Map<string, number>();
  const counts = new Map<string, number>();
  let table: (string | number)[] = [];
  for (const [index, raw] of text.split("\n").entries()) {
    const header = /^\s*(\[\[?)\s*([^[\]]{1,500})\s*\]\]?/.exec(raw);
    if (header?.[2] !== undefined) {
      const isList = header[1] === "[[";
      table = placed(keyParts(header[2]), counts, isList);
      addOnce(lines, table, index + 1);
      if (isList) addOnce(lines, table.slice(0, -1), index + 1);
      continue;
    }
    const key = /^\s*(?:export\s)?([^=:#]{1,300})[=:]/.exec(raw)?.[1];
    if (key === undefined) continue;
    addOnce(lines, [...table, ...keyParts(key)], index + 1);
    // The names of a `.env` file may have dots.
    addOnce(lines, [...table, key.trim()], index + 1);
  }
  return lines;
}

/** The form in which {@link lineKeys} holds a path. */
export function lineKey(path: readonly (string | number)[]): string {
  return JSON.stringify(path);
}

function addOnce(
  lines: Map<string, number>,
  path: readonly (string | number)[],
  line: number,
): void {
  const key = lineKey(path);
  if (!lines.has(key)) lines.set(key, line);
}

function keyParts(text: string): string[] {
  return [...text.matchAll(/"([^"]*)"|'([^']*)'|([^\s."']+)/g)].map(
    ([, double, single, bare]) => double ?? single ?? bare ?? "",
  );
}

/** The path of a table with the indexes of the lists of tables that it lies in. */
function placed(
  parts: readonly string[],
  counts: Map<string, number>,
  isList: boolean,
): (string | number)[] {
  const path: (string | number)[] = [];
  for (const [index, part] of parts.entries()) {
    path.push(part);
    const key = lineKey(path);
    const isLast = index === parts.length - 1;
    if (isLast && isList) counts.set(key, (counts.get(key) ?? -1) + 1);
    const count = counts.get(key);
    if (count !== undefined) path.push(count);
  }
  return path;
}
