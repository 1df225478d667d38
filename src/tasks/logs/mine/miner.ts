import { perLevel, severityOf } from "../level.ts";
import type { LogEvent } from "../parse/event.ts";
import { readSigns } from "../story/signs.ts";
import type { Timeline } from "../story/timeline.ts";
import { detached } from "./detached.ts";
import { groupShapes } from "./group.ts";
import { shapeOf, variable } from "./shape.ts";
import { type Tally, mergeTallies } from "./tally.ts";
import { wordsOfShape } from "./words.ts";

export interface Miner {
  /** The tally that a line belongs to; a new one when nothing like it was seen. Undefined when there is no room. */
  find(event: LogEvent): Tally | undefined;
  /** Joins what belongs together and returns what there is, in no order. Find nothing after. */
  finish(): readonly (readonly Tally[])[];
  /** Lines that no tally keeps, and what made room for others. */
  readonly overflow: { tallies: number; lines: number };
}

/** Shapes that are kept before they are joined. */
const tallyLimit = 20_000;
const aliasLimit = 60_000;
const roundLimit = 20;

/**
 * Keeps a bounded number of shapes. When there are too many, those that belong together are joined, and new lines are
 * compared with what they were joined to; when that is not enough, the rarest harmless ones are given up, and counted.
 */
export function createMiner({
  timeline,
  limit = tallyLimit,
}: {
  timeline: Timeline;
  limit?: number;
}): Miner {
  const byKey = new Map<string, Tally>();
  let tallies = new Set<Tally>();
  const joined = new Map<string, Tally[]>();
  const overflow = { tallies: 0, lines: 0 };
  let rounds = 0;

  const drop = (tally: Tally): void => {
    tallies.delete(tally);
    overflow.tallies += 1;
    overflow.lines += tally.count;
    if (tally.row !== undefined) timeline.release(tally.row);
  };

  const compact = (): void => {
    rounds += 1;
    const groups = joinable([...tallies]);
    joined.clear();
    tallies = new Set(groups.map((group) => mergeTallies(group, timeline)));
    const surplus = [...tallies].toSorted(byWorth).slice(Math.floor(limit / 2));
    for (const tally of surplus) drop(tally);
    for (const tally of tallies) {
      const place = `${tally.group}${tally.words.length}`;
      const list = joined.get(place);
      if (list === undefined) joined.set(place, [tally]);
      else list.push(tally);
    }
    byKey.clear();
    for (const tally of tallies) byKey.set(tally.key, tally);
  };

  const create = (
    key: string,
    group: string,
    shape: string,
    event: LogEvent,
  ): Tally | undefined => {
    const words = wordsOfShape(shape);
    const known = joined
      .get(`${group}${words.length}`)
      ?.find((tally) => covers(tally.words, words));
    if (known !== undefined) {
      if (byKey.size < aliasLimit) byKey.set(key, known);
      return known;
    }
    const signs = readSigns(event.text, event.tag, event.level);
    const harmless = severityOf(signs.level) > severityOf("warn") && !signs.trouble;
    if (rounds >= roundLimit && harmless) {
      overflow.lines += 1;
      return undefined;
    }
    if (tallies.size >= limit) compact();
    const tally: Tally = {
      ...signs,
      key,
      group,
      shape: detached(shape),
      words: words.map(detached),
      tag: detached(event.tag),
      count: 0,
      first: undefined,
      last: undefined,
      example: "",
      components: [],
      row: undefined,
      capture: undefined,
    };
    tallies.add(tally);
    byKey.set(tally.key, tally);
    return tally;
  };

  return {
    overflow,
    find(event) {
      const shape = shapeOf(event.text);
      const group = groupOf(event);
      const key = group + shape;
      return byKey.get(key) ?? create(key, group, shape, event);
    },
    finish: () => joinable([...tallies].filter((tally) => tally.count > 0)),
  };
}

/** Lines of different level or tag are never of one pattern. */
function groupOf(event: LogEvent): string {
  const level = levelMarks[event.level];
  return event.tag === "" ? level : `${level}${event.tag} `;
}

const levelMarks = perLevel((_, index) => `${index}\u0002`);

function joinable(tallies: readonly Tally[]): readonly (readonly Tally[])[] {
  const byGroup = new Map<string, Tally[]>();
  for (const tally of tallies) {
    const group = `${tally.group}${tally.level}`;
    const list = byGroup.get(group);
    if (list === undefined) byGroup.set(group, [tally]);
    else list.push(tally);
  }
  return [...byGroup.values()].flatMap((list) =>
    groupShapes(list).map((members) =>
      members.map((index) => list[index]).filter((tally) => tally !== undefined),
    ),
  );
}

/** What to keep first: severe before harmless, then common before rare. */
function byWorth(a: Tally, b: Tally): number {
  const severe = (tally: Tally): number => Math.min(severityOf(tally.level), severityOf("info"));
  return severe(a) - severe(b) || b.count - a.count || (a.key < b.key ? -1 : 1);
}

function covers(pattern: readonly string[], words: readonly string[]): boolean {
  return pattern.every((word, place) => {
    const other = words[place] ?? "";
    if (word === other || word === variable) return true;
    return word.endsWith(variable) && other.startsWith(word.slice(0, -1));
  });
}
