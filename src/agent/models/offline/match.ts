import { isLevelWord } from "./levels.ts";

const verb = String.raw`(?:match(?:es|ing)?|contain(?:s|ing)?|includ(?:es?|ing)|mention(?:s|ing)?|say(?:s|ing)?|grep|filter(?:\s+(?:by|for|on))?|search(?:\s+for)?|look\s+for|find|regex|pattern|with|for|like|about|where)`;
const filler = String.raw`(?:\s+(?:the|a|an|text|string|word|term|message|regex|pattern|lines|that|contain|-i))*`;

/** `match "timed out"`, `grep /5\d\d/i`: the text is given exactly. */
const exact = new RegExp(
  String.raw`\b${verb}${filler}\s*[=:]?\s*(?:"([^"\n]+)"|'([^'\n]+)'|\x60([^\x60\n]+)\x60|(/(?:[^/\\\n]|\\.)+/[a-z]*)(?=[\s,;?!.]|$))`,
  "i",
);
const quotedAlone =
  /\b(?:how\s+(?:many|often)|count|number\s+of|any)\b[^"`\n]*(?:"([^"\n]+)"|`([^`\n]+)`)/i;

/** Where the words that people count or look for begin, in the order of how sure it is. */
const openings = [
  String.raw`\bhow\s+many(?:\s+(?:times|lines|entries|messages|logs?)(?:\s+(?:did|does|do|have|has|with|of|the|contain\w*|mention\w*|about))*)?\s+`,
  String.raw`\bhow\s+often\s+(?:does|did|do|is|was|were)\s+`,
  String.raw`\b(?:count|number\s+of)\s+(?:all\s+|the\s+|of\s+)*`,
  String.raw`\b(?:is|are|was|were)\s+there\s+(?:any|a|an|some|more)\s+`,
  String.raw`\b(?:do|did)\s+(?:you|we|u)\s+(?:see|have|find|get)\s+(?:any|a|an|some)\s+`,
  String.raw`\b(?:lines?|entries|messages|logs?|errors?|requests?|events|everything|anything)\s+(?:(?:that|which)\s+)?(?:with|containing|contains?|mentioning|mentions?|matching|match|about|for|like|saying|including)\s+`,
  String.raw`\b(?:grep(?:\s+-\w+)?|search(?:\s+for)?|look\s+for|filter\s+(?:by|for|on)|matching|containing|mentioning)\s+`,
  String.raw`^(?:please\s+)?(?:find|match)\s+(?:all\s+)?`,
  String.raw`^(?:and\s+)?any\s+`,
].map((opening) => new RegExp(String.raw`${opening}(?:the\s+(?:word|text|term)\s+)?(.+)`, "is"));

/** Where they end. */
const closing =
  /\s*(?:[?!,;\n]|\.(?=\s|$)|(?<=\s)(?:are|were|was|is|did|do|does|there|we|you|in|from|since|until|till|before|after|between|at|around|near|happen\w*|occur\w*|appear\w*|show\s+up|come\s+up|so\s+far|total|please|pls|level|today|yesterday|during|on)\b).*$/is;

/** Counting these is counting lines, errors or files, not looking for their names. */
const tooGeneral = new Set(
  "lines line logs log entries messages message events files file things thing it that this them there of the first error something anything problems problem issues issue changes differences".split(
    " ",
  ),
);

/** What ops people call a thing that logs spell in several ways. */
const spellings: Readonly<Record<string, string>> = {
  timeout: "time[ds]?[ _-]?out",
  "timed out": "time[ds]?[ _-]?out",
  "4xx": String.raw`\b4\d\d\b`,
  "5xx": String.raw`\b5\d\d\b`,
  oom: "\\boom\\b|out of memory|oom[-_ ]?kill",
};

/** The `match` of the logs task that a text asks for: as given when quoted, else any case of the word. */
export function matchIn(text: string): string | undefined {
  const given = exact.exec(text) ?? quotedAlone.exec(text);
  const quoted = given?.slice(1).find((part) => part !== undefined);
  if (quoted !== undefined) return quoted;

  for (const opening of openings) {
    const rest = opening.exec(text)?.[1];
    const words = rest === undefined ? "" : ` ${rest}`.replace(closing, "").trim();
    const pattern = patternOf(words);
    if (pattern !== undefined) return pattern;
  }
  return undefined;
}

/** The text without its exactly given match, which may look like a file; places in it stay where they are. */
export function withoutMatch(text: string): string {
  return text.replace(exact, (found) => " ".repeat(found.length));
}

function patternOf(words: string): string | undefined {
  const parts = words
    .split(/\s+/)
    .filter((part) => part !== "" && !/^(?:a|an|the|any|some|all|me)$/i.test(part));
  const last = parts.at(-1);
  if (last === undefined || parts.length > 5 || /^\d+ lines?\b/i.test(words)) return undefined;
  if (parts.every((part) => isLevelWord(part) || tooGeneral.has(part.toLowerCase())))
    return undefined;
  const phrase = [...parts.slice(0, -1), singular(last)].join(" ");
  const spelling = spellings[phrase.toLowerCase()];
  return `/${spelling ?? escape(phrase)}/i`;
}

function singular(word: string): string {
  if (/^\d{3}s$/.test(word)) return word.slice(0, -1); // 500s
  if (/[^aeious]ies$/i.test(word) && word.length > 4) return word.slice(0, -3); // retries, retry
  return /[^sui]s$/i.test(word) && word.length > 3 && !/\d/.test(word) ? word.slice(0, -1) : word;
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
}
