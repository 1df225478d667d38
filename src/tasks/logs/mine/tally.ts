import type { Level } from "../level.ts";
import type { Capture } from "../story/capture.ts";
import type { Row, Timeline } from "../story/timeline.ts";
import { detached } from "./detached.ts";
import { commonWord } from "./words.ts";

const componentLimit = 5;

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

/** One tally for several. The most common one gives the shape. */
export function mergeTallies(group: readonly Tally[], timeline: Timeline): Tally {
  const [main, ...others] = group.toSorted((a, b) => b.count - a.count || (a.key < b.key ? -1 : 1));
  if (main === undefined)
    throw new RangeError("Cannot merge tallies: none given, expected at least one");
  main.words = main.words.map((word, place) =>
    others.reduce((common, other) => commonWord(common, other.words[place] ?? ""), word),
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
