import { assembleTime } from "./assemble-time.ts";

/** What is read at one place of a line. `end` is the position behind it. */
export interface ReadTime {
  ms: number;
  offset: number | undefined;
  end: number;
}

/** One way to write a time. */
export interface TimeFormat {
  readonly name: string;
  /** Which parts of a time it leaves out. */
  readonly lacks: "nothing" | "year" | "date";
  /** Reads a time that begins exactly at `at`; undefined when none does. */
  read(text: string, at: number): ReadTime | undefined;
}

/**
 * Every way to write a time that is known, most telling first. `now` decides the year where a log leaves it out:
 * the latest one that does not lie in the future.
 */
export function timeFormats(options: { readonly now: number }): readonly TimeFormat[] {
  return shapes.map(({ name, pattern, fields }) => {
    const regex = new RegExp(pattern, "y");
    const digitFirst = !/^(?:\(\?:\[A-Z\]|\(Jan)/.test(pattern);
    const lacks = /[YyeEun]/.test(fields) ? "nothing" : fields.includes("D") ? "year" : "date";
    return {
      name,
      lacks,
      read(text, at) {
        // Most words of a log begin no time of this format: their first character tells, without the expression.
        if (isDigit(text.charCodeAt(at)) !== digitFirst) return undefined;
        regex.lastIndex = at;
        const match = regex.exec(text);
        if (match === null) return undefined;
        return assembleTime(match, fields, { end: regex.lastIndex, now: options.now });
      },
    };
  });
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

const month = "(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)";
const clock = String.raw`(\d{1,2}):(\d{2}):(\d{2})(?:[.,](\d{1,9}))?`;
const zone = String.raw`(?: ?(Z|UTC|GMT|[+-]\d{2}:?\d{2})(?![\w:]))?`;
const twelve = String.raw`(?: ?([AaPp][Mm]))?`;
const end = String.raw`(?![\d\w])`;

/**
 * `fields` names the groups of `pattern` in order: Y y year, M number or name of the month, D day, h m s, f fraction,
 * i whole milliseconds, p am/pm, z zone, e seconds since the epoch, and E milli-, u micro- and n nanoseconds.
 */
const shapes: readonly { name: string; pattern: string; fields: string }[] = [
  {
    name: "year-month-day time",
    pattern: String.raw`(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T_]| +)${clock}${zone}${end}`,
    fields: "YMDhmsfz",
  },
  {
    name: "year-month-day-hour.minute.second",
    pattern: String.raw`(\d{4})-(\d{2})-(\d{2})-(\d{2})\.(\d{2})\.(\d{2})(?:\.(\d{1,9}))?${end}`,
    fields: "YMDhmsf",
  },
  {
    name: "yearmonthday time",
    pattern: String.raw`(\d{4})([01]\d)([0-3]\d)[-T_ ](\d{2}):?(\d{2}):?(\d{2})(?:[.,](\d{1,9}))?${zone}(?![\d\w:])`,
    fields: "YMDhmsfz",
  },
  {
    name: "yearmonthday h:m:s:ms",
    pattern: String.raw`(\d{4})([01]\d)([0-3]\d)[- ](\d{1,2}):(\d{1,2}):(\d{1,2}):(\d{1,3})${end}`,
    fields: "YMDhmsi",
  },
  {
    name: "day/month/year:time",
    pattern: String.raw`(\d{1,2})/${month}/(\d{4}):${clock}${zone}${end}`,
    fields: "DMYhmsfz",
  },
  {
    name: "day month year time",
    pattern: String.raw`(\d{1,2})[-/ ]${month}[-/ ](\d{4}),?[ T]${clock}${zone}${end}`,
    fields: "DMYhmsfz",
  },
  {
    name: "weekday, day month year time",
    pattern: String.raw`(?:[A-Z][a-z]{2}),? (\d{1,2})[- ]${month}[- ](\d{4}) ${clock}${zone}${end}`,
    fields: "DMYhmsfz",
  },
  {
    name: "month day time year",
    pattern: String.raw`(?:[A-Z][a-z]{2} )?${month} +(\d{1,2}) ${clock}(?: [A-Z]{3,4})? (\d{4})${end}`,
    fields: "MDhmsfY",
  },
  {
    name: "month day year time",
    pattern: String.raw`${month} +(\d{1,2}),? (\d{4}),? ${clock}${twelve}${zone}${end}`,
    fields: "MDYhmsfpz",
  },
  {
    name: "month day time",
    pattern: String.raw`(?:[A-Z][a-z]{2} )?${month} +(\d{1,2}) ${clock}${zone}(?! \d{4}(?!\d))${end}`,
    fields: "MDhmsfz",
  },
  {
    name: "day.month.year time",
    pattern: String.raw`(\d{1,2})\.(\d{1,2})\.(\d{4}),? ${clock}${zone}${end}`,
    fields: "DMYhmsfz",
  },
  {
    name: "month/day/year time",
    pattern: String.raw`(0?[1-9]|1[0-2])[-/](\d{1,2})[-/](\d{4}),?[ -]${clock}${twelve}${zone}${end}`,
    fields: "MDYhmsfpz",
  },
  {
    name: "day/month/year time",
    pattern: String.raw`(\d{1,2})[-/](0?[1-9]|1[0-2])[-/](\d{4}),?[ -]${clock}${twelve}${zone}${end}`,
    fields: "DMYhmsfpz",
  },
  {
    name: "yy/month/day time",
    pattern: String.raw`(\d{2})[-/](0[1-9]|1[0-2])[-/]([0-3]\d),? ${clock}${zone}${end}`,
    fields: "yMDhmsfz",
  },
  {
    name: "month/day/yy time",
    pattern: String.raw`(\d{1,2})[-/](\d{1,2})[-/](\d{2}),? ${clock}${twelve}${zone}${end}`,
    fields: "MDyhmsfpz",
  },
  {
    name: "month-day time",
    pattern: String.raw`(\d{2})[-./](\d{2}) ${clock}${zone}${end}`,
    fields: "MDhmsfz",
  },
  {
    name: "yymmdd time",
    pattern: String.raw`(\d{2})([01]\d)([0-3]\d) +([0-2]?\d):?([0-5]\d):?([0-5]\d)${end}`,
    fields: "yMDhms",
  },
  {
    name: "nanoseconds since the epoch",
    pattern: String.raw`([12]\d{18})${end}`,
    fields: "n",
  },
  {
    name: "microseconds since the epoch",
    pattern: String.raw`([12]\d{15})${end}`,
    fields: "u",
  },
  {
    name: "milliseconds since the epoch",
    pattern: String.raw`([12]\d{12}|9\d{11})${end}`,
    fields: "E",
  },
  {
    name: "seconds since the epoch",
    pattern: String.raw`(1\d{9}|9\d{8})(?:\.(\d{1,9}))?${end}`,
    fields: "ef",
  },
  { name: "time of day", pattern: String.raw`${clock}${zone}${end}`, fields: "hmsfz" },
];
