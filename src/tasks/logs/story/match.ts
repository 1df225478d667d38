/** Decides by its text whether a line is looked at; `refused` when that could take for ever. */
export type Matcher =
  | { readonly type: "matcher"; readonly matches: (line: string) => boolean }
  | { readonly type: "refused"; readonly reason: string };

/** An expression sees only so much of a line: what it costs grows with a power of the length. */
const subjectLimit = 2000;
const openEndedLimit = 3;

/**
 * Reads `/expression/flags`, or a text to be contained. An expression comes from people and models, and runs on every
 * line: those whose time can grow without measure are refused (nested repetition, back-references, many open-ended
 * repetitions).
 */
export function parseMatcher(text: string): Matcher {
  const match = /^\/(.+)\/([a-z]*)$/s.exec(text);
  if (match === null) return { type: "matcher", matches: (line) => line.includes(text) };
  const [, source = "", flags = ""] = match;
  const danger = dangerOf(source);
  if (danger !== undefined) {
    return {
      type: "refused",
      reason: `Cannot use ${text}: ${danger}, expected a simpler expression`,
    };
  }
  const regex = compile(source, flags);
  if (regex === undefined) {
    return {
      type: "refused",
      reason: `Cannot use ${text}: it is no regular expression, expected one`,
    };
  }
  return { type: "matcher", matches: (line) => regex.test(line.slice(0, subjectLimit)) };
}

function compile(source: string, flags: string): RegExp | undefined {
  try {
    return new RegExp(source, flags.replaceAll(/[gy]/g, ""));
  } catch {
    // What is no regular expression is told as a value.
    return undefined;
  }
}

/** What could make an expression take exponential time, or more than a small power of the line's length. */
function dangerOf(source: string): string | undefined {
  if (source.length > 500) return "it is longer than 500 characters";
  const plain = source.replaceAll(/\\[^1-9k]/g, "x").replaceAll(/\[(?:[^\]\\]|\\.)*\]/g, "x");
  if (/\\[1-9k]/.test(plain)) return "it refers back to a group";
  const openEnded = plain.match(/[*+]|\{\d+,\}|\{\d{3,}|\{\d+,\d{3,}\}/g)?.length ?? 0;
  if (openEnded > openEndedLimit)
    return `it has more than ${openEndedLimit} open-ended repetitions`;
  return repeatsGroup(plain) ? "it repeats a group that itself repeats or chooses" : undefined;
}

/** Whether a repeated group contains a repetition or an alternative. */
function repeatsGroup(plain: string): boolean {
  const starts: number[] = [];
  for (let at = 0; at < plain.length; at += 1) {
    if (plain[at] === "(") starts.push(at);
    if (plain[at] !== ")") continue;
    const inside = plain.slice((starts.pop() ?? 0) + 1, at);
    if (
      /[*+{]/.test(plain[at + 1] ?? "") &&
      /[*+?{|]/.test(inside.replace(/^\?(?::|<?[=!]|<\w+>)/, ""))
    )
      return true;
  }
  return false;
}
