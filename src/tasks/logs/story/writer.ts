import type { LogsPattern } from "../data.ts";
import type { TimeText } from "../render/time.ts";
import type { ShownLine } from "./capture.ts";
import { roundFactor } from "./findings.ts";
import type { Gathered } from "./gather.ts";
import type { Pattern, Patterns } from "./patterns.ts";

/** Writes places and times of what was gathered as they are told to others. */
export interface Writer {
  place(place: { readonly file: number; readonly line: number } | undefined): string;
  time(ms: number | undefined): { readonly time?: string };
  lines(file: number, lines: readonly ShownLine[]): { at: string; text: string }[];
  onset(pattern: Pattern): LogsPattern["onset"];
}

export function writer(gathered: Gathered, { span }: Patterns, times: TimeText): Writer {
  const place: Writer["place"] = (at) =>
    at === undefined ? "" : `${shortPath(gathered.files[at.file]?.chapter.path ?? "")}:${at.line}`;
  const bucket = (index: number): { time?: string } =>
    span === undefined || gathered.axis === "line" ? {} : time(span.start + index * span.widthMs);
  const time: Writer["time"] = (ms = Number.NaN) => {
    const iso = times.iso(ms);
    return iso === undefined ? {} : { time: iso };
  };
  return {
    place,
    time,
    lines: (file, lines) => lines.map(({ line, text }) => ({ at: place({ file, line }), text })),
    onset({ onset, tally }) {
      if (onset.type === "steady") return { type: "steady" };
      // Buckets are coarse: where the pattern itself begins or ends, its own times are nearer to the truth.
      const { time: from } = onset.type === "jump" ? bucket(onset.from) : time(tally.first?.time);
      const { time: to } = onset.type === "jump" ? bucket(onset.to) : time(tally.last?.time);
      return {
        type: onset.type,
        ...(from === undefined ? {} : { from }),
        ...(to === undefined ? {} : { to }),
        ...(onset.type === "jump" ? { factor: roundFactor(onset.factor) } : {}),
      };
    },
  };
}

/** A path as people name the file: what is in the workspace, without the workspace. */
export function shortPath(path: string): string {
  return path.replace(/^(?:\/workspace\/|\.\/)/, "");
}
