import { variable } from "./shape.ts";

const wordLimit = 64;
const marks = /[\s,;:=()[\]{}"'<>|!?]+/;
const parted = /([\s,;:=()[\]{}"'<>|!?]+)/;

/** The words of a shape, without the marks between them. At most 64; the last holds what is left. */
export function wordsOfShape(shape: string): readonly string[] {
  const words = shape.split(marks).filter((word) => word !== "");
  if (words.length <= wordLimit) return words;
  return [...words.slice(0, wordLimit - 1), words.slice(wordLimit - 1).join(" ")];
}

/** A shape as people read it: `<*>` for each word that differs in `others`, and for each variable part. */
export function templateOf(shape: string, others: readonly (readonly string[])[]): string {
  const words = wordsOfShape(shape);
  const differs = words.map((word, place) => others.some((other) => other[place] !== word));
  let place = -1;
  const text = shape
    .split(parted)
    .map((part, index) => {
      if (index % 2 === 1 || part === "") return part;
      place += 1;
      return differs[Math.min(place, wordLimit - 1)] === true ? variable : part;
    })
    .join("");
  return text.replaceAll(variable, "<*>").replaceAll(/<\*>(?:[ ,:]+<\*>)+/g, "<*>");
}
