import { type CommandWord, isKnown, unknownText, word } from "./simple-command.ts";

/** Words of a pattern; {@link unknownText} is any text, and a word of nothing else any number of words. */
export type Pattern = readonly string[];

/**
 * Reads a pattern of commands: words as a shell would see them, without quotes. A word `*` is any number of words, also
 * none; a `*` within a word is any text; a backslash takes its meaning from what follows, and `""` is an empty word.
 */
export function parsePattern(text: string): Pattern {
  return Array.from(text.matchAll(/(?:\\[\s\S]|[^\s\\])+|\\$/g), ([token]) =>
    token === '""'
      ? ""
      : token.replaceAll(/\\([\s\S])|\*/g, (_, escaped: string | undefined) => escaped ?? any),
  );
}

/** The pattern of just these words; undefined when they are not all known. */
export function exactPattern(words: readonly CommandWord[]): string | undefined {
  if (!words.every((each) => isKnown(each) && !/\p{C}/u.test(each.value))) return undefined;
  return words
    .map(({ value }) => (value === "" ? '""' : value.replaceAll(/[\s\\*"]/g, String.raw`\$&`)))
    .join(" ");
}

/** Whether whatever the words become is what the pattern says. A program of the system may be called by its path. */
export function covers(pattern: Pattern, words: readonly CommandWord[]): boolean {
  const fits = (expected: string, given: CommandWord): boolean =>
    given.count === "one" && includes(expected, given.value);
  return namings(words, systemProgram).some((each) => run(pattern, each, { fits, repeats: false }));
}

/** Whether the words can become what the pattern says. A program may lie anywhere. */
export function mayMatch(pattern: Pattern, words: readonly CommandWord[]): boolean {
  const fits = (expected: string, given: CommandWord): boolean => meet(expected, given.value);
  return namings(words, anyProgram).some((each) => run(pattern, each, { fits, repeats: true }));
}

const any = unknownText;
const systemProgram = /^\/(?:usr\/(?:local\/)?)?s?bin\/([^/]+)$/;
const anyProgram = /\/([^/]+)$/;

/** The words as they are, and with the program's name alone. */
function namings(words: readonly CommandWord[], path: RegExp): readonly (readonly CommandWord[])[] {
  const [name, ...rest] = words;
  const short = name && path.exec(name.value)?.[1];
  return short === undefined ? [words] : [words, [word(short), ...rest]];
}

/** Reads word by word, keeping every place of the pattern where it can stand. */
function run(
  pattern: Pattern,
  words: readonly CommandWord[],
  {
    fits,
    repeats,
  }: {
    readonly fits: (expected: string, given: CommandWord) => boolean;
    /** Whether words that can become several, or none, are tried as such; else only a `*` takes them. */
    readonly repeats: boolean;
  },
): boolean {
  let places = skipStars(pattern, [0]);
  for (const given of words) {
    const step = (from: ReadonlySet<number>): ReadonlySet<number> =>
      skipStars(
        pattern,
        [...from].flatMap((place) => {
          const expected = pattern[place];
          if (expected === undefined) return [];
          if (expected === any) return [place];
          return fits(expected, given) ? [place + 1] : [];
        }),
      );
    let next = step(places);
    if (repeats && given.count !== "one") {
      if (given.count === "any") next = new Set([...places, ...next]);
      for (let size = 0; size !== next.size;) {
        size = next.size;
        next = new Set([...next, ...step(next)]);
      }
    }
    places = next;
  }
  return places.has(pattern.length);
}

/** A `*` may take no word at all. */
function skipStars(pattern: Pattern, places: readonly number[]): ReadonlySet<number> {
  const all = new Set(places);
  for (const place of all) if (pattern[place] === any) all.add(place + 1);
  return all;
}

/** Whether every text that `given` can be is one that `expected` says. */
function includes(expected: string, given: string): boolean {
  let [at, from, star, resume] = [0, 0, -1, 0];
  while (from < given.length) {
    if (expected[at] === any) [star, at, resume] = [at, at + 1, from];
    else if (expected[at] === given[from]) [at, from] = [at + 1, from + 1];
    else if (star < 0) return false;
    else [at, resume, from] = [star + 1, resume + 1, resume + 1];
  }
  return expected.slice(at).replaceAll(any, "") === "";
}

/** Whether there is a text that both say. */
function meet(one: string, other: string): boolean {
  let places = new Set([0]);
  // By code units, as the other is indexed.
  const spread = (set: Set<number>): Set<number> => {
    for (const place of set) if (other[place] === any) set.add(place + 1);
    return set;
  };
  spread(places);
  for (let at = 0; at < one.length; at += 1) {
    const next = new Set<number>();
    if (one[at] === any) for (let to = least(places); to <= other.length; to += 1) next.add(to);
    else
      for (const place of places) {
        if (other[place] === any) next.add(place);
        else if (other[place] === one[at]) next.add(place + 1);
      }
    places = spread(next);
  }
  return places.has(other.length);
}

function least(places: ReadonlySet<number>): number {
  let found = Number.POSITIVE_INFINITY;
  for (const place of places) found = Math.min(found, place);
  return found;
}
