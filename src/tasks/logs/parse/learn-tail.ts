import { share } from "./group-by.ts";
import { type HeadStep, type TailStep, readHead, tailMatches } from "./layout.ts";
import { skipSpace, tokenEnd } from "./tokens.ts";

const tailLimit = 6;

/** Learns which words follow the head of a header before the message begins. */
export function learnTail(
  lines: readonly string[],
  head: readonly HeadStep[],
): readonly TailStep[] {
  const scratch = { time: 0, offset: undefined, level: "unknown" as const };
  let places = lines
    .map((line) => ({ line, at: readHead(head, line, { ...scratch }) }))
    .filter((place) => place.at !== -1);
  const tail: TailStep[] = [];
  while (tail.length < tailLimit) {
    const step = nextStep(places, head, tail);
    if (step === undefined) break;
    tail.push(step);
    places = places.map(({ line, at }) => {
      const end = tokenEnd(line, at);
      return { line, at: tailMatches(step, line, at, end) ? skipSpace(line, end) : at };
    });
  }
  return tail;
}

interface Place {
  readonly line: string;
  readonly at: number;
}

function nextStep(
  places: readonly Place[],
  head: readonly HeadStep[],
  tail: readonly TailStep[],
): TailStep | undefined {
  const words = places.map(({ line, at }) => {
    const end = tokenEnd(line, at);
    const next = skipSpace(line, end);
    return { line, at, end, next, nextEnd: tokenEnd(line, next) };
  });
  const named = tail.includes("program") || tail.includes("name");
  const leveled = head.some((step) => step.type === "level");
  const here = (step: TailStep): number =>
    share(words, ({ line, at, end }) => end > at && tailMatches(step, line, at, end));
  const then = (step: TailStep): number =>
    share(
      words,
      ({ line, next, nextEnd }) => nextEnd > next && tailMatches(step, line, next, nextEnd),
    );
  const looksLike = (regex: RegExp): number =>
    share(words, ({ line, at, end }) => end - at <= 100 && regex.test(line.slice(at, end)));

  if (here("separator") >= 0.6) return "separator";
  if (here("bracket") >= 0.6) return "bracket";
  if (named) return undefined;
  if (here("program") >= 0.6) return "program";
  if (here("number") >= 0.9) return "number";
  if (then("separator") >= 0.6 && looksLike(/^[\w.$:/@*()-]+$/) >= 0.9) return "name";
  if (!leveled && then("program") >= 0.6 && looksLike(/^[\w.:-]+$/) >= 0.9) return "host";
  if (looksLike(/^[A-Za-z_][\w$-]*(?:(?:\.|::)[\w$<>-]+)+(?::\d+)?$/) >= 0.9) return "name";
  return undefined;
}
