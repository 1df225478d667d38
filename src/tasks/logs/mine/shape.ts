/** Stands for a variable part in a shape. A character that no log line has: it is taken out of lines before. */
export const variable = "\u0001";

const textLimit = 512;

/**
 * The shape of a message: what stays when numbers, ids, addresses and the like are taken out. Lines that say the same
 * about different things mostly have the same shape; `group.ts` joins the rest.
 *
 * Runs once for every line of a log, so it walks over the characters by code and cuts as few strings as it can.
 */
export function shapeOf(text: string): string {
  const limit = Math.min(text.length, textLimit);
  let shape = "";
  let copied = 0;
  let afterVariable = -1;
  let at = 0;
  while (at < limit) {
    if (kinds[text.charCodeAt(at)] === delimiter) {
      at += 1;
      continue;
    }
    const start = at;
    let digits = 0;
    for (; at < limit; at += 1) {
      const kind = text.charCodeAt(at) < 128 ? kinds[text.charCodeAt(at)] : letter;
      if (kind === delimiter) break;
      if (kind === digit) digits += 1;
    }
    if (digits === 0) continue;
    const date = dateStart(text, start);
    const keep = date < start ? Math.max(date, copied) : start + keptLength(text, start, at);
    const joins = keep <= start && afterVariable !== -1 && isSoft(text, afterVariable, keep);
    if (!joins) shape += text.slice(copied, keep) + variable;
    copied = at;
    afterVariable = at;
  }
  shape += text.slice(copied, limit);
  return shape.trimEnd();
}

const letter = 0;
const digit = 1;
const delimiter = 2;

const kinds: Readonly<Uint8Array> = Uint8Array.from({ length: 128 }, (_, code) => {
  if (code >= 0x30 && code <= 0x39) return digit;
  return ` \t\r\n,;:=()[]{}"'<>|!?/`.includes(String.fromCodePoint(code)) ? delimiter : letter;
});

/** How much of a word with digits in it is worth keeping: the letters before the first digit, if it is no id. */
function keptLength(text: string, start: number, end: number): number {
  let first = start;
  while (kindAt(text, first) !== digit) first += 1;
  if (first === start || !/[A-Za-z]/.test(text.charAt(start)))
    return signLength(text, start, first);
  if (isHexWord(text, start, end)) return 0;
  return runsOfDigits(text, first, end) >= 3 && first - start < 3 ? 0 : first - start;
}

/** A word may begin with a slash, as in `/10.0.0.1`, or be a path: then its letters stay. */
function signLength(text: string, start: number, first: number): number {
  for (let at = start; at < first; at += 1) {
    const code = text.charCodeAt(at);
    if (code !== 0x2d && code !== 0x2b && code !== 0x2e && code !== 0x2f && code !== 0x23)
      return first - start;
  }
  return 0;
}

function isHexWord(text: string, start: number, end: number): boolean {
  if (end - start < 6) return false;
  for (let at = start; at < end; at += 1) {
    const code = text.charCodeAt(at);
    const hex =
      (code >= 0x30 && code <= 0x39) ||
      (code >= 0x41 && code <= 0x46) ||
      (code >= 0x61 && code <= 0x66) ||
      code === 0x2d;
    if (!hex) return false;
  }
  return true;
}

function runsOfDigits(text: string, first: number, end: number): number {
  let runs = 0;
  let inside = false;
  for (let at = first; at < end; at += 1) {
    const is = kindAt(text, at) === digit;
    if (is && !inside) runs += 1;
    inside = is;
  }
  return runs;
}

const dateWords = new Set(
  "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec Mon Tue Wed Thu Fri Sat Sun".split(" "),
);

/** Where the date begins that a word with digits goes on: `Sat Jul  9`. The word's own start when there is none. */
function dateStart(text: string, start: number): number {
  let first = start;
  for (;;) {
    let end = first;
    while (end > 0 && text.charCodeAt(end - 1) === 0x20) end -= 1;
    if (end === first || end < 3 || kindAt(text, end - 1) !== letter) return first;
    if (end > 3 && kindAt(text, end - 4) !== delimiter) return first;
    if (!dateWords.has(text.slice(end - 3, end))) return first;
    first = end - 3;
  }
}

/** Whether only blanks and list marks lie between two variable words, which then are one. */
function isSoft(text: string, from: number, to: number): boolean {
  for (let at = from; at < to; at += 1) {
    const code = text.charCodeAt(at);
    if (code !== 0x20 && code !== 0x2c && code !== 0x3a && code !== 0x2f) return false;
  }
  return true;
}

function kindAt(text: string, at: number): number | undefined {
  const code = text.charCodeAt(at);
  return code < 128 ? kinds[code] : letter;
}
