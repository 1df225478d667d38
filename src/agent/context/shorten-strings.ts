import { headTail } from "../../core/output.ts";

/** A call's arguments with their long texts made short, so that what was called with what can still be read. They stay JSON. */
export function shortenStrings(
  json: string,
  { keep, where }: { readonly keep: number; readonly where: string },
): string {
  const shorten = (text: string): string => {
    if (text.length <= Math.max(keep, shortText)) return text;
    // How a command or a patch begins says what it is.
    const shown = keep === 0 ? `${text.slice(0, headLength)}…` : headTail(text, keep);
    return `${shown} [${text.length} characters, ${where}]`;
  };
  try {
    const value: unknown = JSON.parse(json);
    const short = JSON.stringify(value, (_, inner: unknown) =>
      typeof inner === "string" ? shorten(inner) : inner,
    );
    // Many short ones are as much as a long one.
    if (short.length <= Math.max(keep, longList)) return short;
  } catch {
    // What a model wrote may be no JSON. It was refused, so nobody needs it.
  }
  return JSON.stringify({ arguments: `[${json.length} characters, ${where}]` });
}

const shortText = 160;
const headLength = 60;
const longList = 1200;
