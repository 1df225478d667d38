import { variable } from "./shape.ts";

const wordLimit = 64;
/** A key keeps its `=`, which tells `user=root` from `user root`. */
const word = /[^\s,;:=()[\]{}"'<>|!?]+=?|(?<=\s)\(\)(?=\s|$)/g;

/** The words of a shape, without the marks between them. At most 64; the last holds what is left. An empty `()` is a word. */
export function wordsOfShape(shape: string): readonly string[] {
  const words = (shape.match(word) ?? []).map((text) => (text === "()" ? variable : text));
  if (words.length <= wordLimit) return words;
  return [...words.slice(0, wordLimit - 1), words.slice(wordLimit - 1).join(" ")];
}

/** What two words share: the word, or whole parts of a path or name that they begin with, and a variable. */
export function commonWord(a: string, b: string): string {
  if (a === b) return a;
  let length = 0;
  while (length < a.length && a[length] === b[length]) length += 1;
  const shared = a.slice(0, length);
  return shared.slice(0, Math.max(shared.lastIndexOf("/"), shared.lastIndexOf(".")) + 1) + variable;
}

/**
 * A shape as people read it: `<*>` for each variable part, and for each place where `words` has the variable because
 * the joined shapes differ there.
 */
export function templateOf(shape: string, words: readonly string[]): string {
  let place = -1;
  return shape
    .replaceAll(word, (text) => {
      place += 1;
      if (place >= words.length - 1 && words.length === wordLimit) return text;
      const common = words[place] ?? text;
      return text === "()" && common === variable ? `(${variable})` : common;
    })
    .replaceAll(variable, "<*>")
    .replaceAll(/<\*>(?:[ ,:/]+<\*>)+/g, "<*>");
}
