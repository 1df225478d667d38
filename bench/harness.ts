/** What every benchmark shares. A benchmark is a file here that exports `run`, see `run.mjs`. */

/** One thing that was measured. */
export interface Figure {
  readonly name: string;
  readonly unit: string;
  readonly ours: number;
  /** The same, measured in the same run, of another program or of a floor that nothing can beat. */
  readonly peer?: number;
  readonly peerName?: string;
  readonly target?: number;
  /** Which side of the target is good. Default `lower`. */
  readonly better?: "lower" | "higher";
}

/** What came of something that was tried, in words. */
export interface Finding {
  readonly name: string;
  readonly ours: string;
  readonly peer?: string;
  readonly peerName?: string;
  readonly met: boolean;
}

/** Flags of the command line that the harness does not know itself, such as `--size 200MB`. */
export type Flags = Readonly<Record<string, string>>;

/** Whether a figure reaches its target; undefined where it has none. */
export function isMet(figure: Figure | Finding): boolean | undefined {
  if ("met" in figure) return figure.met;
  const { ours, target, better = "lower" } = figure;
  if (target === undefined) return undefined;
  return better === "lower" ? ours <= target : ours >= target;
}

/**
 * Measures several things in turn, round by round, so that a busy moment of the machine hits all of them. The first
 * round warms up and is not counted, where there are more than two.
 */
export async function interleave(
  rounds: number,
  measures: readonly (() => Promise<number> | number)[],
): Promise<readonly (readonly number[])[]> {
  const results = measures.map((): number[] => []);
  const warmUp = rounds > 2 ? 1 : 0;
  for (let round = 0; round < rounds + warmUp; round += 1) {
    for (const [index, measure] of measures.entries()) {
      const value = await measure();
      if (round >= warmUp) results[index]?.push(value);
    }
  }
  return results;
}

/**
 * Short runs are repeated within a sample, so that one is long enough to be measured. A run of `size` calls has one step
 * more, the answer.
 */
export async function perStep(size: number, work: () => Promise<void>): Promise<number> {
  const repeats = Math.ceil((size <= 10 ? 2000 : 300) / size);
  const start = performance.now();
  for (let count = 0; count < repeats; count += 1) await work();
  return ((performance.now() - start) * 1000) / ((size + 1) * repeats);
}

export function median(values: readonly number[]): number {
  return percentile(values, 50);
}

/** The value that `percent` of all are at most. NaN of nothing. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const index = Math.ceil((percent / 100) * sorted.length) - 1;
  return sorted[Math.max(0, index)] ?? Number.NaN;
}
