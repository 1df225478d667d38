import { expect, test } from "vitest";

import { changeChannelSchedule, channelSchedules } from "../../src/schedule/channel-schedules.ts";
import { minute, schedule, scheduleWorld } from "./schedule-world.ts";

const thread = { platform: "test", workspace: "w1", channel: "ops", thread: "t" };

test("a channel is told how its schedules stand, and nothing of others'", async () => {
  await using world = await scheduleWorld();
  const configured = [
    schedule({ timezone: "Europe/Berlin" }),
    schedule({ id: "secret", channel: "test:w1:board" }),
  ];
  const { store, clock } = world;
  const told = (): Promise<string> => channelSchedules(thread, { store, configured, clock });
  expect(await told()).toBe(
    "- **nightly** (`0 * * * *` Europe/Berlin): next 2026-06-01 14:00 Europe/Berlin; not seen by a bot yet",
  );
  await world.start(configured);
  await world.pass(30 * minute);
  expect(await told()).toMatch(/next 2026-06-01 15:00 .*; running since 2026-06-01 14:00/);
  await world.answer(await opsThread(world));
  await world.pass(minute);

  expect(await told()).toMatch(/; delivered 2026-06-01 14:0\d Europe\/Berlin as m \d$/);
  expect(await told()).not.toContain("secret");
  expect(await channelSchedules({ ...thread, channel: "none" }, { store, configured, clock })).toBe(
    "There are no schedules for this channel.",
  );
});

test("a channel's schedules are changed there, and others' are not", async () => {
  await using world = await scheduleWorld();
  const configured = [schedule(), schedule({ id: "secret", channel: "test:w1:board" })];
  await world.start(configured);
  const { store, clock } = world;
  const at = clock.now();
  const change = (action: "pause" | "resume" | "run", id = "nightly") =>
    changeChannelSchedule(thread, { action, id, at }, { store, configured, clock });

  expect(await change("pause")).toBe("Paused **nightly**.");
  expect((await world.record())?.paused).toBe(true);
  await expect(change("run")).rejects.toThrow("it is paused");
  expect(await change("resume")).toBe("Resumed **nightly**.");
  await expect(change("pause", "secret")).rejects.toMatchObject({
    code: "CONFIG_INVALID",
    message: expect.stringContaining("this channel has none"),
  });
  expect((await world.record("secret"))?.paused).toBe(false);
});

test("a word that is read twice runs a schedule once", async () => {
  await using world = await scheduleWorld();
  await world.start([schedule()]);
  const { store, clock } = world;
  const at = clock.now();
  const run = () =>
    changeChannelSchedule(
      thread,
      { action: "run", id: "nightly", at },
      { store, configured: [schedule()], clock },
    );
  await run();
  await world.pass(2 * minute);
  await world.answer(world.thread(0));
  await run();
  await world.pass(5 * minute);

  expect(await world.said()).toEqual([]);
  expect(world.opened).toHaveLength(1);
});

async function opsThread({
  store,
}: {
  readonly store: Awaited<ReturnType<typeof scheduleWorld>>["store"];
}) {
  const found = (await store.sessions({ limit: 10 })).find(
    ({ thread: { channel } }) => channel === "ops",
  );
  if (!found) throw new Error("No session");
  return found.thread;
}
