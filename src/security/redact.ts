import { OpsthreadError } from "../core/errors.ts";
import type { SecretPattern } from "../core/secret-patterns.ts";
import { apart, replaceSpans, secretSpans, type SecretSpan } from "../core/secrets.ts";
import { redactStream, unchecked } from "./redact-stream.ts";
import { redactValue } from "./redact-value.ts";

/** Takes secrets out of what leaves. It fails closed: what it could not check is not passed on. */
export interface Redactor {
  /** The text with `[redacted:<kind>]` in the place of each secret. Doing it again changes nothing. */
  text(text: string): string;
  /** A copy of a JSON-like value, its keys and strings redacted, and what lies under secret-looking keys as well. */
  value(value: unknown): unknown;
  /** The UTF-8 text of a file, with bounded memory. A secret across the border of two chunks is found. */
  stream(chunks: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array>;
}

export interface RedactorOptions {
  /** More patterns. They must be linear: they run on text that anybody wrote. */
  readonly rules?: readonly RedactionRule[];
  /** Known secrets, such as this process's own tokens. Also found URL-encoded and in base64. */
  readonly literals?: readonly string[];
}

export interface RedactionRule {
  readonly name: string;
  /** Group 1 is kept and group 2 redacted when it has groups, else all of it is redacted. */
  readonly pattern: RegExp;
}

/**
 * @example
 * createRedactor().text("DB_PASSWORD=hunter2"); // "DB_PASSWORD=[redacted:password]"
 * @throws {OpsthreadError} `CONFIG_INVALID` for a literal that is too short to be told from other text
 */
export function createRedactor({ rules = [], literals = [] }: RedactorOptions = {}): Redactor {
  const patterns = rules.map(toPattern);
  const forms = formsOf(literals);
  const find = (text: string): SecretSpan[] => {
    const spans = secretSpans(text, { patterns });
    return forms.length === 0 ? spans : apart([...spans, ...literalSpans(text, forms)]);
  };
  const text = (input: string): string => failClosed(() => settle(input, find));
  return {
    text,
    value: (input) => failClosed<unknown>(() => redactValue(input, text)),
    stream: (chunks) =>
      redactStream(chunks, {
        find,
        mark: markOf,
        carry: Math.max(16_384, ...forms.map((form) => form.length)),
      }),
  };
}

const shortestLiteral = 6;
/** A mark can complete a pattern around it; more rounds than this are never needed in practice. */
const rounds = 4;

function markOf(span: SecretSpan): string {
  return `[redacted:${span.kind}]`;
}

function settle(input: string, find: (text: string) => SecretSpan[]): string {
  let text = input;
  for (let round = 0; round < rounds; round += 1) {
    const spans = find(text);
    if (spans.length === 0) return text;
    text = replaceSpans(text, spans, markOf);
  }
  return text;
}

function failClosed<T>(work: () => T): T | string {
  try {
    return work();
  } catch {
    // Whatever went wrong, the text may hold a secret, and so may the error's message.
    return unchecked;
  }
}

function toPattern({ name, pattern }: RedactionRule): SecretPattern {
  const flags = pattern.flags.includes("g") ? pattern.flags : `${pattern.flags}g`;
  return {
    kind: name,
    hints: [],
    pattern: new RegExp(pattern.source, flags.replace("y", "")),
    accept: (secret) => !secret.startsWith("[redacted:"),
  };
}

function formsOf(literals: readonly string[]): string[] {
  const short = literals.findIndex((literal) => literal.length < shortestLiteral);
  if (short !== -1)
    throw new OpsthreadError(
      "CONFIG_INVALID",
      `Cannot redact literal ${short + 1}: it has fewer than ${shortestLiteral} characters, expected a whole secret`,
    );
  const forms = literals.flatMap((literal) => [
    literal,
    encodeURIComponent(Buffer.from(literal).toString()),
    JSON.stringify(literal).slice(1, -1),
    Buffer.from(literal).toString("base64").replace(/=+$/, ""),
  ]);
  return [...new Set(forms)].toSorted((a, b) => b.length - a.length);
}

function* literalSpans(text: string, forms: readonly string[]): Generator<SecretSpan> {
  for (const form of forms) {
    let start = text.indexOf(form);
    while (start !== -1) {
      const end = start + form.length;
      yield { from: start, start, end, kind: "literal" };
      start = text.indexOf(form, end);
    }
  }
}
