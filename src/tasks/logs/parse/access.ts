import type { Level } from "../level.ts";
import type { LineParser } from "./event.ts";
import { requestText } from "./request.ts";
import type { ReadTime, TimeFormat } from "./timestamp.ts";

/** The common and the combined access log of Apache, nginx and many others, also with a virtual host in front. */
export function accessParser(formats: readonly TimeFormat[]): LineParser {
  const line =
    /^(?:\S+ )?\S+ \S+ [^[\]]{1,100} ?\[([^\]]{10,40})\] "((?:[^"\\]|\\.)*)" (\d{3}) (?:\d+|-)(?: |$)/;
  let usual = formats[0];
  const readTime = (time: string): ReadTime | undefined => {
    const read = usual?.read(time, 0);
    if (read !== undefined) return read;
    usual = formats.find((format) => format.read(time, 0) !== undefined);
    return usual?.read(time, 0);
  };
  return {
    name: "access log",
    parse(text, event) {
      const match = line.exec(text);
      if (match === null) return false;
      const [, time = "", request = "", status = ""] = match;
      const read = readTime(time);
      if (read === undefined) return false;
      event.time = read.ms;
      event.offset = read.offset;
      event.level = levelOfStatus(Number(status));
      event.tag = status;
      const [method = "", target = ""] = request.split(" ", 2);
      event.text = requestText(method, target);
      return true;
    },
  };
}

/** A server's failure is an error, a client's a warning. */
export function levelOfStatus(status: number): Level {
  if (status >= 500) return "error";
  return status >= 400 ? "warn" : "info";
}
