import type { LogsData } from "../data.ts";
import { whenOf } from "./summary.ts";
import { code, counted, number } from "./text.ts";

/** One sentence: what went wrong, when and where; or that nothing looks wrong. */
export function headlineOf(data: Omit<LogsData, "headline">): string {
  const [worst] = data.findings;
  if (data.lines.events === 0) return nothingRead(data);
  if (worst !== undefined) {
    const what = worst.inferred ? `reads like ${worst.level}` : worst.level;
    const how = worst.onset.type === "stopped" && worst.score < 45 ? "stopped" : "went wrong";
    const intro = how === "stopped" ? "Something stopped" : "What went wrong";
    return `${intro}: ${code(worst.title, 140)} (${what}, ${number(worst.count)}×${whenOf(worst)}), first at ${code(worst.at)}`;
  }
  const { fatal, error, warn } = data.levels.counts;
  const severe = fatal + error;
  if (severe > 0) {
    return `Nothing new went wrong: ${counted(severe, "error")}, of kinds that are there all the time`;
  }
  const warnings =
    warn > 0 ? `, and ${counted(warn, "warning")} without a change in time` : " and no warning";
  return `Nothing looks wrong: no error${warnings} in ${counted(data.lines.events, "event")}`;
}

function nothingRead({ lines, notRead }: Omit<LogsData, "headline">): string {
  if (lines.total > 0)
    return `Nothing to look at: none of ${counted(lines.total, "line")} passes the filters`;
  return `Nothing could be read${notRead.length === 0 ? "" : `: ${notRead[0]?.what} (${notRead[0]?.why})`}`;
}
