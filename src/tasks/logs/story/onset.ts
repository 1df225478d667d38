/** How a pattern lies in time. `from` and `to` are buckets, `to` not included. */
export type Onset =
  /** Never seen before `from`. */
  | { readonly type: "new"; readonly from: number; readonly to: number }
  /** Seen at no other time, though the log begins before and goes on after. */
  | { readonly type: "burst"; readonly from: number; readonly to: number }
  /** Seen before, but `factor` times as often from `from` to `to`. */
  | { readonly type: "jump"; readonly from: number; readonly to: number; readonly factor: number }
  /** Regular until `to`, and not once after. */
  | { readonly type: "stopped"; readonly from: number; readonly to: number }
  | { readonly type: "steady" };

/** A jump must be this improbable by chance (a log-likelihood ratio), and this strong. */
const minEvidence = 12;
const minFactor = 3;

/**
 * Finds the stretch of time in which a pattern was most unusually frequent, by a scan statistic: of all stretches the
 * one whose count is least likely if the pattern were spread like `traffic`.
 */
export function findOnset(counts: readonly number[], traffic: readonly number[]): Onset {
  const total = sum(counts);
  const length = counts.length;
  if (total === 0 || length < 4) return { type: "steady" };
  const first = counts.findIndex((count) => count > 0);
  const best = busiest(counts, traffic, total);
  const lead = sum(traffic.slice(0, first)) / Math.max(1, sum(traffic));
  if (first >= Math.max(2, length * 0.05) && lead > 0.02) {
    const to = best !== undefined && best.from <= first + 1 ? best.to : length;
    if (total < 3 || sum(counts.slice(first, to)) >= total * 0.5)
      return { type: "new", from: first, to };
  }
  const stop = stopOf(counts, traffic, total);
  if (stop !== undefined) return stop;
  if (best === undefined || best.evidence < minEvidence || best.factor < minFactor) {
    return { type: "steady" };
  }
  const { from, to, factor } = best;
  if (Number.isFinite(factor)) return { type: "jump", from, to, factor };
  // What is only there at the beginning is how a program starts.
  return from === 0 ? { type: "steady" } : { type: "burst", from, to };
}

interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly factor: number;
  readonly evidence: number;
}

function busiest(
  counts: readonly number[],
  traffic: readonly number[],
  total: number,
): Stretch | undefined {
  const length = counts.length;
  const allTraffic = sum(traffic);
  let best: Stretch | undefined;
  for (let from = 0; from < length; from += 1) {
    let inside = 0;
    let around = 0;
    for (let to = from + 1; to <= length && to - from < length; to += 1) {
      inside += counts[to - 1] ?? 0;
      around += traffic[to - 1] ?? 0;
      const share = Math.max((to - from) / length, allTraffic === 0 ? 0 : around / allTraffic);
      if (share >= 1 || inside <= total * share) continue;
      const evidence = likelihoodRatio(inside, total, share);
      if (best !== undefined && evidence <= best.evidence) continue;
      best = { from, to, evidence, factor: inside / share / ((total - inside) / (1 - share)) };
    }
  }
  return best;
}

function likelihoodRatio(inside: number, total: number, share: number): number {
  const outside = total - inside;
  const tail = outside === 0 ? 0 : outside * Math.log(outside / (total * (1 - share)));
  return inside * Math.log(inside / (total * share)) + tail;
}

/** A pattern that was in nearly every bucket, and then in none though the log goes on. */
function stopOf(
  counts: readonly number[],
  traffic: readonly number[],
  total: number,
): Onset | undefined {
  const last = counts.findLastIndex((count) => count > 0);
  const first = counts.findIndex((count) => count > 0);
  const seen = counts.slice(first, last + 1);
  const silent = traffic.slice(last + 1).filter((count) => count > 0).length;
  const regular = seen.filter((count) => count > 0).length >= seen.length * 0.8;
  const during = sum(traffic.slice(first, last + 1));
  const after = sum(traffic.slice(last + 1));
  // When everything falls silent together, no single pattern stopped.
  const expected = Math.min((total / seen.length) * silent, (total / Math.max(1, during)) * after);
  const long = silent >= Math.max(2, counts.length * 0.1);
  if (!regular || !long || expected < 10 || seen.length < 5) return undefined;
  return { type: "stopped", from: first, to: last + 1 };
}

function sum(values: readonly number[]): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
