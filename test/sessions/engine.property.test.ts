import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";

import { sqliteStore } from "../../src/store/sqlite/index.ts";
import type { Store } from "../../src/store/store.ts";
import { ManualClock } from "./manual-clock.ts";
import { messageTo, type PostTrouble, sessionIdOf, type Trouble, World } from "./world.ts";

const folder = mkdtempSync(join(tmpdir(), "opsthread-property-"));
const clock = new ManualClock();
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
const said = fc.record({
  thread: fc.integer({ min: 0, max: 2 }),
  asks: fc.constantFrom("", " once", " keyed", " look", "stop"),
  /** How often the platform delivers it. */
  times: fc.integer({ min: 1, max: 3 }),
  /** How long the bot works before the next message comes. */
  pause: fc.integer({ min: 0, max: 12 }),
});

test("whatever crashes, repeats or fails, each message is answered once, in order, and no effect happens twice", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(said, { minLength: 1, maxLength: 8 }),
      troubles,
      postTroubles,
      fc.constantFrom("steer" as const, "queue" as const, "interrupt" as const),
      async (talk, storeTroubles, sendTroubles, mode) => {
        runs += 1;
        const run = runs;
        const threadOf = (index: number) => ({
          platform: "test",
          workspace: "w",
          channel: "c",
          thread: `${run}-${index}`,
        });
        await using world = new World({
          store,
          clock,
          mode,
          troubles: byNumber(storeTroubles),
          postTroubles: byNumber(sendTroubles),
        });
        for (const [number, { thread, asks, times, pause }] of talk.entries()) {
          const text = asks === "stop" ? "stop" : `${number}${asks}`;
          const message = messageTo(threadOf(thread), `${run}-${number}`, text);
          await Promise.all(Array.from({ length: times }, () => world.deliver(message)));
          await world.work(pause);
        }
        await world.settle();

        // No post twice.
        const keys = world.shown.map(({ key }) => key);
        expect(keys).toEqual([...new Set(keys)]);
        // No effect twice: at most once per message, and a repeat of a keyed one has the same key.
        for (const tool of ["once", "keyed"]) {
          const mine = world.effects.filter((effect) => effect.tool === tool);
          const ids =
            tool === "once" ? mine.map(({ note }) => note) : [...new Set(mine.map(({ id }) => id))];
          expect(ids).toEqual([...new Set(ids)]);
          if (tool === "keyed") expect(ids.length).toBe(new Set(mine.map(({ note }) => note)).size);
        }
        for (const index of new Set(talk.map(({ thread }) => thread))) {
          const thread = threadOf(index);
          const mine = [...talk.entries()].filter(([, { thread: in_ }]) => in_ === index);
          const sessionId = sessionIdOf(thread);
          await expectRest(sessionId);
          const answered = world.shown
            .filter((post) => post.sessionId === sessionId && post.kind === "answer")
            .flatMap(({ markdown }) => markdown.split(" ").slice(1).map(Number));
          // Answered in order, once.
          expect(answered).toEqual([...new Set(answered)].toSorted((a, b) => a - b));
          // Answered at all, unless someone asked to stop afterwards.
          const lastStop = mine.findLast(([, { asks }]) => asks === "stop")?.[0] ?? -1;
          const asked = mine.filter(([, { asks }]) => asks !== "stop").map(([number]) => number);
          expect(asked.filter((number) => number > lastStop && !answered.includes(number))).toEqual(
            [],
          );
          const silent = world.shown.every((post) => post.sessionId !== sessionId);
          expect(silent).toBe(false || (asked.length === 0 && !(await store.session(sessionId))));
        }
      },
    ),
    { numRuns: Number(process.env["OPSTHREAD_TEST_RUNS"] ?? 150) },
  );
}, 120_000);

async function expectRest(sessionId: string): Promise<void> {
  const session = await store.session(sessionId);
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

const byNumber = <T>(troubles: Readonly<Record<string, T>>): ReadonlyMap<number, T> =>
  new Map(Object.entries(troubles).map(([number, trouble]) => [Number(number), trouble]));
