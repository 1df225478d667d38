import { expect, test } from "vitest";

import { OpsthreadError } from "../../src/core/errors.ts";
import {
  addSchedule,
  pauseSchedule,
  removeSchedule,
  resumeSchedule,
} from "../../src/schedule/manage.ts";
import { hour, minute, schedule, scheduleWorld } from "./schedule-world.ts";

test("a schedule says its message in a thread of its own, each time", async () => {
  await using world = await scheduleWorld();
  await world.start([schedule()]);
  expect(world.opened).toEqual([]);

  await world.pass(30 * minute);
  expect(await world.said()).toEqual(["t1: look at the logs"]);
  expect(world.opened[0]).toMatchObject({
    channel: { platform: "test", workspace: "w1", channel: "ops" },
    title: "Schedule nightly",
    markdown: expect.stringContaining("look at the logs"),
  });
  await world.answer(world.thread(0));
  await world.pass(hour);

  expect(await world.said()).toEqual(["t2: look at the logs"]);
  expect(await world.record()).toMatchObject({
    last: {
      fireAt: Date.UTC(2026, 5, 1, 12),
      outcome: { type: "delivered", messageId: "m 1" },
      thread: { thread: "t1" },
    },
    nextAt: Date.UTC(2026, 5, 1, 14),
  });
});

test("with the same thread each time, it is opened once", async () => {
  await using world = await scheduleWorld();
  await world.start([schedule({ thread: "same" })]);
  await world.pass(30 * minute);
  await world.answer(world.thread(0));
  await world.pass(hour);

  expect(world.opened.length).toBe(1);
  expect(await world.said()).toEqual(["t1: look at the logs"]);
});

test("with a thread that is there, none is opened", async () => {
  await using world = await scheduleWorld();
  await world.start([schedule({ thread: "daily" })]);
  await world.pass(30 * minute);

  expect(world.opened).toEqual([]);
  expect(await world.said()).toEqual(["daily: look at the logs"]);
});

test("of many processes one runs it, each time", async () => {
  await using world = await scheduleWorld();
  for (let count = 0; count < 4; count += 1) await world.start([schedule({ overlap: "queue" })]);
  for (let run = 0; run < 5; run += 1) {
    await world.pass(hour);
    await world.answer(world.thread(run));
    await world.pass(minute);
  }

  expect(world.opened.map(({ thread }) => thread.thread)).toEqual(["t1", "t2", "t3", "t4", "t5"]);
  expect(await world.store.sessions({ limit: 100 })).toHaveLength(5);
});

test("a run whose process dies before it was said is taken over, and said once", async () => {
  await using world = await scheduleWorld();
  const { store } = world;
  // It opens the thread, and dies.
  const dying = { ...store, accept: () => world.never<never>() };
  await world.start([schedule()], { store: dying });
  await world.start([schedule()]);
  await world.pass(30 * minute);
  const isDead = (await world.said()).length === 0;
  await world.pass(minute);

  expect(await world.said()).toEqual(["t1: look at the logs"]);
  expect(world.opened.length).toBe(1);
  expect(isDead).toBe(true);
});

test("a run that was said, which its process did not note any more, is not said again", async () => {
  await using world = await scheduleWorld();
  const { store } = world;
  let isGone = false;
  const dying = {
    ...store,
    async accept(...args: Parameters<typeof store.accept>) {
      isGone = true;
      return store.accept(...args);
    },
    writeSchedules: async (...args: Parameters<typeof store.writeSchedules>) =>
      isGone ? world.never<never>() : store.writeSchedules(...args),
  };
  await world.start([schedule()], { store: dying });
  await world.pass(30 * minute);
  await world.start([schedule()]);
  await world.pass(minute);

  expect(await world.said()).toEqual(["t1: look at the logs"]);
  expect((await world.record())?.run).toMatchObject({ thread: { thread: "t1" } });
});

test("what comes due while the bot is restarted runs", async () => {
  await using world = await scheduleWorld();
  const first = await world.start([schedule()]);
  await first[Symbol.asyncDispose]();
  await world.pass(30 * minute + 50_000);
  await world.start([schedule()]);

  expect(await world.said()).toEqual(["t1: look at the logs"]);
  expect((await world.record())?.passed).toBeUndefined();
});

test.each([
  ["skip" as const, [], { count: 5, fireAt: Date.UTC(2026, 5, 1, 16) }],
  ["once" as const, ["t1: look at the logs"], { count: 4, fireAt: Date.UTC(2026, 5, 1, 15) }],
])("what was missed for long: %s", async (missed, said, passed) => {
  await using world = await scheduleWorld();
  const first = await world.start([schedule({ missed })]);
  await first[Symbol.asyncDispose]();
  await world.pass(5 * hour);
  await world.start([schedule({ missed })]);

  expect(await world.said()).toEqual(said);
  expect(await world.record()).toMatchObject({
    passed: { why: "missed", ...passed },
    nextAt: Date.UTC(2026, 5, 1, 17),
  });
  expect(world.logged).toContainEqual(
    expect.objectContaining({ level: "warn", message: "A schedule did not run" }),
  );
});

test("a run that comes while the one before goes is passed over, and that is told", async () => {
  await using world = await scheduleWorld();
  await world.start([schedule()]);
  await world.pass(3 * hour);

  expect(await world.said()).toEqual(["t1: look at the logs"]);
  expect((await world.record())?.passed).toEqual({
    why: "overlap",
    fireAt: Date.UTC(2026, 5, 1, 14),
    count: 2,
  });
  await world.answer(world.thread(0));
  await world.pass(hour);
  expect(world.opened.length).toBe(2);
});

test("with a queue it runs when the one before has ended", async () => {
  await using world = await scheduleWorld();
  await world.start([schedule({ overlap: "queue" })]);
  await world.pass(2.5 * hour);
  expect((await world.record())?.queued.length).toBe(2);
  await world.answer(world.thread(0));
  await world.pass(minute);
  expect(world.opened.length).toBe(2);
  expect((await world.record())?.queued.length).toBe(1);
  await world.answer(world.thread(1));
  await world.pass(minute);

  expect((await world.record())?.run?.fireAt).toBe(Date.UTC(2026, 5, 1, 14));
  expect((await world.record())?.queued).toEqual([]);
});

test("a queue has an end", async () => {
  await using world = await scheduleWorld();
  await world.start([schedule({ overlap: "queue", cron: "* * * * *" })]);
  await world.pass(40 * minute);

  const record = await world.record();
  expect(record?.queued.length).toBe(20);
  expect(record?.passed).toMatchObject({ why: "overlap", count: 19 });
});

test("jitter delays a run, by the same time on each process", async () => {
  await using world = await scheduleWorld();
  const jittered = schedule({ jitterMs: 20 * minute });
  await world.start([jittered]);
  await world.start([jittered]);
  await world.pass(30 * minute);
  expect(world.opened).toEqual([]);
  await world.pass(20 * minute);

  expect(world.opened.length).toBe(1);
  const { fireAt = 0, startedAt = 0 } = (await world.record())?.run ?? {};
  expect(fireAt).toBe(Date.UTC(2026, 5, 1, 12));
  expect(startedAt - fireAt).toBeGreaterThan(minute);
});

test("what fails is tried again, and a thread that was opened all the same is found", async () => {
  await using world = await scheduleWorld();
  world.troubles.push(
    () => new OpsthreadError("ADAPTER_RATE_LIMITED", "429", { data: { retryAfterMs: 5000 } }),
    () => new OpsthreadError("ADAPTER_POST_FAILED", "503"),
    () => "taken",
  );
  await world.start([schedule()]);
  await world.pass(30 * minute);
  expect(await world.said()).toEqual([]);
  for (let second = 0; second < 20; second += 1) await world.pass(1000);

  expect(await world.said()).toEqual(["t1: look at the logs"]);
  expect(world.opened.length).toBe(1);
});

test.each([
  [
    "the platform refuses for good",
    {},
    () => new OpsthreadError("ADAPTER_POST_REJECTED", "channel_not_found"),
    /channel_not_found/,
  ],
  ["no adapter is there", { channel: "irc:w1:ops" }, undefined, /is on no platform of this bot/],
] as const)("a run fails where %s: it is told in the log, and noted", async (...given) => {
  const [, change, trouble, reason] = given;
  await using world = await scheduleWorld();
  if (trouble) world.troubles.push(trouble);
  await world.start([schedule(change)]);
  await world.pass(30 * minute);

  expect(await world.record()).toMatchObject({
    last: { outcome: { type: "failed", reason: expect.stringMatching(reason) } },
  });
  expect(world.logged).toContainEqual(
    expect.objectContaining({ level: "error", message: "A schedule's run failed" }),
  );
});

test("a platform that never takes it makes the run fail in the end", async () => {
  await using world = await scheduleWorld();
  for (let count = 0; count < 10; count += 1)
    world.troubles.push(() => new OpsthreadError("ADAPTER_POST_FAILED", "not_in_channel"));
  await world.start([schedule()]);
  await world.pass(50 * minute);

  expect((await world.record())?.last?.outcome).toEqual({
    type: "failed",
    reason: "not_in_channel",
  });
});

test.each([
  [{ kind: "notice", markdown: "I could not finish this: no model." } as const, /no model/],
  [{ refused: "is_archived" } as const, /the platform refused the answer: is_archived/],
])("a run is delivered only with an answer that the platform has: %o", async (post, reason) => {
  await using world = await scheduleWorld();
  await world.start([schedule()]);
  await world.pass(30 * minute);
  await world.answer(world.thread(0), post);
  await world.pass(minute);

  expect((await world.record())?.last?.outcome).toEqual({
    type: "failed",
    reason: expect.stringMatching(reason),
  });
});

test("a clock that was ahead by far, and is set right, stops no schedule", async () => {
  await using world = await scheduleWorld();
  await world.start([schedule({ cron: "0 12 * * *" })]);
  await world.pass(30 * minute);
  await world.answer(world.thread(0));
  world.jump(30 * 24 * hour);
  await world.pass(minute);
  const ahead = (await world.record())?.nextAt;
  world.jump(-30 * 24 * hour);
  await world.pass(minute);

  expect(ahead).toBe(Date.UTC(2026, 6, 2, 12));
  expect((await world.record())?.nextAt).toBe(Date.UTC(2026, 5, 2, 12));
  await world.pass(24 * hour);
  expect(world.opened.length).toBe(2);
});

test("a clock that goes back a little lets nothing run twice", async () => {
  await using world = await scheduleWorld();
  await world.start([schedule()]);
  await world.pass(30 * minute);
  await world.answer(world.thread(0));
  await world.pass(minute);
  world.jump(-10 * minute);
  await world.pass(30 * minute);

  expect(world.opened.length).toBe(1);
});

test("a schedule that comes in many years needs no timer until then", async () => {
  await using world = await scheduleWorld(Date.UTC(2026, 2, 1));
  await world.start([schedule({ cron: "0 0 29 2 *" })]);
  await world.pass(minute);

  expect((await world.record())?.nextAt).toBe(Date.UTC(2028, 1, 29));
  expect(world.opened).toEqual([]);
});

test("what is added to the store runs, without a restart", async () => {
  await using world = await scheduleWorld();
  await world.start([]);
  await addSchedule(world.store, schedule(), { now: world.clock.now(), configured: [] });
  await world.pass(30 * minute);

  expect(await world.said()).toEqual(["t1: look at the logs"]);
});

test("a paused schedule does not run on any process, and goes on with its next time", async () => {
  await using world = await scheduleWorld();
  const { store } = world;
  const given = { configured: [schedule()], now: world.clock.now() };
  await world.start(given.configured);
  await world.start(given.configured);
  await pauseSchedule(store, "nightly", given);
  await world.pass(3 * hour);
  expect(world.opened).toEqual([]);
  await resumeSchedule(store, "nightly", { ...given, now: world.clock.now() });
  await world.pass(hour);

  expect(world.opened.length).toBe(1);
  expect((await world.record())?.passed).toBeUndefined();
});

test("a paused schedule stays so over a restart", async () => {
  await using world = await scheduleWorld();
  const first = await world.start([schedule()]);
  await pauseSchedule(world.store, "nightly", {
    configured: [schedule()],
    now: world.clock.now(),
  });
  await first[Symbol.asyncDispose]();
  await world.start([schedule()]);
  await world.pass(hour);

  expect(world.opened).toEqual([]);
});

test("a single time runs once, and one that has passed is told and does not run", async () => {
  await using world = await scheduleWorld();
  await world.start([
    schedule({ cron: "2026-06-01T12:00:00" }),
    schedule({ id: "passed", cron: "2020-06-01T12:00:00", missed: "once" }),
  ]);
  await world.pass(2 * hour);

  expect(world.opened.map(({ title }) => title)).toEqual(["Schedule nightly"]);
  expect(world.logged).toContainEqual({
    level: "warn",
    message: "A schedule's only time has passed",
    data: { schedule: "passed", cron: "2020-06-01T12:00:00" },
  });
});

test("a single time that passed while no bot was there runs once where that is asked for", async () => {
  await using world = await scheduleWorld();
  const once = [schedule({ cron: "2026-06-01T12:00:00", missed: "once" })];
  const first = await world.start(once);
  await first[Symbol.asyncDispose]();
  await world.pass(5 * hour);
  await world.start(once);
  await world.pass(hour);

  expect(world.opened).toHaveLength(1);
});

test("a removed schedule does not run any more", async () => {
  await using world = await scheduleWorld();
  await addSchedule(world.store, schedule(), { now: world.clock.now(), configured: [] });
  await world.start([]);
  await removeSchedule(world.store, "nightly", { configured: [], now: world.clock.now() });
  await world.pass(hour);

  expect(world.opened).toEqual([]);
});

test("another rule in the configuration counts from then on", async () => {
  await using world = await scheduleWorld();
  const first = await world.start([schedule({ missed: "once" })]);
  await first[Symbol.asyncDispose]();
  await world.pass(5 * hour);
  await world.start([schedule({ missed: "once", cron: "30 22 * * *" })]);

  expect(world.opened).toEqual([]);
  expect(await world.record()).toMatchObject({ nextAt: Date.UTC(2026, 5, 1, 22, 30) });
});

test("a store that fails for a moment stops nothing", async () => {
  await using world = await scheduleWorld();
  const { store } = world;
  let failures = 3;
  const failing = {
    ...store,
    async writeSchedules(...args: Parameters<typeof store.writeSchedules>) {
      if (world.clock.now() >= Date.UTC(2026, 5, 1, 12) && (failures -= 1) >= 0)
        throw new OpsthreadError("STORE_UNAVAILABLE", "away");
      return store.writeSchedules(...args);
    },
  };
  await world.start([schedule()], { store: failing });
  await world.pass(30 * minute);
  expect(world.opened).toEqual([]);
  await world.pass(minute);

  expect(world.opened.length).toBe(1);
});
