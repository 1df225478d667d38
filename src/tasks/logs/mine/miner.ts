import { type Level, levels, severityOf } from "../level.ts";
import type { LogEvent } from "../parse/event.ts";
import type { Capture } from "../story/capture.ts";
import { readSigns } from "../story/signs.ts";
import type { Row, Timeline } from "../story/timeline.ts";
import { detached } from "./detached.ts";
import { groupShapes } from "./group.ts";
import { shapeOf, variable } from "./shape.ts";
import { wordsOfShape } from "./words.ts";

/** Where and when a line is. */
export interface Place {
  readonly file: number;
  readonly line: number;
  /** NaN where nothing tells it. */
  readonly time: number;
}

/** Everything that is kept of the lines of one shape, or of several that were joined. */
export interface Tally {
  readonly key: string;
  readonly group: string;
  shape: string;
  words: readonly string[];
  readonly level: Level;
  readonly inferred: boolean;
  readonly trouble: boolean;
  readonly change: boolean;
  readonly tag: string;
  count: number;
  first: Place | undefined;
  last: Place | undefined;
  example: string;
  components: string[];
  row: Row | undefined;
  capture: Capture | undefined;
}

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
const componentLimit = 5;
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

/** Counts a line for its tally. */
export function countLine(
  tally: Tally,
  place: Place,
  { slot, component, timeline }: { slot: number; component: string; timeline: Timeline },
): void {
  tally.count += 1;
  if (tally.first === undefined || place.time < tally.first.time) tally.first = place;
  if (tally.last === undefined || !(place.time < tally.last.time)) tally.last = place;
  if (slot !== -1) {
    tally.row ??= timeline.newRow();
    tally.row[slot] = (tally.row[slot] ?? 0) + 1;
  }
  if (component !== "" && tally.components.length < componentLimit) addComponent(tally, component);
}

function addComponent(tally: Tally, component: string): void {
  if (!tally.components.includes(component))
    tally.components.push(detached(component.slice(0, 60)));
}

/** Lines of different level or tag are never of one pattern. */
function groupOf(event: LogEvent): string {
  const level = levelMarks[event.level];
  return event.tag === "" ? level : `${level}${event.tag} `;
}

const levelMarks = Object.fromEntries(
  levels.map((level, index) => [level, `${index}\u0002`]),
) as Readonly<Record<Level, string>>;

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

/** One tally for several. The most common one gives the shape. */
export function mergeTallies(group: readonly Tally[], timeline: Timeline): Tally {
  const [main, ...others] = group.toSorted((a, b) => b.count - a.count || (a.key < b.key ? -1 : 1));
  if (main === undefined)
    throw new RangeError("Cannot merge tallies: none given, expected at least one");
  main.words = main.words.map((word, place) =>
    others.every((other) => other.words[place] === word) ? word : variable,
  );
  for (const other of others) {
    main.count += other.count;
    if (earlier(other.first, main.first)) {
      main.first = other.first;
      main.example = other.example;
      main.capture = other.capture;
    }
    if (earlier(main.last, other.last)) main.last = other.last;
    for (const component of other.components) {
      if (main.components.length < componentLimit) addComponent(main, component);
    }
    if (other.row !== undefined) {
      main.row ??= timeline.newRow();
      for (const [slot, count] of other.row.entries())
        main.row[slot] = (main.row[slot] ?? 0) + count;
      timeline.release(other.row);
    }
  }
  return main;
}

/** By time, and where that is not known by place. */
export function earlier(a: Place | undefined, b: Place | undefined): boolean {
  if (a === undefined || b === undefined) return a !== undefined;
  if (a.time !== b.time && !Number.isNaN(a.time) && !Number.isNaN(b.time)) return a.time < b.time;
  return a.file === b.file ? a.line < b.line : a.file < b.file;
}

/** What to keep first: severe before harmless, then common before rare. */
function byWorth(a: Tally, b: Tally): number {
  const severe = (tally: Tally): number => Math.min(severityOf(tally.level), severityOf("info"));
  return severe(a) - severe(b) || b.count - a.count || (a.key < b.key ? -1 : 1);
}

function covers(pattern: readonly string[], words: readonly string[]): boolean {
  return pattern.every((word, place) => word === variable || word === words[place]);
}
