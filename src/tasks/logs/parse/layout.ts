import type { Level } from "../level.ts";
import type { LineParser } from "./event.ts";
import { levelOfLetterToken, levelOfToken } from "./level-token.ts";
import type { TimeFormat } from "./timestamp.ts";
import { isSpace, skipSpace, tokenEnd } from "./tokens.ts";

/** How the header of a plain-text line is built: what was learnt from a sample, see `learn-layout.ts`. */
export interface Layout {
  /** Words that every line has, up to the last of its time and its level. */
  readonly head: readonly HeadStep[];
  /** Words that may follow before the message begins: each is passed over where it is there. */
  readonly tail: readonly TailStep[];
  /** A line without a level in its place is of another layout. */
  readonly levelRequired: boolean;
}

export type HeadStep =
  | { readonly type: "time"; readonly format: TimeFormat; readonly primary: boolean }
  | { readonly type: "level"; readonly letter: boolean }
  | { readonly type: "word" };

export type TailStep = "separator" | "bracket" | "number" | "name" | "host" | "program";

/** Reads lines of this layout. */
export function layoutParser(layout: Layout): LineParser {
  const time = layout.head.find((step) => step.type === "time");
  const level = layout.head.some((step) => step.type === "level");
  const parts = [time?.format.name, level ? "level" : undefined].filter(
    (part) => part !== undefined,
  );
  return {
    name: parts.length === 0 ? "plain text" : `text (${parts.join(", ")})`,
    parse(line, event) {
      let at = readHead(layout.head, line, event);
      if (at === -1 || (layout.levelRequired && event.level === "unknown")) return false;
      for (const step of layout.tail) {
        const end = tokenEnd(line, at);
        if (end > at && tailMatches(step, line, at, end)) {
          if (step === "program" || step === "name") event.component = programOf(line, at, end);
          at = skipSpace(line, end);
        }
      }
      event.text = line.slice(at);
      return true;
    },
  };
}

/** Reads the fixed words of the header. The position behind them, or -1 when the line is not built so. */
export function readHead(
  head: readonly HeadStep[],
  line: string,
  event: { time: number; offset: number | undefined; level: Level },
): number {
  let at = skipSpace(line, 0);
  for (const step of head) {
    switch (step.type) {
      case "time": {
        const read = step.format.read(line, afterOpening(line, at));
        if (read === undefined && step.primary) return -1;
        if (read !== undefined && step.primary) {
          event.time = read.ms;
          event.offset = read.offset;
        }
        at = read === undefined ? tokenEnd(line, at) : pastMarks(line, read.end);
        break;
      }
      case "level": {
        const end = tokenEnd(line, at);
        const token = line.slice(at, end);
        const level = step.letter ? levelOfLetterToken(token) : levelOfToken(token);
        if (level === undefined) return at;
        event.level = level;
        at = end;
        break;
      }
      case "word":
        at = tokenEnd(line, at);
        break;
    }
    at = skipSpace(line, at);
  }
  return at;
}

/** A time may stand in a bracket or in quotes. */
export function afterOpening(line: string, at: number): number {
  const code = line.charCodeAt(at);
  return code === 0x5b || code === 0x28 || code === 0x22 || code === 0x3c ? at + 1 : at;
}

/** What closes a time: `]`, `)`, `,`, `:`, `|`. */
export function pastMarks(line: string, at: number): number {
  let position = at;
  while (position < line.length && '])>",:;|'.includes(line.charAt(position))) position += 1;
  return position;
}

export function tailMatches(step: TailStep, line: string, start: number, end: number): boolean {
  switch (step) {
    case "separator":
      return end - start <= 3 && consistsOf(line, start, end, "-–—|:>*~#=");
    case "bracket":
      return line.charCodeAt(start) === 0x5b && line.charCodeAt(end - 1) === 0x5d;
    case "number":
      return end - start <= 20 && consistsOf(line, start, end, "0123456789#():,");
    case "program":
      return end - start <= 100 && line.charCodeAt(end - 1) === 0x3a && end - start > 1;
    case "name":
    case "host":
      break;
  }
  return end - start <= 100 && line.charCodeAt(start) !== 0x5b;
}

function consistsOf(line: string, start: number, end: number, marks: string): boolean {
  for (let at = start; at < end; at += 1) if (!marks.includes(line.charAt(at))) return false;
  return true;
}

function programOf(line: string, start: number, end: number): string {
  let stop = start;
  while (stop < end) {
    const code = line.charCodeAt(stop);
    if (code === 0x5b || code === 0x28 || (code === 0x3a && stop + 1 === end) || isSpace(code))
      break;
    stop += 1;
  }
  return line.slice(start, stop);
}
