import type { Measures } from "../core/tool-result.ts";
import { type Captured, type Outcome, outcomeMeasures } from "./sandbox.ts";

/** What a driver measured of a run, as far as it could. */
export interface Measured {
  readonly wallMs: number;
  readonly cpuMs?: number;
  readonly peakMemoryBytes?: number;
}

/** The measures of something that ran: what was measured, how it ended, and what it printed. */
export function measuresOf(
  outcome: Outcome,
  measured: Measured,
  output: readonly Captured[] = [],
): Measures {
  const files = output.flatMap(({ file }) => (file === undefined ? [] : [file]));
  return {
    ...measured,
    ...outcomeMeasures(outcome),
    ...(output.length > 0 && {
      outputBytes: total(output.map(({ bytes }) => bytes)),
      shownBytes: total(output.map(({ text }) => Buffer.byteLength(text))),
    }),
    ...(files.length > 0 && { fullOutput: files.join(" ") }),
  };
}

const total = (numbers: readonly number[]): number => numbers.reduce((sum, next) => sum + next, 0);
