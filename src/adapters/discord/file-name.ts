/**
 * Names that Discord keeps as they are: it replaces everything else by `_`, and then shows no file that the message names
 * otherwise. Each is given out once.
 */
export function uniqueNames(): (name: string) => string {
  const given = new Set<string>();
  return (name) => {
    const safe = safeName(name);
    let unique = safe;
    for (let count = 2; given.has(unique.toLowerCase()); count += 1) unique = numbered(safe, count);
    given.add(unique.toLowerCase());
    return unique;
  };
}

function safeName(name: string): string {
  const clean = Buffer.from(name)
    .toString()
    .normalize("NFKD")
    .replaceAll(/\p{M}/gu, "")
    .replaceAll(/[^A-Za-z0-9._-]+/g, "_")
    .replaceAll(/\.{2,}/g, ".")
    .replaceAll(/^[._-]+|[._-]+$/g, "");
  if (clean === "") return "file";
  return clean.length <= maxName ? clean : `${clean.slice(0, 40)}_${clean.slice(41 - maxName)}`;
}

function numbered(name: string, count: number): string {
  const dot = name.lastIndexOf(".");
  return dot > 0 ? `${name.slice(0, dot)}-${count}${name.slice(dot)}` : `${name}-${count}`;
}

const maxName = 100;
