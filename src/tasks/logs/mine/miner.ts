import { perLevel, severityOf } from "../level.ts";
import type { LogEvent } from "../parse/event.ts";
import { readSigns } from "../story/signs.ts";
import type { Timeline } from "../story/timeline.ts";
import { detached } from "./detached.ts";
import { groupShapes } from "./group.ts";
import { shapeOf } from "./shape.ts";
import { type Tally, mergeTallies } from "./tally.ts";
import { createTemplates } from "./templates.ts";
import { wordsOfShape } from "./words.ts";

export interface Miner {
  /** The tally that a line belongs to; a new one when nothing like it was seen. Undefined when there is no room. */
  find(event: LogEvent): Tally | undefined;
  /** Joins what belongs together and returns what there is, in no order. Find nothing after. */
  finish(): readonly (readonly Tally[])[];
  /** Lines that no tally keeps. */
  readonly overflow: { lines: number };
}

/** Shapes that are kept before they are joined. */
const tallyLimit = 10_000;
const aliasLimit = 30_000;
const roundLimit = 10;

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
  const templates = createTemplates();
  const overflow = { lines: 0 };
  let rounds = 0;

  const drop = (tally: Tally): void => {
    overflow.lines += tally.count;
    if (tally.row !== undefined) timeline.release(tally.row);
  };

  const compact = (): void => {
    rounds += 1;
    const groups = joinable([...tallies]);
    const merged = groups.map((group) => mergeTallies(group, timeline)).toSorted(byWorth);
    const kept = Math.floor(limit / 2);
    for (const tally of merged.slice(kept)) drop(tally);
    tallies = new Set(merged.slice(0, kept));
    templates.replaceBy(tallies);
    byKey.clear();
    for (const tally of tallies) byKey.set(tally.key, tally);
  };

  const create = (
    key: string,
    group: string,
    shape: string,
    event: LogEvent,
  ): Tally | undefined => {
    const signs = readSigns(event.text, event.tag, event.level);
    const known = templates.find(group, wordsOfShape(shape));
    // The word in which it differs may be the one that says that something failed.
    if (known?.level === signs.level && known.trouble === signs.trouble) {
      if (byKey.size < aliasLimit) byKey.set(key, known);
      return known;
    }
    const harmless = severityOf(signs.level) > severityOf("warn") && !signs.trouble;
    if (rounds >= roundLimit && harmless) {
      overflow.lines += 1;
      return undefined;
    }
    if (tallies.size >= limit) compact();
    const kept = detached(shape);
    const tally: Tally = {
      ...signs,
      key,
      group,
      shape: kept,
      words: wordsOfShape(kept),
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

/** Lines of different level or tag are never of one pattern; neither are those of trouble and of none. */
function groupOf(event: LogEvent): string {
  const level = levelMarks[event.level];
  return event.tag === "" ? level : `${level}${event.tag} `;
}

const levelMarks = perLevel((_, index) => `${index}\u0002`);

function joinable(tallies: readonly Tally[]): readonly (readonly Tally[])[] {
  const byGroup = new Map<string, Tally[]>();
  for (const tally of tallies) {
    const group = `${tally.group}${tally.level}${tally.trouble}`;
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
  const harmless = severityOf("info");
  const [first, second] = [severityOf(a.level), severityOf(b.level)];
  return (
    Math.min(first, harmless) - Math.min(second, harmless) ||
    b.count - a.count ||
    (a.key < b.key ? -1 : 1)
  );
}
