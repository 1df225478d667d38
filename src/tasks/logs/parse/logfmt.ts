import type { LineParser } from "./event.ts";
import { readFields } from "./fields.ts";
import type { TimeFormat } from "./timestamp.ts";

const pairLimit = 40;

/** `key=value key="quoted value"`: logrus, Heroku, Grafana's and Go-kit's programs. */
export function logfmtParser(formats: readonly TimeFormat[]): LineParser {
  return {
    name: "logfmt",
    parse(line, event) {
      const pairs = readPairs(line);
      if (pairs === undefined || pairs.size < 2) return false;
      if (!readFields((name) => pairs.get(name), event, formats)) return false;
      if (event.text === "") event.text = line;
      return true;
    },
  };
}

/** The pairs of a line that consists of them; undefined when it begins with anything else. */
function readPairs(line: string): ReadonlyMap<string, string> | undefined {
  if (!/^\s*[\w.@-]{1,60}=/.test(line)) return undefined;
  const pairs = new Map<string, string>();
  const pair = /([\w.@-]{1,60})=(?:"((?:[^"\\]|\\.)*)"|(\S*))\s*/gy;
  pair.lastIndex = line.length - line.trimStart().length;
  for (let match = pair.exec(line); match !== null; match = pair.exec(line)) {
    const [, key = "", quoted, bare = ""] = match;
    if (!pairs.has(key)) pairs.set(key, quoted ?? bare);
    if (pairs.size >= pairLimit) break;
  }
  return pairs;
}
