import { expect, test } from "vitest";

import { nextTimes, stateText } from "../../src/schedule/describe.ts";
import {
  addSchedule,
  listSchedules,
  pauseSchedule,
  removeSchedule,
  resumeSchedule,
  runScheduleNow,
} from "../../src/schedule/manage.ts";
import { hour, schedule, scheduleWorld } from "./schedule-world.ts";

const noon = Date.UTC(2026, 5, 1, 12);
const given = { configured: [schedule({ id: "own" })], now: noon };

test("what is added is listed beside the configuration's, by id", async () => {
  await using world = await scheduleWorld();
  await addSchedule(world.store, schedule({ id: "added" }), given);

  const known = await listSchedules(world.store, given);
  expect(known.map(({ schedule: { id }, from }) => [id, from])).toEqual([
    ["added", "command"],
    ["own", "configuration"],
  ]);
});

test.each([
  ["added", /there is one/],
  ["own", /there is one/],
])("an id is given once: %s", async (id, message) => {
  await using world = await scheduleWorld();
  await addSchedule(world.store, schedule({ id: "added" }), given);

  await expect(addSchedule(world.store, schedule({ id }), given)).rejects.toMatchObject({
    code: "CONFIG_INVALID",
    message: expect.stringMatching(message),
  });
});

test("a single time that has passed can't be added", async () => {
  await using world = await scheduleWorld();
  const add = (cron: string) => addSchedule(world.store, schedule({ cron }), given);

  await expect(add("2026-06-01T11:59:00")).rejects.toMatchObject({
    code: "CONFIG_INVALID",
    message: expect.stringContaining("has passed, expected a time to come"),
  });
  expect(await add("2026-06-01T12:01:00")).toMatchObject({ nextAt: noon + 60_000 });
});

test.each([
  ["pause", pauseSchedule],
  ["resume", resumeSchedule],
  ["run", runScheduleNow],
  ["remove", removeSchedule],
] as const)("%s names a schedule that is not there", async (action, act) => {
  await using world = await scheduleWorld();
  await expect(act(world.store, "other", given)).rejects.toMatchObject({
    code: "CONFIG_INVALID",
    message: `Cannot ${action} schedule "other": there is none, "list" shows those that are`,
  });
});

test("one of the configuration is paused, and not removed", async () => {
  await using world = await scheduleWorld();
  await pauseSchedule(world.store, "own", given);
  expect((await listSchedules(world.store, given))[0]?.record?.paused).toBe(true);
  await expect(removeSchedule(world.store, "own", given)).rejects.toThrow("in the configuration");
  await expect(runScheduleNow(world.store, "own", given)).rejects.toThrow("it is paused");
  await resumeSchedule(world.store, "own", { ...given, now: noon + 3 * hour });

  expect((await listSchedules(world.store, given))[0]?.record).toMatchObject({
    paused: false,
    nextAt: noon + 4 * hour,
  });
});

test("a run by command comes at once, and the rule stays as it is", async () => {
  await using world = await scheduleWorld();
  await world.start([schedule()]);
  await runScheduleNow(world.store, "nightly", {
    configured: [schedule()],
    now: world.clock.now(),
  });
  await world.pass(2 * 60_000);

  expect(await world.said()).toEqual(["t1: look at the logs"]);
  expect((await world.record())?.nextAt).toBe(noon);
});

test("the next times are those at which it runs, with its jitter", () => {
  const plain = { schedule: schedule(), record: undefined };
  expect(nextTimes(plain, { now: noon, count: 2 })).toEqual([noon + hour, noon + 2 * hour]);
  const jittered = { schedule: schedule({ jitterMs: 60_000 }), record: undefined };
  const [first = 0] = nextTimes(jittered, { now: noon, count: 1 });
  expect(first).toBeGreaterThan(noon + hour);
  expect(first).toBeLessThan(noon + hour + 60_000);
});

test("how a schedule stands is told in words", () => {
  const record = {
    paused: false,
    rule: "",
    decidedAt: noon,
    queued: [noon],
    run: { fireAt: noon, messageId: "m", begin: { holder: "h", until: noon, attempt: 2 } },
    last: {
      fireAt: noon - 2 * hour,
      endedAt: noon - hour,
      outcome: { type: "failed" as const, reason: "is_archived" },
    },
    passed: { fireAt: noon - hour, why: "overlap" as const, count: 3 },
  };
  expect(stateText({ schedule: schedule(), record, from: "command" })).toBe(
    "beginning, try 2; 1 waiting; failed 2026-06-01 11:00 UTC: is_archived; 3 not run (the one before was not over), latest 2026-06-01 11:00 UTC",
  );
});
