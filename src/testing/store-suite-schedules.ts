import assert from "node:assert/strict";

import type { ScheduleRecord } from "../core/schedule.ts";
import type { ScheduleStore } from "../store/store.ts";
import type { StoreCases } from "./store-suite.ts";

const record = (message: string): ScheduleRecord => ({
  definition: {
    id: "nightly",
    cron: "0 3 * * *",
    timezone: "Europe/Berlin",
    message,
    channel: "console:w1:ops",
    thread: "new",
    missed: "once",
    overlap: "queue",
    jitterMs: 5,
  },
  paused: false,
  rule: "0 3 * * * Europe/Berlin",
  nextAt: 1_000_000.5,
  decidedAt: 7,
  queued: [1, 2],
  run: { fireAt: 5, messageId: "m", begin: { holder: "h", until: 9, attempt: 1, since: 4 } },
  last: {
    fireAt: 4,
    endedAt: 5,
    outcome: { type: "failed", reason: "größer, 大, 🚀 and \u0000" },
  },
  passed: { fireAt: 3, why: "missed", count: 2 },
});

const all = (store: ScheduleStore) => store.schedules({ after: 0, limit: 100 });

/** schedules() and writeSchedules(). */
export const scheduleCases: StoreCases = {
  "writeSchedules() keeps records as they are, also for the next process": async ({
    store,
    reopen,
  }) => {
    assert.deepEqual(await all(store), []);
    const [version = 0] = await store.writeSchedules([
      { id: "nightly", version: 0, record: record("look") },
    ]);

    assert.ok(version > 0);
    const stored = [{ id: "nightly", version, record: record("look") }];
    assert.deepEqual(await all(store), stored);
    assert.deepEqual(await all(await reopen()), stored);
  },

  "writeSchedules() writes only over the version that the writer knows": async ({ store }) => {
    const [first = 0] = await store.writeSchedules([
      { id: "a", version: 0, record: record("one") },
    ]);
    const [second = 0, refused, other] = await store.writeSchedules([
      { id: "a", version: first, record: record("two") },
      { id: "a", version: first, record: record("three") },
      { id: "b", version: 0, record: record("other") },
    ]);

    assert.ok(second > first);
    assert.equal(refused, undefined);
    assert.ok(other !== undefined && other > second);
    assert.deepEqual(
      (await all(store)).map(({ id, version, record: kept }) => [
        id,
        version,
        kept?.definition?.message,
      ]),
      [
        ["a", second, "two"],
        ["b", other, "other"],
      ],
    );
    assert.deepEqual(
      await store.writeSchedules([{ id: "c", version: 7, record: record("unknown") }]),
      [undefined],
    );
    assert.deepEqual(await store.writeSchedules([]), []);
  },

  "of writers side by side one writes": async ({ store }) => {
    const written = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        store.writeSchedules([{ id: "a", version: 0, record: record(`${index}`) }]),
      ),
    );
    assert.equal(written.flat().filter((version) => version !== undefined).length, 1);
  },

  "schedules() tells what was written since, in its order, and what was removed": async ({
    store,
    reopen,
  }) => {
    const [a = 0, b = 0] = await store.writeSchedules(
      ["a", "b", "c"].map((id) => ({ id, version: 0, record: record(id) })),
    );
    const [a2 = 0] = await store.writeSchedules([{ id: "a", version: a, record: record("new") }]);
    const [gone = 0] = await store.writeSchedules([{ id: "b", version: b, record: undefined }]);

    const since = await store.schedules({ after: a, limit: 100 });
    assert.deepEqual(
      since.map(({ id, version, record: kept }) => [id, version, kept?.definition?.message]),
      [
        ["c", b + 1, "c"],
        ["a", a2, "new"],
        ["b", gone, undefined],
      ],
    );
    assert.deepEqual(
      (await store.schedules({ after: a, limit: 2 })).map(({ id }) => id),
      ["c", "a"],
    );
    assert.deepEqual(await store.schedules({ after: gone, limit: 100 }), []);
    assert.deepEqual(await (await reopen()).schedules({ after: a2, limit: 9 }), [
      { id: "b", version: gone, record: undefined },
    ]);
  },

  "a removed schedule can be made anew, with a later version": async ({ store }) => {
    const [first = 0] = await store.writeSchedules([{ id: "a", version: 0, record: record("a") }]);
    const [gone = 0] = await store.writeSchedules([{ id: "a", version: first, record: undefined }]);
    assert.deepEqual(
      await store.writeSchedules([{ id: "a", version: first, record: record("late") }]),
      [undefined],
    );
    const [again = 0] = await store.writeSchedules([{ id: "a", version: 0, record: record("b") }]);

    assert.ok(again > gone);
    assert.equal((await all(store)).length, 1);
  },

  "removed schedules are forgotten in the end": async ({ store }) => {
    const [version = 0] = await store.writeSchedules([
      { id: "old", version: 0, record: record("old") },
    ]);
    await store.writeSchedules([{ id: "old", version, record: undefined }]);
    const others = Array.from({ length: 1100 }, (_, index) => `s${index}`);
    await store.writeSchedules(
      others.map((id) => ({
        id,
        version: 0,
        record: { paused: true, rule: "", decidedAt: 0, queued: [] },
      })),
    );
    await store.writeSchedules([{ id: "last", version: 0, record: record("last") }]);

    const left = await store.schedules({ after: 0, limit: 500 });
    assert.equal(left.length, 500);
    assert.equal(left[0]?.id, "s0");
  },
};
