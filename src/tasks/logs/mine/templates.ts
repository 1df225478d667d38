import { variable } from "./shape.ts";
import type { Tally } from "./tally.ts";

/** Finds the pattern that a new shape belongs to, among those that shapes were joined to. */
export interface Templates {
  replaceBy(tallies: Iterable<Tally>): void;
  find(group: string, words: readonly string[]): Tally | undefined;
}

/** Patterns that are compared with one shape, at most: a hostile log must not make this slow. */
const candidateLimit = 50;

/** Looks patterns up by level, length and first word, and compares only those few. */
export function createTemplates(): Templates {
  const places = new Map<string, Tally[]>();
  return {
    replaceBy(tallies) {
      places.clear();
      for (const tally of tallies) {
        if (!tally.words.some((word) => word.endsWith(variable))) continue;
        const place = placeOf(tally.group, tally.words);
        const list = places.get(place);
        if (list === undefined) places.set(place, [tally]);
        else if (list.length < candidateLimit) list.push(tally);
      }
    },
    find(group, words) {
      if (places.size === 0) return undefined;
      const named = places.get(placeOf(group, words));
      const open = places.get(placeOf(group, [variable, ...words.slice(1)]));
      return (
        named?.find((tally) => covers(tally.words, words)) ??
        open?.find((tally) => covers(tally.words, words))
      );
    },
  };
}

function placeOf(group: string, words: readonly string[]): string {
  const [first = ""] = words;
  return `${group}${words.length} ${first.endsWith(variable) ? "" : first}`;
}

function covers(pattern: readonly string[], words: readonly string[]): boolean {
  for (const [place, word] of pattern.entries()) {
    const other = words[place] ?? "";
    if (word === other || word === variable) continue;
    if (!word.endsWith(variable) || !other.startsWith(word.slice(0, -1))) return false;
  }
  return true;
}
