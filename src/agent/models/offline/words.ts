/** Brings what people type on phones and chat clients write into one plain form. */
export function plainText(text: string): string {
  return text
    .normalize("NFC")
    .replace(/\u200B|\u200C|\u200D|\u2060|\uFE0F|\uFEFF/g, "")
    .replace(/[“”„«»]/g, '"')
    .replace(/[‘’‚]/g, "'")
    .replace(/\u00A0/g, " ")
    .replace(/<@!?\w+>/g, " ") // a mention, as Slack and Discord write it
    .replace(/<(?:https?|mailto):[^|<>\s]*\|([^<>\n]*)>/g, "$1") // Slack makes links of file names
    .replace(/(^|\s):[a-z][a-z0-9_+-]*:(?=\s|$)/gi, "$1")
    .replace(/\p{Extended_Pictographic}/gu, " ")
    .trim()
    .replace(/^@?opsthread\b[,:]?\s*/i, "");
}

/** Lower-case words of a text. */
export function wordsOf(text: string): readonly string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}']+/gu) ?? [];
}

/** Whether any of `words` is, give or take a slip of the fingers, one of `known`. */
export function mentions(words: readonly string[], known: ReadonlySet<string>): boolean {
  return words.some((word) => known.has(word) || isTypoOf(word, known));
}

function isTypoOf(word: string, known: ReadonlySet<string>): boolean {
  if (word.length < 4) return false;
  for (const candidate of known) if (isSlip(word, candidate)) return true;
  return false;
}

/**
 * Two neighbours swapped, or in longer words one letter missing, doubled or replaced. Short words get no more,
 * since `lots` is not `logs`.
 */
function isSlip(word: string, meant: string): boolean {
  if (word === meant) return true;
  if (Math.abs(word.length - meant.length) > 1) return false;
  const start = commonStart(word, meant);
  const end = commonEnd(word, meant, start);
  const left = word.slice(start, word.length - end);
  const right = meant.slice(start, meant.length - end);
  if (left.length === 2 && right.length === 2) return left[0] === right[1] && left[1] === right[0];
  const isLong = meant.length >= 6 && word[0] === meant[0];
  return isLong && left.length <= 1 && right.length <= 1;
}

function commonStart(a: string, b: string): number {
  let length = 0;
  while (length < a.length && length < b.length && a[length] === b[length]) length += 1;
  return length;
}

function commonEnd(a: string, b: string, start: number): number {
  let length = 0;
  const most = Math.min(a.length, b.length) - start;
  while (length < most && a.at(-1 - length) === b.at(-1 - length)) length += 1;
  return length;
}
