import { isSecretKey } from "./secret-keys.ts";
import { isPlaceholder } from "./secret-patterns.ts";
import type { SecretSpan } from "./secrets.ts";

/**
 * The values of `password=…`, `"api_key": "…"`, `--token …`, `- name: DB_PASSWORD⏎ value: …` and the like.
 * Linear: each keyword is looked at with bounded look-back, and the search goes on behind its value.
 */
export function* assignedSecrets(text: string): Generator<SecretSpan> {
  const keyword = new RegExp(keywords, "gi");
  for (let match = keyword.exec(text); match; match = keyword.exec(text)) {
    const nameStart = backWhile(text, match.index, namePart);
    const nameEnd = forwardWhile(text, keyword.lastIndex, namePart);
    keyword.lastIndex = nameEnd;
    const name = text.slice(nameStart, nameEnd);
    if (!isSecretKey(name) || text.startsWith("[redacted:", nameStart - 10)) continue;
    const value = valueAfter(text, { nameStart, nameEnd });
    if (value === undefined) continue;
    keyword.lastIndex = value.end;
    const secret = text.slice(value.start, value.end);
    const harmless =
      isHarmless(secret, name) || objectDump.test(text.slice(value.start, value.start + 99));
    if (!harmless) yield { from: nameStart, ...value, kind: kindOf(name) };
  }
}

const keywords =
  "pass|pwd|secret|token|credential|apikey|[_-]key|(?:access|private|account|shared|signing|encryption|master|api|session) ?key|connection.?string|dsn|webhook.?url|jwt|salt";

const namePart = /[A-Za-z0-9_-]/;

interface NamePlace {
  readonly nameStart: number;
  readonly nameEnd: number;
}

interface Place {
  readonly start: number;
  readonly end: number;
}

function valueAfter(text: string, { nameStart, nameEnd }: NamePlace): Place | undefined {
  const assigned =
    skip(assignment, text, nameEnd) ??
    skip(pairValue, text, nameEnd) ??
    (text.startsWith("--", nameStart) ? skip(flagGap, text, nameEnd) : undefined);
  if (assigned === undefined) return undefined;
  const quote = skip(openingQuote, text, assigned);
  if (quote !== undefined) return quoted(text, quote);
  if (skip(blockScalar, text, assigned) !== undefined) return block(text, nameStart, assigned);
  if (startsLine(text, nameStart)) return restOfLine(text, assigned);
  return word(text, assigned);
}

const assignment = /\\?["'`]?\]?[ \t]{0,16}(?:=>|:=|=(?![=~>])|:(?![:=/]))[ \t]{0,16}/y;
/** The name is itself a value, and the secret follows as its pair: `"name": "DB_PASSWORD", "value": …` */
const pairValue = /\\?["']?,?\s{0,80}\\?["']?[vV]alue\\?["']?[ \t]{0,4}[:=][ \t]{0,4}/y;
const flagGap = /[ \t]{1,4}(?=[^\s-])/y;
const openingQuote = /\\?["'`]/y;
const blockScalar = /[|>][+-]?\d?[ \t]*\r?\n/y;

/** The place behind `pattern` at `at`, or undefined. */
function skip(pattern: RegExp, text: string, at: number): number | undefined {
  const sticky = new RegExp(pattern);
  sticky.lastIndex = at;
  return sticky.test(text) ? sticky.lastIndex : undefined;
}

function quoted(text: string, start: number): Place {
  const quote = text[start - 1] ?? '"';
  const escaped = text[start - 2] === "\\";
  let end = start;
  while (end < text.length && text[end] !== "\n") {
    if (text[end] === quote && (text[end - 1] === "\\") === escaped) break;
    end += 1;
  }
  return { start, end: escaped && text[end] === quote ? end - 1 : end };
}

/** The lines below that are indented deeper than the line of the name. */
function block(text: string, nameStart: number, at: number): Place {
  const start = text.indexOf("\n", at) + 1;
  const indent = indentAt(text, text.lastIndexOf("\n", nameStart) + 1);
  let end = start;
  while (end < text.length) {
    const next = text.indexOf("\n", end);
    const lineEnd = next === -1 ? text.length : next;
    if (text.slice(end, lineEnd).trim() !== "" && indentAt(text, end) <= indent) break;
    end = next === -1 ? text.length : next + 1;
  }
  const content = start + (indentAt(text, start) || 0);
  return { start: Math.min(content, end), end: text[end - 1] === "\n" ? end - 1 : end };
}

function indentAt(text: string, lineStart: number): number {
  return forwardWhile(text, lineStart, / /, 512) - lineStart;
}

function startsLine(text: string, at: number): boolean {
  const lineStart = backWhile(text, at, /[^\n]/, 24);
  if (lineStart > 0 && text[lineStart - 1] !== "\n") return false;
  return /^[+-]?[\s#;-]*(?:export |set |env |ENV |ARG )?(?:[\w-]{1,20}\.)*["']?$/.test(
    text.slice(lineStart, at),
  );
}

function restOfLine(text: string, start: number): Place {
  const newline = text.indexOf("\n", start);
  const line = text.slice(start, newline === -1 ? text.length : newline);
  const comment = line.search(/ #/);
  const value = (comment === -1 ? line : line.slice(0, comment)).trimEnd();
  return { start, end: start + value.replace(/[,;]$/, "").length };
}

/** One word inside a line. A comma ends it only where another `name=` or a space follows. */
function word(text: string, start: number): Place {
  const end = forwardWhile(text, start, /[^\s"'`;&|<>\\]/, Number.POSITIVE_INFINITY);
  const value = text.slice(start, end);
  const next = value.search(/,[\w.-]{1,64}[=:]/);
  const kept = next === -1 ? value : value.slice(0, next);
  return { start, end: start + kept.replace(/[)\]},.]{1,4}$/, "").length };
}

function isHarmless(secret: string, name: string): boolean {
  if (secret.length < 2 || isPlaceholder(secret) || typeNames.test(secret)) return true;
  if (/^[A-Z][a-z]+[A-Z]/.test(name) && /^\S+ \S+ \S/.test(secret)) return true;
  return /^[\d.,]{1,9}$/.test(secret) && !/passw|pwd|secret|key/i.test(name);
}

const typeNames = /^(?:string|str|number|int|integer|boolean|bool|object|any|bytes|text)[,;)]?$/i;
/** What a program prints of an object that is called a token: `AppWindowToken{41a2 …`, `Binder@1f`. */
const objectDump = /^(?:[a-z]{1,20}\.){0,8}[A-Z][a-z]{2,20}[A-Za-z.$]{0,60} ?[{@([]/;

function kindOf(name: string): string {
  if (/passw|pwd|passphrase|pass$/i.test(name)) return "password";
  if (/token|jwt/i.test(name)) return "token";
  return /key/i.test(name) ? "key" : "secret";
}

function backWhile(text: string, from: number, part: RegExp, limit = 64): number {
  let at = from;
  while (at > 0 && from - at < limit && part.test(text[at - 1] ?? "")) at -= 1;
  return at;
}

function forwardWhile(text: string, from: number, part: RegExp, limit = 64): number {
  let at = from;
  while (at < text.length && at - from < limit && part.test(text[at] ?? "")) at += 1;
  return at;
}
