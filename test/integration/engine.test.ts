import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";

import { sessionIdOf } from "../../src/core/ids.ts";
import type { Mode } from "../../src/sessions/turn.ts";
import { sqliteStore } from "../../src/store/sqlite/index.ts";
import type { Store } from "../../src/store/store.ts";
import { manualClock } from "../../src/testing/manual-clock.ts";
import {
  messageTo,
  type PostTrouble,
  type Trouble,
  World,
  type WorldOptions,
} from "../sessions/world.ts";

const folder = mkdtempSync(join(tmpdir(), "opsthread-property-"));
const clock = manualClock();
let store: Store;
let runs = 0;

beforeAll(async () => {
  store = await sqliteStore({ folder, clock });
});
afterAll(async () => {
  await store[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

const troubles = fc.dictionary(
  fc.integer({ min: 1, max: 60 }).map(String),
  fc.constantFrom<Trouble>("crash-before", "crash-after", "lease-lost"),
  { maxKeys: 6 },
);
const postTroubles = fc.dictionary(
  fc.integer({ min: 1, max: 12 }).map(String),
  fc.constantFrom<PostTrouble>(
    "not-taken",
    "taken-but-lost",
    "rate-limited",
    "crash-before",
    "crash-after",
  ),
  { maxKeys: 5 },
);
interface Said {
  readonly thread: number;
  readonly asks: string;
  /** How often the platform delivers it. */
  readonly times: number;
  /** How long the bot works before the next message comes. */
  readonly pause: number;
}

const anyTalk: fc.Arbitrary<Said> = fc.record({
  thread: fc.integer({ min: 0, max: 2 }),
  asks: fc.constantFrom("", " once", " keyed", " look", "stop"),
  times: fc.integer({ min: 1, max: 3 }),
  pause: fc.integer({ min: 0, max: 12 }),
});

test("whatever crashes, repeats or fails, each message is answered once, in order, and no effect happens twice", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyTalk, { minLength: 1, maxLength: 8 }),
      troubles,
      postTroubles,
      fc.constantFrom<Mode>("steer", "queue", "interrupt"),
      async (talk, storeTroubles, sendTroubles, mode) => {
        await live(talk, {
          mode,
          troubles: byNumber(storeTroubles),
          postTroubles: byNumber(sendTroubles),
        });
      },
    ),
    { numRuns: Number(process.env["OPSTHREAD_TEST_RUNS"] ?? 200) },
  );
});

const busyTalk: readonly Said[] = [
  { thread: 0, asks: " once", times: 2, pause: 1 },
  { thread: 1, asks: " keyed", times: 1, pause: 0 },
  { thread: 0, asks: " look", times: 1, pause: 3 },
  { thread: 0, asks: "stop", times: 1, pause: 2 },
  { thread: 0, asks: "", times: 1, pause: 0 },
];

test.each(["crash-before", "crash-after", "lease-lost"] as const)(
  "%s at any single write of a conversation changes nothing that people see",
  async (trouble) => {
    const { writes } = await live(busyTalk, {});
    expect(writes).toBeGreaterThan(20);
    for (let write = 1; write <= writes; write += 1)
      await live(busyTalk, { troubles: new Map([[write, trouble]]) });
  },
);

/** Has a conversation in a world with this trouble, and checks what came of it against what is right. */
async function live(
  talk: readonly Said[],
  options: Pick<WorldOptions, "mode" | "troubles" | "postTroubles">,
): Promise<{ readonly writes: number }> {
  runs += 1;
  const run = runs;
  const threadOf = (index: number) => ({
    platform: "test",
    workspace: "w",
    channel: "c",
    thread: `${run}-${index}`,
  });
  await using world = new World({ ...options, store, clock });
  for (const [number, { thread, asks, times, pause }] of talk.entries()) {
    const text = asks === "stop" ? "stop" : `${number}${asks}`;
    const message = messageTo(threadOf(thread), `${run}-${number}`, text);
    await Promise.all(Array.from({ length: times }, () => world.deliver(message)));
    await world.work(pause);
  }
  await world.settle();

  expectUnique(world.shown.map(({ key }) => key));
  const effects = (tool: string) => world.effects.filter((effect) => effect.tool === tool);
  expectUnique(effects("once").map(({ note }) => note));
  // A keyed effect may be repeated, but always under the one key of its call.
  const keyed = new Map(effects("keyed").map(({ id, note }) => [id, note]));
  expectUnique([...keyed.values()]);

  for (const index of new Set(talk.map(({ thread }) => thread))) {
    const sessionId = sessionIdOf(threadOf(index));
    const said = [...talk.entries()].filter(([, { thread }]) => thread === index);
    const posts = world.shown.filter((post) => post.sessionId === sessionId);
    const answered = posts
      .filter(({ kind }) => kind === "answer")
      .flatMap(({ markdown }) => markdown.split(" ").slice(1).map(Number));
    expectUnique(answered);
    expect(answered).toEqual(answered.toSorted((a, b) => a - b));
    // Each is answered, unless someone asked to stop afterwards; and nobody is left without a word.
    const lastStop = said.findLast(([, { asks }]) => asks === "stop")?.[0] ?? -1;
    const asked = said.filter(([, { asks }]) => asks !== "stop").map(([number]) => number);
    expect(asked.filter((number) => number > lastStop && !answered.includes(number))).toEqual([]);
    await expectRest(sessionId, posts.length);
  }
  return { writes: world.writes };
}

function expectUnique(values: readonly unknown[]): void {
  expect(values).toEqual([...new Set(values)]);
}

/** Nothing is left to do, and the journal tells all of it. A thread in which nobody asked anything has no session. */
async function expectRest(sessionId: string, posts: number): Promise<void> {
  const session = await store.session(sessionId);
  expect(posts > 0).toBe(session !== undefined);
  if (!session) return;
  expect(session).toMatchObject({ dirty: false, unread: 0 });
  const journal = await store.readJournal(sessionId, { after: 0 });
  expect(journal.map(({ seq }) => seq)).toEqual(journal.map((_, index) => index + 1));
  const messages = journal.flatMap(({ entry }) =>
    entry.type === "message" ? [entry.message.id] : [],
  );
  expect(messages).toEqual([...new Set(messages)]);
  expect((await store.posts(sessionId)).filter(({ state }) => state !== "sent")).toEqual([]);
}

const byNumber = <T>(planned: Readonly<Record<string, T>>): ReadonlyMap<number, T> =>
  new Map(Object.entries(planned).map(([number, trouble]) => [Number(number), trouble]));
