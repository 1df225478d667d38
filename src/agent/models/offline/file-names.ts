/** What a file's name says about its content. */
export type FileKind = "log" | "config" | "text" | "other";

const compressed = /\.(?:gz|bz2|xz|zst|zip)$/i;
const configNames =
  /\.(?:ya?ml|json5?|jsonc|toml|ini|env|conf|cfg|cnf|properties|xml|hcl|tf|tfvars|plist)(?:\.(?:old|new|bak|orig|dist|example|sample|template|v?\d+))?$/i;
const configWords = /(?:^|[._/-])(?:env|dockerfile|compose|helm|values|manifest)(?=[._-]|$)/i;
const logNames =
  /\.(?:log|out|err|jsonl|ndjson|journal|trace)(?=[._-]|\d|$)|(?:^|[._-])(?:logs?|access|errors?|syslog|messages|journal|catalina|dmesg|stdout|stderr)(?=[._-]|\d|$)/i;
const otherNames =
  /\.(?:png|jpe?g|gif|webp|svg|pdf|docx?|xlsx?|pptx?|mp4|mov|mp3|tar|tgz|7z|rar|exe|bin|so|dll|wasm|class|jar)$/i;

export function fileKind(path: string): FileKind {
  const name = baseName(path).replace(compressed, "");
  if (otherNames.test(name)) return "other";
  if (/\.log(?=[._-]|\d|$)/i.test(name)) return "log";
  if (configNames.test(name))
    return /\.json$/i.test(name) && logNames.test(name) ? "log" : "config";
  if (logNames.test(name)) return "log";
  return configWords.test(name) ? "config" : "text";
}

export function baseName(path: string): string {
  return path.split("/").at(-1) ?? path;
}

/** A place in a text where a file is named. */
export interface FileMention {
  readonly path: string;
  /** Where in the text. */
  readonly at: number;
  readonly end: number;
  /** As in `app.log:120`. */
  readonly line?: number;
}

export interface KnownFiles {
  readonly files: readonly string[];
  readonly sources: readonly string[];
}

/** The files that a text names: attached ones by any usual short form, sources, and other paths as they are. */
export function filesNamed(text: string, known: KnownFiles): readonly FileMention[] {
  return tokensOf(text).flatMap((token) => mentionsOf(token, known, { bareNames: false }));
}

/**
 * The files that a command's arguments begin with. Here names are expected, so `diff staging prod` and the name of
 * a source are understood without an ending or a path.
 */
export function leadingFiles(text: string, known: KnownFiles): readonly FileMention[] {
  const found: FileMention[] = [];
  for (const token of tokensOf(text)) {
    const mentioned = mentionsOf(token, known, { bareNames: true });
    if (mentioned.length === 0 && !joining.test(token.text)) break;
    found.push(...mentioned);
  }
  return found;
}

const joining =
  /^(?:of|in|for|from|the|source|sources|file|files|attached|config|configs|between|and|with|to|vs|versus|against|&|[-=]*>|→)$/i;

function mentionsOf(
  token: Token,
  known: KnownFiles,
  { bareNames }: { readonly bareNames: boolean },
): readonly FileMention[] {
  const { name, line } = splitLine(token.text);
  const place = { at: token.at, end: token.end, ...(line === undefined ? {} : { line }) };
  return resolve(name, { ...known, bareNames }).map((path) => ({ path, ...place }));
}

interface Token {
  readonly text: string;
  readonly at: number;
  readonly end: number;
}

function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = [];
  for (const match of text.matchAll(/"([^"\n]+)"|'([^'\n]+)'|`([^`\n]+)`|[^\s,;()<>|"`]+/g)) {
    const quoted = match[1] ?? match[2] ?? match[3];
    const token = quoted ?? bare(match[0]);
    const at = match.index;
    if (token !== "") tokens.push({ text: token.trim(), at, end: at + match[0].length });
  }
  return tokens;
}

/** Without the punctuation behind it, and without the stars of bold text. */
function bare(token: string): string {
  return token.replace(/[.,:!?'…]+$/, "").replace(/^(\*\*|__|[*_])([^*]+)\1$/, "$2");
}

function splitLine(token: string): { name: string; line?: number } {
  const match = /^(.*[^:]):(\d+)$/.exec(token);
  const [, name, line] = match ?? [];
  if (name === undefined || line === undefined || /^\d+$/.test(name)) return { name: token };
  return { name, line: Number(line) };
}

function resolve(
  name: string,
  { files, sources, bareNames }: KnownFiles & { readonly bareNames: boolean },
): readonly string[] {
  if (/^[a-z]+:\/\/|^\/.+\/[dgimsuvy]+$/i.test(name)) return []; // a URL, a regular expression
  const source = sourceGlob(name);
  if (source !== undefined) return [source];

  const wanted = keyOf(name);
  const hasEnding = /[._\d-]/.test(name);
  const exact = files.filter((file) => keyOf(file) === wanted || keyOf(baseName(file)) === wanted);
  if (exact.length > 0 && (hasEnding || bareNames)) return exact;
  if (name.includes("*")) {
    const matching = files.filter((file) => matchesGlob(name, file));
    return matching.length > 0 || !isPathLike(name) ? matching : [name];
  }
  if (bareNames && sources.includes(name)) return [`/sources/${name}/**/*`];
  if (hasEnding || bareNames) {
    const started = files.filter((file) => isShortFor(wanted, keyOf(baseName(file))));
    if (started.length > 0 && (bareNames || wanted.length >= 3)) return started;
  }
  return isPathLike(name) ? [name] : [];
}

/** `/sources/nginx`, `sources/nginx/` → every file of it; longer paths stay as they are. */
function sourceGlob(name: string): string | undefined {
  const match = /^\/?sources\/([\w.-]+)(\/.+)?\/?$/.exec(name);
  if (match?.[1] === undefined) return undefined;
  return `/sources/${match[1]}${match[2] ?? "/**/*"}`;
}

/** Names are compared by their letters and digits, since uploads change the rest of them. */
function keyOf(name: string): string {
  return name
    .toLowerCase()
    .replace(/^\.\//, "")
    .replace(/[^\p{L}\p{N}*/]+/gu, "-")
    .replace(/^-|-$/g, "");
}

/** `app-log` is short for `app-log-1-gz`. */
function isShortFor(short: string, name: string): boolean {
  return name.startsWith(`${short}-`);
}

/** Piece by piece instead of as a regular expression, which many stars would keep busy for ever. */
function matchesGlob(glob: string, file: string): boolean {
  const [first = "", ...rest] = glob.toLowerCase().split(/\*+/);
  const last = rest.pop() ?? "";
  return [file.toLowerCase(), baseName(file).toLowerCase()].some((name) => {
    if (!name.startsWith(first)) return false;
    let at = first.length;
    for (const piece of rest) {
      const found = name.indexOf(piece, at);
      if (found === -1) return false;
      at = found + piece.length;
    }
    return name.length - last.length >= at && name.endsWith(last);
  });
}

function isPathLike(name: string): boolean {
  if (/\s/.test(name)) return false;
  if (/^(?:\/workspace\/|attachments\/|\.{1,2}\/|\.opsthread\/)./.test(name)) return true;
  if (/^\/[\w.-]+\/./.test(name)) return true;
  const stripped = baseName(name).replace(compressed, "");
  return (
    /[\p{L}\p{N}*]/u.test(stripped) &&
    (/\.(?:log|out|err|txt|jsonl|ndjson)(?:[._-]\S*)?$/i.test(stripped) ||
      configNames.test(stripped) ||
      /^\.env(?:\.|$)/.test(stripped) ||
      (name.includes("*") && /[./]/.test(name)))
  );
}
