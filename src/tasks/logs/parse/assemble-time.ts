import type { ReadTime } from "./timestamp.ts";

/** Makes a time of the groups of a match. `fields` names them, see `timestamp.ts`. Undefined for no possible time. */
export function assembleTime(
  match: RegExpExecArray,
  fields: string,
  { end: behind, now }: { end: number; now: number },
): ReadTime | undefined {
  let year = Number.NaN;
  let monthOfYear = 1;
  let day = 1;
  let hour = 0;
  let minute = 0;
  let second = 0;
  let ms = 0;
  let offset: number | undefined;
  for (let index = 0; index < fields.length; index += 1) {
    const text = match[index + 1];
    if (text === undefined) continue;
    switch (fields.charCodeAt(index)) {
      case 0x59: // Y
        year = Number(text);
        break;
      case 0x79: // y
        year = Number(text) + (Number(text) < 70 ? 2000 : 1900);
        break;
      case 0x4d: // M
        monthOfYear = text.length === 3 ? months.indexOf(text) / 3 + 1 : Number(text);
        break;
      case 0x44: // D
        day = Number(text);
        break;
      case 0x68: // h
        hour = Number(text);
        break;
      case 0x6d: // m
        minute = Number(text);
        break;
      case 0x73: // s
        second = Number(text);
        break;
      case 0x66: // f
        ms += Number(text.padEnd(3, "0").slice(0, 3));
        break;
      case 0x69: // i
        ms += Number(text);
        break;
      case 0x70: // p
        hour = (hour % 12) + (/p/i.test(text) ? 12 : 0);
        break;
      case 0x7a: // z
        offset = offsetOf(text);
        break;
      case 0x65: // e
        return { ms: Number(text) * 1000 + fraction(match[index + 2]), offset: 0, end: behind };
      case 0x45: // E
        return { ms: Number(text), offset: 0, end: behind };
      case 0x75: // u
        return { ms: Math.floor(Number(text) / 1e3), offset: 0, end: behind };
      case 0x6e: // n
        return { ms: Math.floor(Number(text) / 1e6), offset: 0, end: behind };
      default:
    }
  }
  if (monthOfYear < 1 || monthOfYear > 12 || day < 1 || day > 31) return undefined;
  if (hour > 24 || minute > 59 || second > 60) return undefined;
  const clockMs = ((hour * 60 + minute - (offset ?? 0)) * 60 + second) * 1000 + ms;
  if (Number.isNaN(year)) {
    year = fields.includes("D") ? latestYear(monthOfYear, day, now) : 1970;
  }
  return { ms: Date.UTC(year, monthOfYear - 1, day) + clockMs, offset, end: behind };
}

const months = "JanFebMarAprMayJunJulAugSepOctNovDec";

function fraction(digits: string | undefined): number {
  return digits === undefined ? 0 : Number(digits.padEnd(3, "0").slice(0, 3));
}

function offsetOf(text: string): number {
  if (text.length < 5) return 0;
  const minutes = Number(text.slice(1, 3)) * 60 + Number(text.slice(-2));
  return text.startsWith("-") ? -minutes : minutes;
}

const dayMs = 86_400_000;

function latestYear(monthOfYear: number, day: number, now: number): number {
  const year = new Date(now).getUTCFullYear();
  return Date.UTC(year, monthOfYear - 1, day) > now + dayMs ? year - 1 : year;
}
