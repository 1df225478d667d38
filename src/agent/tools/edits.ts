/** A changed text with the place of the change, or why there is no change. */
export type Edited =
  | {
      readonly text: string;
      /** Number of the first line that is shown. */
      readonly first: number;
      /** The lines around the change, numbered. */
      readonly shown: string;
    }
  | { readonly problem: string };

/** Lines that are shown before and after a change, and lines at most. */
const around = 3;
const maxShown = 60;
/** Places that are named when there are several. */
const maxPlaces = 20;

export function replaceOnce(
  text: string,
  { from, to }: { readonly from: string; readonly to: string },
): Edited {
  const places = placesOf(text, from);
  const [place] = places;
  if (place === undefined) return { problem: notFound(text, from) };
  if (places.length > 1)
    return {
      problem: `old_str is there ${places.length} times, at lines ${linesText(text, places)}; it must be there once: take more of what is around it`,
    };
  // Not `replace()`: in its replacement `$&` and the like have a meaning.
  const changed = text.slice(0, place) + to + text.slice(place + from.length);
  return shownAround(changed, { from: lineAt(text, place), lines: linesIn(to) });
}

export function insertAt(
  text: string,
  { line, text: inserted }: { readonly line: number; readonly text: string },
): Edited {
  const lines = text.split("\n");
  const count = text === "" ? 0 : text.endsWith("\n") ? lines.length - 1 : lines.length;
  if (line > count)
    return { problem: `insert_line is ${line}, but the file has ${count} lines (0 is the top)` };
  const whole = inserted.endsWith("\n") ? inserted.slice(0, -1) : inserted;
  const isLast = line === count && count > 0 && !text.endsWith("\n");
  const changed =
    text === ""
      ? inserted
      : [...lines.slice(0, line), ...whole.split("\n"), ...lines.slice(line)].join("\n") +
        (isLast && inserted.endsWith("\n") ? "\n" : "");
  return shownAround(changed, { from: line + 1, lines: linesIn(whole) });
}

function placesOf(text: string, part: string): readonly number[] {
  const places: number[] = [];
  for (let at = text.indexOf(part); at !== -1; at = text.indexOf(part, at + 1)) places.push(at);
  return places;
}

/** The usual mistakes have another remedy than a wrong text. */
function notFound(text: string, part: string): string {
  const loose = (value: string): string => value.replaceAll(/\s+/g, " ").trim();
  if (!loose(text).includes(loose(part))) return "old_str is not in it";
  return text.includes("\r\n") && !part.includes("\r\n")
    ? "old_str is only there with other white space: the lines of this file end with CR LF"
    : "old_str is only there with other white space";
}

const linesText = (text: string, places: readonly number[]): string =>
  places
    .slice(0, maxPlaces)
    .map((place) => lineAt(text, place))
    .join(", ") + (places.length > maxPlaces ? ", …" : "");

const lineAt = (text: string, place: number): number => linesIn(text.slice(0, place));

const linesIn = (text: string): number => text.split("\n").length;

function shownAround(
  text: string,
  { from, lines }: { readonly from: number; readonly lines: number },
): Edited {
  const first = Math.max(1, from - around);
  const all = text.replace(/\n$/, "").split("\n");
  const shown = all.slice(first - 1, Math.min(from + lines - 1 + around, first - 1 + maxShown));
  return {
    text,
    first,
    shown: shown.map((line, index) => `${first + index}\t${line}`).join("\n"),
  };
}
