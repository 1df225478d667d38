import { replaceSpans, type SecretSpan } from "../core/secrets.ts";

export interface RedactStreamOptions {
  readonly find: (text: string) => SecretSpan[];
  readonly mark: (span: SecretSpan) => string;
  /** Characters that are held back, because what makes a secret recognisable may still come. */
  readonly carry: number;
}

/** Characters that are looked at together. A Kubernetes Secret longer than this is not seen as one. */
const windowLength = 131_072;

/** Redacts UTF-8 text that comes in chunks. Ends after a mark where it could not go on checking. */
export async function* redactStream(
  chunks: AsyncIterable<Uint8Array>,
  { find, mark, carry }: RedactStreamOptions,
): AsyncGenerator<Uint8Array> {
  const decoder = new TextDecoder();
  const encoder = new TextEncoder();
  const limit = Math.max(windowLength, 4 * carry);
  let rest: Rest = { text: "", hidden: 0 };
  for await (const chunk of chunks) {
    rest = { ...rest, text: rest.text + decoder.decode(chunk, { stream: true }) };
    while (rest.text.length >= limit) {
      const taken = attempt(() => take(rest, { find, mark, carry, limit }));
      yield encoder.encode(taken?.out ?? unchecked);
      if (taken === undefined) return;
      rest = taken.rest;
    }
  }
  const last: Rest = { ...rest, text: rest.text + decoder.decode() };
  const taken = attempt(() => take(last, { find, mark, carry: 0, limit }));
  yield encoder.encode(taken?.out ?? unchecked);
}

/** Stands for what could not be checked. */
export const unchecked = "[redacted: could not be checked]";

function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    // Whatever went wrong, the text may hold a secret, and so may the error's message.
    return undefined;
  }
}

interface Rest {
  readonly text: string;
  /** Characters at the start that were given out already. They are kept to recognise what follows. */
  readonly hidden: number;
}

interface TakeOptions extends RedactStreamOptions {
  readonly limit: number;
}

/** What can be given out of the window, and what must wait. Always makes the window shorter than its limit. */
function take(rest: Rest, { find, mark, carry, limit }: TakeOptions): { out: string; rest: Rest } {
  const { text, hidden } = rest;
  const spans = find(text);
  const wanted = beforePair(text, text.length - carry);
  const cut = carry === 0 ? text.length : safeCut(spans, wanted);
  if (text.length - cut < limit && cut > hidden)
    return {
      out: render({ text, hidden, spans, mark, cut }),
      rest: { text: text.slice(cut), hidden: 0 },
    };
  const long = spans.find((span) => span.start <= wanted && wanted < span.end);
  if (long === undefined)
    return {
      out: render({ text, hidden, spans, mark, cut: wanted }),
      rest: { text: text.slice(wanted), hidden: 0 },
    };
  // One secret fills the window: keep what it is recognised by, and go on inside it.
  const out = render({ text, hidden, spans, mark, cut: long.end });
  if (long.end < text.length) return { out, rest: { text: text.slice(long.end), hidden: 0 } };
  const context = text.slice(Math.max(long.from, long.start - 512), long.start);
  return { out, rest: { text: context, hidden: context.length } };
}

/** The place at or before `wanted` that lies in no secret and not between a secret and its name. */
function safeCut(spans: readonly SecretSpan[], wanted: number): number {
  let cut = wanted;
  for (const span of spans.toReversed()) if (span.from < cut && cut < span.end) cut = span.from;
  return cut;
}

interface RenderOptions {
  readonly text: string;
  readonly hidden: number;
  readonly spans: readonly SecretSpan[];
  readonly mark: (span: SecretSpan) => string;
  readonly cut: number;
}

function render({ text, hidden, spans, mark, cut }: RenderOptions): string {
  const inside = spans.filter((span) => span.end <= cut && span.end > hidden);
  const first = inside[0];
  const continues = hidden > 0 && first !== undefined && first.start <= hidden;
  const from = continues ? first.end : hidden;
  const shifted = (continues ? inside.slice(1) : inside).map((span) => ({
    ...span,
    start: span.start - from,
    end: span.end - from,
  }));
  return replaceSpans(text.slice(from, cut), shifted, mark);
}

function beforePair(text: string, at: number): number {
  const code = text.charCodeAt(at);
  return code >= 0xdc00 && code <= 0xdfff ? at - 1 : at;
}
