import { levelOfWord } from "../level.ts";
import { parseObject } from "./json.ts";
import type { TimeFormat } from "./timestamp.ts";

/** What a container runtime wrote around a program's own line. */
export interface Unwrapped {
  line: string;
  time: number | undefined;
  offset: number | undefined;
  component: string;
  /** The line goes on in the next record. */
  partial: boolean;
}

/** Takes what a container runtime put around a line away; undefined where it put nothing. */
export type Unwrap = (line: string) => Unwrapped | undefined;

/** The wrapper that most lines of a sample have, if there is one. */
export function learnWrapper(
  sample: readonly string[],
  formats: readonly TimeFormat[],
): { readonly name: string; readonly unwrap: Unwrap } | undefined {
  const wrappers = [
    { name: "docker json-file", unwrap: dockerJson(formats) },
    { name: "CRI", unwrap: cri(formats) },
    { name: "docker compose", unwrap: compose },
  ];
  return wrappers.find(
    ({ unwrap }) =>
      sample.length > 0 &&
      sample.filter((line) => unwrap(line) !== undefined).length >= sample.length * 0.8,
  );
}

/** `{"log":"…\n","stream":"stderr","time":"…"}` */
function dockerJson(formats: readonly TimeFormat[]): Unwrap {
  return (line) => {
    if (!line.startsWith('{"log":')) return undefined;
    const object = parseObject(line);
    const [log, time] = [object?.["log"], object?.["time"]];
    if (typeof log !== "string" || typeof time !== "string") return undefined;
    const read = formats[0]?.read(time, 0);
    const whole = log.endsWith("\n");
    return {
      line: whole ? log.slice(0, -1) : log,
      time: read?.ms,
      offset: read?.offset,
      component: "",
      partial: !whole,
    };
  };
}

/** `2016-10-06T00:17:09.669794202Z stdout F message` */
function cri(formats: readonly TimeFormat[]): Unwrap {
  return (line) => {
    const read = formats[0]?.read(line, 0);
    if (read === undefined) return undefined;
    const tag = / (?:stdout|stderr) ([FP]) ?/y;
    tag.lastIndex = read.end;
    const match = tag.exec(line);
    if (match === null) return undefined;
    return {
      line: line.slice(tag.lastIndex),
      time: read.ms,
      offset: read.offset,
      component: "",
      partial: match[1] === "P",
    };
  };
}

/** `web-1  | message` */
function compose(line: string): Unwrapped | undefined {
  const match = /^([a-zA-Z][\w.-]{0,62}) +\| ?/.exec(line);
  if (match === null) return undefined;
  const [all, component = ""] = match;
  if (levelOfWord(component) !== undefined) return undefined;
  return {
    line: line.slice(all.length),
    time: undefined,
    offset: undefined,
    component,
    partial: false,
  };
}
