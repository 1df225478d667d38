import type { Item } from "../model.ts";
import type { Conversation } from "./conversation.ts";
import { estimate } from "./estimate.ts";

/** Where a conversation is divided into what is summarised and what stays. */
export interface Split {
  readonly before: { readonly turn: number; readonly step: number };
  readonly old: readonly Item[];
}

/**
 * Leaves the newest steps whole, as many as have room. Undefined when there is nothing worth it before them. It falls before
 * an answer, so that no call loses its result.
 */
export function splitConversation(conversation: Conversation, room: number): Split | undefined {
  const { items, countFrom } = conversation;
  let end: number | undefined;
  let tail = 0;
  for (let index = items.length - 1; index > countFrom; index -= 1) {
    const item = items[index];
    if (!item) break;
    tail += estimate(item);
    if (item.type !== "assistant") continue;
    if (end !== undefined && tail > room * tailShare) break;
    end = index;
  }
  if (end === undefined) return undefined;
  const old = items.slice(0, end);
  const gain = old.reduce(
    (sum, item) => sum + (conversation.originOf(item).isPinned ? 0 : estimate(item)),
    0,
  );
  const at = items[end];
  const [turn = 0, step = 0] = at ? conversation.originOf(at).key.split(".").map(Number) : [];
  return gain < room * worthShare ? undefined : { before: { turn, step }, old };
}

const tailShare = 0.4;
const worthShare = 0.1;
