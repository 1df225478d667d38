import type { LineParser } from "./event.ts";
import { createFieldReader } from "./fields.ts";
import type { TimeFormat } from "./timestamp.ts";
import { skipSpace } from "./tokens.ts";

const pairLimit = 40;
const key = /^[\w.@-]{1,60}$/;

/** `key=value key="quoted value"`: logrus, Heroku, Grafana's and Go-kit's programs. */
export function logfmtParser(formats: readonly TimeFormat[]): LineParser {
  const fields = createFieldReader(formats);
  return {
    name: "logfmt",
    parse(line, event) {
      fields.begin();
      let at = skipSpace(line, 0);
      let pairs = 0;
      while (at < line.length && pairs < pairLimit) {
        const equals = line.indexOf("=", at);
        if (equals === -1) break;
        const name = line.slice(at, equals);
        // The first thing on the line must be a pair. Later ones may be a word in between, which is passed over.
        if (!key.test(name)) {
          if (pairs === 0) return false;
          const space = name.lastIndexOf(" ");
          if (space === -1) break;
          at += space + 1;
          continue;
        }
        const end = valueEnd(line, equals + 1);
        fields.take(name, valueOf(line, equals + 1, end));
        pairs += 1;
        at = skipSpace(line, end);
      }
      if (pairs < 2 || !fields.fill(event)) return false;
      if (event.text === "") event.text = line;
      return true;
    },
  };
}

function valueEnd(line: string, start: number): number {
  if (line.charCodeAt(start) !== 0x22) {
    const space = line.indexOf(" ", start);
    return space === -1 ? line.length : space;
  }
  for (let at = start + 1; at < line.length; at += 1) {
    const code = line.charCodeAt(at);
    if (code === 0x5c) at += 1;
    else if (code === 0x22) return at + 1;
  }
  return line.length;
}

function valueOf(line: string, start: number, end: number): string {
  return line.charCodeAt(start) === 0x22 ? line.slice(start + 1, end - 1) : line.slice(start, end);
}
