import type { Span } from "./timeline.ts";

export interface Gap {
  readonly from: number;
  readonly to: number;
}

const gapLimit = 5;

/** Stretches of time without a line where many were to be expected, longest first. */
export function findGaps(span: Span, counts: readonly number[]): readonly Gap[] {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const gaps: Gap[] = [];
  let start = 0;
  for (let index = 0; index <= counts.length; index += 1) {
    if (index < counts.length && counts[index] === 0) continue;
    const length = index - start;
    const expected = (total / counts.length) * length;
    if (length >= Math.max(2, counts.length * 0.04) && expected >= 20) {
      gaps.push({ from: span.start + start * span.widthMs, to: span.start + index * span.widthMs });
    }
    start = index + 1;
  }
  return gaps.toSorted((a, b) => b.to - b.from - (a.to - a.from)).slice(0, gapLimit);
}
