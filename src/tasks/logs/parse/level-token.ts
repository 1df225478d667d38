import { type Level, levelOfLetter, levelOfWord } from "../level.ts";

/** Reads a header word as a level: `INFO`, `[error]`, `<warn>`, `WARN:`, `[core:error]`, `level=info`. */
export function levelOfToken(token: string): Level | undefined {
  if (token.length > 40) return undefined;
  const bare = trimMarks(token);
  const direct = levelOfWord(bare);
  if (direct !== undefined) return bare === token && everyday.test(bare) ? undefined : direct;
  const cut = Math.max(bare.lastIndexOf(":"), bare.lastIndexOf("="));
  return cut === -1 ? undefined : levelOfWord(bare.slice(cut + 1));
}

/** Level words that are everyday words as well: bare and in small letters they are taken for those. */
const everyday = /^(?:log|note|fine|system|config|success|statement|hint|alert|failure)$/;

/** Reads a header word as a one-letter level: `E`, `[W]`, `I/`. */
export function levelOfLetterToken(token: string): Level | undefined {
  const bare = trimMarks(token);
  return bare.length === 1 ? levelOfLetter(bare) : undefined;
}

/**
 * The level that a message itself begins with: `ERROR: …`, `[warn] …`, `FATAL …`. A plain lower-case word is part of
 * the sentence, and is not taken.
 */
export function leadingLevel(text: string): Level | undefined {
  const match = /^[[(<*]{0,3}([A-Za-z]{3,13})([\])>*:|]|\s|$)/.exec(text);
  if (match?.[1] === undefined) return undefined;
  const [, word, after = ""] = match;
  const marked = /[\])>*:|]/.test(after) || word === word.toUpperCase();
  return marked ? levelOfWord(word) : undefined;
}

function trimMarks(token: string): string {
  let [start, end] = [0, token.length];
  while (start < end && !isLetter(token.charCodeAt(start))) start += 1;
  while (end > start && !isLetter(token.charCodeAt(end - 1))) end -= 1;
  return token.slice(start, end);
}

function isLetter(code: number): boolean {
  return (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a);
}
