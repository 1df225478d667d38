import type { Level } from "../level.ts";
import type { Pattern } from "./patterns.ts";

/** A pattern that a person should look at, and why. */
export interface Finding {
  readonly pattern: Pattern;
  readonly score: number;
  readonly reasons: readonly string[];
}

const findingLimit = 20;
const minScore = 30;

const weights: Readonly<Record<Level, number>> = {
  fatal: 60,
  error: 45,
  warn: 20,
  info: 0,
  debug: 0,
  trace: 0,
  unknown: 0,
};

/**
 * What went wrong, worst first. Severity counts most; then whether it began or grew within the range, because what was
 * there all the time is rarely what somebody asks about.
 */
export function findWrong(patterns: readonly Pattern[]): readonly Finding[] {
  return patterns
    .map(judge)
    .filter(({ score }) => score >= minScore)
    .toSorted(
      (a, b) =>
        b.score - a.score ||
        startOf(a) - startOf(b) ||
        b.pattern.tally.count - a.pattern.tally.count,
    )
    .slice(0, findingLimit);
}

function judge(pattern: Pattern): Finding {
  const { tally, onset } = pattern;
  const reasons: string[] = [];
  let score = weights[tally.level];
  if (score > 0)
    reasons.push(tally.inferred ? `reads like ${tally.level}` : `level ${tally.level}`);
  if (tally.inferred) score -= 8;
  if (tally.trouble && weights[tally.level] < 45) {
    score += 12;
    reasons.push("speaks of trouble");
  }
  const often = Math.min(12, 4 * Math.log10(tally.count));
  switch (onset.type) {
    case "new":
      score += 14 + often;
      reasons.push("not seen before");
      break;
    case "burst":
      score += 14 + often;
      reasons.push("seen at no other time");
      break;
    case "jump":
      score += Math.min(14, 4 * Math.log2(onset.factor)) + often;
      reasons.push(`${roundFactor(onset.factor)} times as often as otherwise`);
      break;
    case "stopped":
      score += tally.trouble ? 0 : 31;
      reasons.push("was regular, then stopped");
      break;
    case "steady":
      // A few errors are worth a look; a stream of them from the first line to the last is how this system is.
      score -= Math.min(14, Math.max(0, 5 * Math.log10(tally.count / 10)));
      if (tally.count > 10) reasons.push("all the time");
      break;
  }
  return { pattern, score: Math.round(score), reasons };
}

function startOf({ pattern }: Finding): number {
  const time = pattern.tally.first?.time ?? Number.NaN;
  return Number.isNaN(time) ? (pattern.tally.first?.line ?? 0) : time;
}

/** A factor as people say it: 3.4, 12, 250. */
export function roundFactor(factor: number): number {
  return factor < 10 ? Math.round(factor * 10) / 10 : Math.round(factor);
}
