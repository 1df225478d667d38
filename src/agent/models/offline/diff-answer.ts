import { parseTaskOutput } from "../../tools/task-output.ts";

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

/** Looks a topic up in what the `diff` task gave. */
export function answerFromDiff(output: string, topic: string): DiffAnswer {
  const { footer } = parseTaskOutput(output);
  if (footer === undefined) return { type: "no-data" };
  const changes = changesIn(footer.data);
  const wanted = wordsOf(topic).map(stem);
  const matching = changes.filter(({ path }) => {
    const parts = wordsOf(path).map(stem);
    return wanted.every((word) => parts.some((part) => part.startsWith(word)));
  });
  if (matching.length === 0) {
    return { type: "absent", complete: footer.complete, changes: changes.length };
  }
  const lines = matching.slice(0, maxShown).map(({ text }) => `- ${text}`);
  const more = matching.length - lines.length;
  if (more > 0) lines.push(`- … and ${more} more`);
  if (!footer.complete)
    lines.push(
      "",
      "*There may be more: I hold a part of the changes only, all are in the attached diff.*",
    );
  const count = `${matching.length} ${matching.length === 1 ? "change" : "changes"}`;
  return { type: "found", markdown: [`${count} in \`${topic}\`:`, "", ...lines].join("\n") };
}

interface Change {
  readonly path: string;
  readonly text: string;
}

/** Every record in the data that has a path and says what was there before or after. */
function changesIn(data: unknown): readonly Change[] {
  if (Array.isArray(data)) return data.flatMap(changesIn);
  if (typeof data !== "object" || data === null) return [];
  const change = changeOf(new Map(Object.entries(data)));
  return change === undefined ? Object.values(data).flatMap(changesIn) : [change];
}

function changeOf(record: ReadonlyMap<string, unknown>): Change | undefined {
  const at = record.get("path") ?? record.get("key");
  const path = Array.isArray(at) ? at.join(".") : at;
  if (typeof path !== "string" || path === "") return undefined;
  const before = firstOf(record, ["before", "from", "old"]);
  const after = firstOf(record, ["after", "to", "new"]);
  if (before === undefined && after === undefined) return undefined;
  if (before === undefined) return { path, text: `\`${path}\` added: ${valueText(after)}` };
  if (after === undefined) return { path, text: `\`${path}\` removed: ${valueText(before)}` };
  return { path, text: `\`${path}\`: ${valueText(before)} → ${valueText(after)}` };
}

function firstOf(record: ReadonlyMap<string, unknown>, keys: readonly string[]): unknown {
  return keys.map((key) => record.get(key)).find((value) => value !== undefined);
}

function valueText(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const short = text.length > 120 ? `${text.slice(0, 120)}…` : text;
  return `\`${short.replace(/\s+/g, " ").replaceAll("`", "'")}\``;
}

function wordsOf(text: string): readonly string[] {
  return (
    text
      .replace(/(\p{Ll})(\p{Lu})/gu, "$1 $2")
      .toLowerCase()
      .match(/[\p{L}\p{N}]+/gu) ?? []
  );
}

/** So that "replicas" finds `replica`, and "limits" `limit`. */
function stem(word: string): string {
  return word.length > 3 ? word.replace(/(?<=[^s])s$/, "") : word;
}
