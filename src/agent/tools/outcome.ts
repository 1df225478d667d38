import type { Measures, ToolResult } from "../../core/tool-result.ts";
import type { Outcome } from "../../sandbox/sandbox.ts";
import { formatBytes, formatDuration } from "./format.ts";

/** How something that ran in the sandbox ended, in a few words that are true of just this end. */
export function outcomeText(outcome: Outcome): string {
  switch (outcome.type) {
    case "exit":
      return `exit code ${outcome.code}`;
    case "signal":
      return `killed by ${outcome.signal}`;
    case "timeout":
      return `timed out at its limit of ${formatDuration(outcome.limitMs)}`;
    case "out-of-memory":
      return `out of memory at its limit of ${formatBytes(outcome.limitBytes)}`;
    case "limit":
      return `ended by a limit: ${outcome.limit}`;
    case "stopped":
      return "stopped before it was done";
    case "lost":
      return `lost, whether it finished is not known: ${outcome.reason}`;
  }
}

export function outcomeStatus(outcome: Outcome): ToolResult["status"] {
  switch (outcome.type) {
    case "exit":
      return outcome.code === 0 ? "ok" : "failed";
    case "stopped":
      return "stopped";
    case "lost":
      return "unknown";
    case "signal":
    case "timeout":
    case "out-of-memory":
    case "limit":
      return "failed";
  }
}

/** What it took, as far as it was measured. */
export function usedText(measures: Measures): string {
  const { wallMs, cpuMs, peakMemoryBytes } = measures;
  return [
    wallMs === undefined ? "" : formatDuration(wallMs),
    cpuMs === undefined ? "" : `${formatDuration(cpuMs)} CPU`,
    peakMemoryBytes === undefined ? "" : `${formatBytes(peakMemoryBytes)} peak memory`,
  ]
    .filter((part) => part !== "")
    .join(" · ");
}
