import { variable } from "./shape.ts";

/** One shape to be grouped: its words, and how many lines have it. */
export interface Shape {
  readonly words: readonly string[];
  readonly count: number;
}

/** How many values a place may have and still be told apart. */
const valueLimit = 5;

/**
 * Joins shapes that differ only in what they name into groups: indexes of `shapes`, each in exactly one group. Shapes
 * of one message share words that are equally common in their places, because they were printed by the same
 * statement. So shapes are split by their largest set of equally common words first, and then by every place that
 * has few values. (The idea is that of the Brain log parser.) Does not depend on the order of `shapes`.
 */
export function groupShapes(shapes: readonly Shape[]): readonly (readonly number[])[] {
  const byLength = new Map<number, number[]>();
  for (const [index, { words }] of shapes.entries()) push(byLength, words.length, index);
  return [...byLength.values()].flatMap((members) => groupOfLength(shapes, members));
}

function groupOfLength(shapes: readonly Shape[], members: readonly number[]): readonly number[][] {
  const counts = countWords(shapes, members);
  const roots = new Map<string, number[]>();
  for (const index of members) push(roots, rootOf(wordsOf(shapes, index), counts), index);
  return [...roots.values()].flatMap((group) => splitByPlace(shapes, group));
}

/** For each place, how many lines have each word there. */
function countWords(
  shapes: readonly Shape[],
  members: readonly number[],
): readonly ReadonlyMap<string, number>[] {
  const places: Map<string, number>[] = [];
  for (const index of members) {
    const count = shapes[index]?.count ?? 0;
    for (const [place, word] of wordsOf(shapes, index).entries()) {
      const counts = (places[place] ??= new Map<string, number>());
      counts.set(word, (counts.get(word) ?? 0) + count);
    }
  }
  return places;
}

/** The largest set of words that are equally common; of equal sets the more common one. */
function rootOf(words: readonly string[], counts: readonly ReadonlyMap<string, number>[]): string {
  const sets = new Map<number, number[]>();
  for (const [place, word] of words.entries()) {
    if (word === variable) continue;
    push(sets, counts[place]?.get(word) ?? 0, place);
  }
  let best: readonly number[] = [];
  let bestCount = -1;
  for (const [count, places] of sets) {
    const larger = places.length > best.length;
    if (larger || (places.length === best.length && count > bestCount)) {
      best = places;
      bestCount = count;
    }
  }
  return best.map((place) => `${place} ${words[place]}`).join("\n");
}

/** Splits a group by the place with the fewest values, until each place has one value or too many to matter. */
function splitByPlace(shapes: readonly Shape[], group: readonly number[]): readonly number[][] {
  if (group.length === 1) return [[...group]];
  const length = wordsOf(shapes, group[0] ?? 0).length;
  let best: Map<string, number[]> | undefined;
  for (let place = 0; place < length; place += 1) {
    const values = valuesAt(shapes, group, place);
    if (values === undefined || values.size < 2) continue;
    if (best === undefined || values.size < best.size) best = values;
  }
  if (best === undefined) return [[...group]];
  return [...best.values()].flatMap((part) => splitByPlace(shapes, part));
}

/** The group by its words at a place; undefined when the place is a variable. */
function valuesAt(
  shapes: readonly Shape[],
  group: readonly number[],
  place: number,
): Map<string, number[]> | undefined {
  const values = new Map<string, number[]>();
  let named = false;
  for (const index of group) {
    const words = wordsOf(shapes, index);
    const word = words[place] ?? "";
    named ||= namesThing(word) || introducers.has(words[place - 1]?.toLowerCase() ?? "");
    push(values, word, index);
    if (values.size > valueLimit) return undefined;
  }
  return named ? undefined : values;
}

/** Words after which a name follows. */
const introducers = new Set(["user", "host", "hostname", "username", "account", "client", "peer"]);

/** Words that name a thing rather than say something: paths, host names, addresses. Exceptions do say something. */
function namesThing(word: string): boolean {
  if (word.includes(variable)) return true;
  return /\S[/\\]|@|\w\.\w/.test(word) && !/(?:Exception|Error)$/.test(word);
}

function wordsOf(shapes: readonly Shape[], index: number): readonly string[] {
  return shapes[index]?.words ?? [];
}

function push<K>(groups: Map<K, number[]>, key: K, index: number): void {
  const group = groups.get(key);
  if (group === undefined) groups.set(key, [index]);
  else group.push(index);
}
