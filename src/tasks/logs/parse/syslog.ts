import { levelOfSyslog } from "../level.ts";
import type { LineParser } from "./event.ts";
import type { TimeFormat } from "./timestamp.ts";
import { readTimeValue } from "./value-time.ts";

/** Syslog as it goes over the wire, with its priority in front: RFC 5424 and RFC 3164. */
export function syslogParser(formats: readonly TimeFormat[]): LineParser {
  const modern =
    /^<(\d{1,3})>\d{1,2} (\S+) (\S+) (\S+) (\S+) (\S+) (?:-|(?:\[(?:[^\]\\]|\\.)*\])+)(?: \ufeff?|$)/;
  const legacy =
    /^<(\d{1,3})>([A-Z][a-z]{2} +\d{1,2} \d{2}:\d{2}:\d{2}) (\S+) ([^\s:[]{1,64})(?:\[[^\]]*\])?: ?/;
  return {
    name: "syslog with priority",
    parse(line, event) {
      if (line.charCodeAt(0) !== 0x3c) return false;
      const match = modern.exec(line) ?? legacy.exec(line);
      if (match === null) return false;
      const [all, priority = "", time = "", , program = ""] = match;
      readTimeValue(time, event, formats);
      event.level = levelOfSyslog(Number(priority) % 8);
      event.component = program;
      event.text = line.slice(all.length);
      return true;
    },
  };
}
