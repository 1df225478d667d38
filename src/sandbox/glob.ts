/** Tells whether a path matches: `*`, `?`, `[…]`, `{a,b}`, `**` for any folders, and `\` before a character that is meant. */
export interface Glob {
  /** Whether a file with this path matches. Hidden names match only a pattern that spells the dot. */
  readonly file: (path: string) => boolean;
  /** Whether something below this folder could match. */
  readonly folder: (path: string) => boolean;
}

/** Compiles globs for relative, `/`-separated paths. A path matches when one pattern does. */
export function compileGlob(patterns: readonly string[]): Glob {
  const compiled = patterns.flatMap((pattern) => expandBraces(pattern)).map(toSegments);
  return {
    file: (path) => compiled.some((segments) => matches(segments, path.split("/"), false)),
    folder: (path) => compiled.some((segments) => matches(segments, path.split("/"), true)),
  };
}

/** The part of a pattern before its first segment with a wildcard, unescaped. */
export function fixedPrefix(pattern: string): string {
  const segments = pattern.split("/");
  const first = segments.findIndex((segment) => /(?<!\\)(?:\\\\)*[*?[{]/.test(segment));
  const fixed = first === -1 ? segments.slice(0, -1) : segments.slice(0, first);
  return fixed.join("/").replaceAll(/\\(.)/g, "$1");
}

const anyFolders = Symbol("**");
type Segment = RegExp | typeof anyFolders;

/** More alternatives than this are a mistake or an attack. */
const maxAlternatives = 1_000;

function expandBraces(pattern: string): readonly string[] {
  let open = [pattern];
  const done: string[] = [];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    // The innermost group: no brace inside it.
    const group = /(?<!\\)\{([^{}]*,[^{}]*)\}/.exec(next);
    if (!group) {
      done.push(next);
      continue;
    }
    const [whole, body = ""] = group;
    const before = next.slice(0, group.index);
    const after = next.slice(group.index + whole.length);
    open = [...open, ...body.split(",").map((part) => `${before}${part}${after}`)];
    if (open.length + done.length > maxAlternatives)
      throw new RangeError(`Cannot use a glob: it has more than ${maxAlternatives} alternatives`);
  }
  return done;
}

function toSegments(pattern: string): readonly Segment[] {
  const segments: Segment[] = [];
  for (const part of pattern.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "**") segments.push(toRegExp(part));
    else if (segments.at(-1) !== anyFolders) segments.push(anyFolders);
  }
  return segments;
}

function toRegExp(segment: string): RegExp {
  // A run of stars is one star: more would only make matching slow.
  const source = segment.replaceAll(
    /\\(.)|(\*+)|(\?)|\[([!^]?)([^\]]+)\]|./gsu,
    (char: string, escaped?: string, star?: string, one?: string, not?: string, set?: string) => {
      if (star !== undefined) return ".*";
      if (one !== undefined) return ".";
      if (set !== undefined)
        return `[${not ? "^" : ""}${set.replaceAll(/[\\[^]/g, String.raw`\$&`)}]`;
      return (escaped ?? char).replace(/[\\^$.*+?()[\]{}|/]/, String.raw`\$&`);
    },
  );
  const visible = /^\\?\./.test(segment) ? "" : String.raw`(?!\.)`;
  return new RegExp(`^${visible}${source}$`, "su");
}

function matches(
  segments: readonly Segment[],
  path: readonly string[],
  isFolder: boolean,
): boolean {
  const [segment, ...rest] = segments;
  const [name, ...below] = path;
  if (name === undefined) return isFolder ? segments.length > 0 : segments.every(isAny);
  if (segment === undefined) return false;
  if (segment !== anyFolders) return segment.test(name) && matches(rest, below, isFolder);
  if (matches(rest, path, isFolder)) return true;
  return !name.startsWith(".") && matches(segments, below, isFolder);
}

const isAny = (segment: Segment): boolean => segment === anyFolders;
