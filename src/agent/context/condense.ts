import { headTail } from "../../core/output.ts";
import type { Item } from "../model.ts";
import { bytesPerToken, estimate } from "./estimate.ts";
import type { Origin } from "./pieces.ts";

/**
 * What stays of the oldest part of a conversation: what people said and decided, as far as it has room, and the summary.
 * Of people's words the first stay, which say what it is about, and the latest; long ones as head and tail.
 */
export function condense(
  items: readonly Item[],
  {
    pinnedTokens,
    text,
    file,
    originOf,
    keep,
  }: {
    readonly pinnedTokens: number;
    readonly text?: string | undefined;
    readonly file?: string | undefined;
    readonly originOf: (item: Item) => Origin;
    /** Told the origin of an item that stays in another form. */
    readonly keep: (item: Item, origin: Origin) => void;
  },
): readonly Item[] {
  const pinned = items.filter((item) => originOf(item).isPinned);
  const most = Math.floor((pinnedTokens * bytesPerToken) / longestShare);
  const short = new Map(pinned.map((item) => [item, shortItem(item, { most, file })]));
  const shown = choose(pinned, { pinnedTokens, short });
  for (const item of shown) {
    const stays = short.get(item);
    if (stays && stays !== item) keep(stays, originOf(item));
  }
  const stay = pinned.filter((item) => shown.has(item)).flatMap((item) => short.get(item) ?? []);
  const leftOut = pinned.length - stay.length;
  return [...stay, { type: "note", text: summaryText({ text, file, leftOut }) }];
}

/** One message may take this part of the room for all. */
const longestShare = 4;

/** The first words of a person, then decisions, then the latest words. */
function choose(
  pinned: readonly Item[],
  {
    pinnedTokens,
    short,
  }: { readonly pinnedTokens: number; readonly short: ReadonlyMap<Item, Item> },
): ReadonlySet<Item> {
  const first = pinned.find(({ type }) => type === "user");
  const newestFirst = pinned.toReversed();
  const decided = newestFirst.filter(({ type }) => type === "note");
  const said = newestFirst.filter((item) => item.type === "user" && item !== first);
  const shown = new Set<Item>();
  let room = pinnedTokens;
  const take = (candidates: readonly Item[], left: number): void => {
    for (const item of candidates) {
      const tokens = estimate(short.get(item) ?? item);
      if (tokens > room - left) return;
      shown.add(item);
      room -= tokens;
    }
  };
  take(first ? [first] : [], Number.NEGATIVE_INFINITY);
  take(decided, pinnedTokens / 3);
  take(said, 0);
  return shown;
}

function shortItem(
  item: Item,
  { most, file }: { readonly most: number; readonly file: string | undefined },
): Item {
  if (item.type !== "user" || Buffer.byteLength(item.text) <= most) return item;
  const where = file === undefined ? "" : `\n[all of it is in ${file}]`;
  return { ...item, text: `${headTail(item.text, most)}${where}` };
}

function summaryText({
  text,
  file,
  leftOut,
}: {
  readonly text: string | undefined;
  readonly file: string | undefined;
  readonly leftOut: number;
}): string {
  return [
    "To make room, what came before this is not shown any more, except for what people said and decided.",
    ...(leftOut > 0
      ? [`${leftOut} of their older messages and decisions are not shown either.`]
      : []),
    ...(file === undefined ? [] : [`All of it can be read in ${file}.`]),
    text === undefined
      ? "There is no summary of it: look there and into your notes before you do something again."
      : `Your summary of it:\n\n${text}`,
  ].join("\n");
}
