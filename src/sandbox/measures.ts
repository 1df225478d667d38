import type { Measures } from "../core/tool-result.ts";
import type { Captured, Outcome } from "./sandbox.ts";

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
    ...ending(outcome),
    ...(output.length > 0 && {
      outputBytes: total(output.map(({ bytes }) => bytes)),
      shownBytes: total(output.map(({ text }) => Buffer.byteLength(text))),
    }),
    ...(files.length > 0 && { fullOutput: files.join(" ") }),
  };
}

function ending(outcome: Outcome): Measures {
  switch (outcome.type) {
    case "exit":
      return { exitCode: outcome.code };
    case "signal":
      return { signal: outcome.signal };
    case "timeout":
      return { timedOutAfterMs: outcome.limitMs };
    case "out-of-memory":
      return { outOfMemoryAtBytes: outcome.limitBytes };
    case "limit":
    case "stopped":
    case "lost":
      return {};
  }
}

const total = (numbers: readonly number[]): number => numbers.reduce((sum, next) => sum + next, 0);
