import { setTimeout as delay } from "node:timers/promises";

import { Redis } from "ioredis";

import type { JournalRecord } from "../../../src/core/journal.ts";
import { redisStore } from "../../../src/store/redis/index.ts";
import type { Store } from "../../../src/store/store.ts";
import type { Platform } from "./platform.ts";

/** What came of it; every list of what is wrong should be empty. */
export interface Outcome {
  readonly answered: number;
  readonly turns: number;
  /** Turns that more than one process took up. */
  readonly resumed: number;
  /** Calls of at-most-once tools whose outcome nobody knows. */
  readonly unknown: number;
  readonly wrong: {
    /** Messages that were not answered, or twice, or out of order: by thread. */
    readonly answers: readonly string[];
    /** Posts other than answers. */
    readonly otherPosts: readonly string[];
    readonly doublePosts: number;
    readonly doubleEffects: readonly string[];
    readonly journals: readonly string[];
    readonly stuckSessions: readonly string[];
    readonly leakedKeys: readonly string[];
  };
}

export async function checkOutcome({
  redis,
  name,
  platform,
}: {
  readonly redis: string;
  readonly name: string;
  readonly platform: Platform;
}): Promise<Outcome> {
  await using store = await redisStore({ redis, name });
  const sessions = await store.sessions({ limit: 1_000_000 });
  // What processes had when they were killed is over by then.
  await delay(100);
  let [turns, resumed, unknown] = [0, 0, 0];
  const journals: string[] = [];
  for (const { sessionId, thread } of sessions) {
    const journal = await store.readJournal(sessionId, { after: 0 });
    const told = readTurns(journal);
    turns += told.turns;
    resumed += told.resumed;
    unknown += told.unknown;
    journals.push(...told.wrong.map((what) => `${thread.thread}: ${what}`));
  }
  const answers: string[] = [];
  const otherPosts: string[] = [];
  let answered = 0;
  for (const [thread, posts] of platform.shown) {
    const numbers = posts.flatMap(({ markdown }) =>
      Array.from(markdown.matchAll(/\bT\d+-(\d+)\b/g), ([, n]) => Number(n)),
    );
    answered += numbers.length;
    if (numbers.some((n, index) => n !== index + 1))
      answers.push(`${thread}: ${numbers.join(" ")}`);
    for (const { kind, markdown } of posts)
      if (kind !== "answer" || !markdown.startsWith("answers "))
        otherPosts.push(`${thread}: ${markdown}`);
  }
  return {
    answered,
    turns,
    resumed,
    unknown,
    wrong: {
      answers,
      otherPosts,
      doublePosts: platform.counts.doubles,
      doubleEffects: [...platform.effects].flatMap(([id, times]) =>
        id.startsWith("once ") && times.length > 1 ? `${id}: ${times.length}` : [],
      ),
      journals,
      stuckSessions: await stuckIn(store),
      leakedKeys: await leakedIn(redis, { name, sessions: sessions.map((each) => each.sessionId) }),
    },
  };
}

function readTurns(journal: readonly JournalRecord[]): {
  readonly turns: number;
  readonly resumed: number;
  readonly unknown: number;
  readonly wrong: readonly string[];
} {
  const wrong: string[] = [];
  const messages: string[] = [];
  let [turns, resumed, unknown] = [0, 0, 0];
  let open: number | undefined;
  for (const [index, { seq, entry }] of journal.entries()) {
    if (seq !== index + 1) wrong.push(`entry ${seq} is at ${index + 1}`);
    if (entry.type === "message") messages.push(entry.message.id);
    if (entry.type === "tool-result" && entry.result.status === "unknown") unknown += 1;
    if (entry.type === "turn-started") {
      if (open === entry.turn) resumed += 1;
      else if (open !== undefined || entry.turn !== turns + 1) wrong.push(`turn ${entry.turn}`);
      else turns += 1;
      open = entry.turn;
    }
    if (entry.type !== "turn-ended") continue;
    if (entry.outcome !== "answered") wrong.push(`turn ${entry.turn} ended as ${entry.outcome}`);
    open = undefined;
  }
  if (open !== undefined) wrong.push(`turn ${open} is open`);
  const order = messages.map((id) => Number(id.split("-")[1]));
  if (order.some((n, index) => n !== index + 1)) wrong.push(`messages ${order.join(" ")}`);
  return { turns, resumed, unknown, wrong };
}

/** What the store says is still to be done. */
export async function stuckIn(store: Store): Promise<readonly string[]> {
  const next = await store.nextPostAt();
  return [...(await store.dirtySessions()), ...(next === undefined ? [] : [`a post at ${next}`])];
}

/** Keys that no session and no queue has a use for. */
async function leakedIn(
  url: string,
  { name, sessions }: { readonly name: string; readonly sessions: readonly string[] },
): Promise<readonly string[]> {
  const client = new Redis(url);
  const known = new Set(sessions);
  const leaked: string[] = [];
  for (const key of await client.keys("*")) {
    // What expires is no leak, nor what just did.
    if ((await client.ttl(key)) !== -1) continue;
    const session = /:(s_\w+)\}/.exec(key)?.[1];
    if (session !== undefined && known.has(session) && !/effects|inbox/.test(key)) continue;
    const lasting = ["marks", "active", "spends"].map((part) => `${name}:{${name}:shared}:${part}`);
    const queue = ["meta", "id", "events", "marker"].map((part) => `{${name}:queue}:wakes:${part}`);
    if (![...lasting, ...queue].includes(key)) leaked.push(key);
  }
  client.disconnect();
  return leaked;
}
