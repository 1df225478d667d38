import { assignedSecrets } from "./secret-assignments.ts";
import { kubernetesSecrets, privateKeys } from "./secret-blocks.ts";
import { secretPatterns, type SecretPattern } from "./secret-patterns.ts";

/** Where in a text a secret lies. */
export interface SecretSpan {
  /** Where what makes it recognisable begins: its name, its header. Never behind `start`. */
  readonly from: number;
  readonly start: number;
  readonly end: number;
  readonly kind: string;
}

/**
 * The secrets of a text, in order and apart from each other. Time grows linearly with the text. What stands in the
 * place of a secret already (`[redacted:…]`, `[masked…`, `${VAR}`) is none.
 */
export function secretSpans(
  text: string,
  options: { readonly patterns?: readonly SecretPattern[] } = {},
): SecretSpan[] {
  const spans = [...privateKeys(text), ...kubernetesSecrets(text), ...assignedSecrets(text)];
  for (const pattern of [...secretPatterns, ...(options.patterns ?? [])])
    spans.push(...matches(text, pattern));
  return apart(spans);
}

/** The text with each secret replaced by what `mark` gives for it. */
export function replaceSpans(
  text: string,
  spans: readonly SecretSpan[],
  mark: (span: SecretSpan) => string,
): string {
  let out = "";
  let at = 0;
  for (const span of spans) {
    out += text.slice(at, span.start) + mark(span);
    at = span.end;
  }
  return out + text.slice(at);
}

function* matches(text: string, rule: SecretPattern): Generator<SecretSpan> {
  if (rule.hints.length > 0 && !rule.hints.some((hint) => text.includes(hint))) return;
  for (const match of text.matchAll(rule.pattern)) {
    const kept = match[2] === undefined ? "" : (match[1] ?? "");
    const secret = match[2] ?? match[0];
    if (secret === "" || rule.accept?.(secret) === false) continue;
    const start = match.index + kept.length;
    yield { from: match.index, start, end: start + secret.length, kind: rule.kind };
  }
}

/** Sorted by place; what overlaps becomes one span with the kind of the first. */
export function apart(spans: readonly SecretSpan[]): SecretSpan[] {
  const merged: SecretSpan[] = [];
  for (const span of spans.toSorted((a, b) => a.start - b.start || b.end - a.end)) {
    const last = merged.at(-1);
    if (last === undefined || span.start >= last.end) merged.push(span);
    else if (span.end > last.end || span.from < last.from)
      merged[merged.length - 1] = {
        ...last,
        from: Math.min(last.from, span.from),
        end: Math.max(last.end, span.end),
      };
  }
  return merged;
}
