import { visibleLabel } from "../text/control.ts";

/** A name for the thread of a request: its first line, without what only means something to Discord. */
export function threadName(asked: string): string {
  const plain = asked
    .replaceAll(/<a?:(\w+):\d+>/g, ":$1:")
    .replaceAll(/<[@#][!&]?\w+>|<\/[^>]*>|<t:[^>]*>/g, " ")
    .replaceAll(/https?:\/\/(?:www\.)?([^\s/?#]+)\S*/g, "$1")
    .replaceAll(/[*_~`|>#]/g, "");
  const line =
    plain.split("\n").find((each) => /[\p{L}\p{N}\p{Extended_Pictographic}]/u.test(each)) ?? "";
  return shortened(visibleLabel(line).trim()) || "Opsthread";
}

/** Threads' names have at most 100 letters; half an emoji is none. */
function shortened(name: string): string {
  if (name.length <= maxName) return name;
  let short = "";
  for (const { segment } of new Intl.Segmenter(undefined, { granularity: "grapheme" }).segment(
    name,
  )) {
    if (short.length + segment.length > maxName - 1) break;
    short += segment;
  }
  const words = short.replace(/\s+\S*$/, "");
  return `${(words.length > maxName / 2 ? words : short).trim()}…`;
}

const maxName = 100;
