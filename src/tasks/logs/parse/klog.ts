import { levelOfLetter } from "../level.ts";
import type { LineParser } from "./event.ts";
import type { TimeFormat } from "./timestamp.ts";

/** glog and klog, as Kubernetes' own programs write: `E0102 15:04:05.000000   1234 file.go:56] message`. */
export function klogParser(formats: readonly TimeFormat[]): LineParser {
  const header = /^([IWEF])(\d{4})?(\d{2})(\d{2}) (\d{2}:\d{2}:\d{2}\.\d+) +\d+ ([^\]\s]+)\] ?/;
  const monthDay = formats.find((format) => format.name === "month-day time");
  const yearMonthDay = formats.find((format) => format.name === "year-month-day time");
  return {
    name: "klog",
    parse(line, event) {
      const match = header.exec(line);
      if (match === null) return false;
      const [all, letter = "", year, month = "", day = "", clock = "", place = ""] = match;
      const date = `${month}-${day} ${clock}`;
      const read =
        year === undefined ? monthDay?.read(date, 0) : yearMonthDay?.read(`${year}-${date}`, 0);
      if (read === undefined) return false;
      event.time = read.ms;
      event.offset = read.offset;
      event.level = levelOfLetter(letter) ?? "unknown";
      event.component = place.split(":", 1)[0] ?? "";
      event.text = line.slice(all.length);
      return true;
    },
  };
}
