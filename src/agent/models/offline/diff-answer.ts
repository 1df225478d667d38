import { z } from "zod";

import { parseTaskOutput } from "../../tools/task-output.ts";
import { baseName } from "./file-names.ts";
import { code } from "./markdown.ts";
import { wordsOf } from "./words.ts";

const maxShown = 25;

/** What a text asks to know of a diff: "what changed in **replicas**?" */
export function topicIn(text: string): string | undefined {
  for (const opening of openings) {
    const found = opening.exec(text)?.[1]?.replace(closing, "").trim();
    if (found !== undefined && found !== "" && !general.test(found) && wordsOf(found).length <= 5)
      return found;
  }
  return undefined;
}

const closing =
  /\s*(?:[?!,;]|\.(?=\s|$)|\b(?:between|from|please|pls|changed?|there|too|as well|exactly)\b).*$/is;
const general =
  /^(?:the\s+)?(?:it|that|this|these|those|them|two|both|files?|configs?|configurations?|what|else|anything|something|nothing|there|diff|\S+\.\w{2,10})(?:\s+(?:files?|configs?|two|else))*$/i;
const openings = [
  String.raw`\b(?:chang\w*|differ\w*|diffs?|drift\w*)\s+(?:is\s+|are\s+)?(?:in|to|for|about|with|under|of|on|inside|within)\s+(?:the\s+|all\s+)*(.+)`,
  String.raw`\b(?:did|do|does|has|have|was|were|is|are)\s+(?:the\s+|any\s+)*(.+?)\s+(?:chang\w*|differ\w*|modified|touched|edited|added|removed)\b`,
  String.raw`\bhow\s+(?:did|does|has|have)\s+(?:the\s+)?(.+?)\s+(?:chang\w*|differ\w*)`,
  String.raw`\b(?:what|how)\s+about\s+(?:the\s+)?(.+)`,
  String.raw`^(?:and\s+)?(?:only|just|show(?:\s+me)?(?:\s+only)?)\s+(?:the\s+)?(.+?)(?:\s+(?:changes|differences|part|section))?\s*[?.!]*$`,
].map((pattern) => new RegExp(pattern, "is"));

export type DiffAnswer =
  | { readonly type: "found"; readonly markdown: string }
  /** Nothing of it is in the changes; `complete` when these are all there are. */
  | { readonly type: "absent"; readonly complete: boolean; readonly changes: number }
  /** The output does not hold its data any more. */
  | { readonly type: "no-data" };

/** What is used of the `diff` task's data. */
const Change = z.object({
  document: z.string().optional(),
  path: z.string(),
  before: z.string().optional(),
  after: z.string().optional(),
  masked: z.boolean().default(false),
  note: z.string().optional(),
  beforeLine: z.number().optional(),
  afterLine: z.number().optional(),
});
type Change = z.infer<typeof Change>;

const DiffData = z.object({
  pairs: z.array(
    z.object({
      before: z.string(),
      after: z.string(),
      // Cut data has a text in the place of what is missing.
      changes: z.array(Change.optional().catch(undefined)),
      cut: z.number().default(0),
    }),
  ),
});

/** Looks a topic up in what the `diff` task gave. */
export function answerFromDiff(output: string, topic: string): DiffAnswer {
  const { footer } = parseTaskOutput(output);
  const data = DiffData.safeParse(footer?.data);
  if (footer === undefined || !data.success) return { type: "no-data" };

  const { pairs } = data.data;
  const complete = footer.complete && pairs.every(({ cut }) => cut === 0);
  const wanted = namesIn(topic);
  const lines: string[] = [];
  let count = 0;
  for (const pair of pairs) {
    for (const change of pair.changes) {
      if (change === undefined) continue;
      count += 1;
      if (isAbout(change, wanted)) lines.push(`- ${changeText(change, pair)}`);
    }
  }
  if (lines.length === 0) return { type: "absent", complete, changes: count };
  return { type: "found", markdown: foundText(topic, lines, complete) };
}

function foundText(topic: string, lines: readonly string[], complete: boolean): string {
  const more = lines.length - maxShown;
  return [
    `**${lines.length} ${lines.length === 1 ? "change" : "changes"}** in ${code(topic)}:`,
    "",
    ...lines.slice(0, maxShown),
    ...(more > 0 ? [`- … and ${more} more`] : []),
    ...(complete ? [] : ["", "*There may be more: I hold only a part of the changes here.*"]),
  ].join("\n");
}

/** By its path, or by a key inside of what was added or removed as a whole. */
function isAbout({ document, path, before, after }: Change, wanted: readonly string[]): boolean {
  const keys = [before, after].flatMap((text) => text?.match(/[\w.-]+(?=\s*[:=])/g) ?? []);
  const names = namesIn([document ?? "", path, ...keys].join(" "));
  return wanted.length > 0 && wanted.every((word) => names.some((name) => name.startsWith(word)));
}

function changeText(
  change: Change,
  pair: { readonly before: string; readonly after: string },
): string {
  const { document, path, note, afterLine, beforeLine } = change;
  const where = [document, path === "" ? undefined : path].filter((part) => part !== undefined);
  const values = note?.startsWith("secret ") ? note : valuesText(change);
  const extra = note === undefined || note === values ? "" : `, ${note}`;
  const file = afterLine === undefined ? pair.before : pair.after;
  const line = afterLine ?? beforeLine;
  const at = line === undefined ? "" : ` (${code(`${baseName(file)}:${line}`)})`;
  return `${where.map(code).join(" ")} ${values}${extra}${at}`.trimStart();
}

function valuesText({ before, after, masked }: Change): string {
  if (masked && before === after) return "changed";
  if (before === undefined) return `added: ${valueText(after)}`;
  if (after === undefined) return `removed: ${valueText(before)}`;
  return `${valueText(before)} → ${valueText(after)}`;
}

function valueText(value = ""): string {
  return code(value.length > 120 ? `${value.slice(0, 120)}…` : value);
}

/** The words of a text, at `camelCase` too; "limits" finds `limit`. */
function namesIn(text: string): readonly string[] {
  const words = wordsOf(text.replace(/(\p{Ll})(\p{Lu})/gu, "$1 $2").replaceAll("_", " "));
  return words.map((word) => (word.length > 3 ? word.replace(/(?<=[^s])s$/, "") : word));
}
