import { type Tally, mergeTallies } from "../mine/tally.ts";
import { templateOf } from "../mine/words.ts";
import { requestTemplate } from "../parse/request.ts";
import type { Gathered } from "./gather.ts";
import { type Onset, findOnset } from "./onset.ts";
import { type Span, coarsen } from "./timeline.ts";

/** Lines that say the same, with how they lie in time. */
export interface Pattern {
  readonly id: string;
  readonly template: string;
  readonly tally: Tally;
  readonly onset: Onset;
}

/** What the patterns were measured against. */
export interface Patterns {
  /** The most frequent first. */
  readonly list: readonly Pattern[];
  /** The buckets that onsets speak of; undefined when nothing was counted. */
  readonly span: Span | undefined;
}

const scanBuckets = 64;

/** Joins what was collected to patterns. */
export function minePatterns({ miner, timeline, total }: Gathered): Patterns {
  const tallies = miner
    .finish()
    .map((group) => mergeTallies(group, timeline))
    .toSorted((a, b) => b.count - a.count || (a.key < b.key ? -1 : 1));
  const whole = timeline.span();
  const span = whole === undefined ? undefined : coarsen(whole, scanBuckets);
  const traffic = span?.read(total) ?? [];
  const list = tallies.map((tally, index) => ({
    id: `P${index + 1}`,
    template: fullTemplate(tally),
    tally,
    onset: onsetOf(tally, span, traffic),
  }));
  return { list, span };
}

function fullTemplate({ tag, shape, words }: Tally): string {
  const template = templateOf(shape, words);
  return tag === "" ? template : requestTemplate(`${tag} ${template}`);
}

function onsetOf(tally: Tally, span: Span | undefined, traffic: readonly number[]): Onset {
  if (span === undefined || tally.row === undefined) return { type: "steady" };
  const counts = span.read(tally.row);
  // What a storm of errors adds to the traffic must not hide the storm.
  const others = traffic.map((count, index) => count - (counts[index] ?? 0));
  return findOnset(counts, others);
}
