import { expect, test } from "vitest";

import { silentLogger } from "../../src/core/logger.ts";
import { Limits, Permissions } from "../../src/sandbox/permissions.ts";
import type { SandboxSpec } from "../../src/sandbox/sandbox.ts";
import { restingSandboxes } from "../../src/sessions/resting-sandboxes.ts";
import { manualClock } from "../../src/testing/manual-clock.ts";
import { DurableSandboxes } from "./durable-sandboxes.ts";

const { signal } = new AbortController();

function resting({ most = 32 } = {}) {
  const clock = manualClock();
  const driver = new DurableSandboxes();
  const sandboxes = restingSandboxes(driver, { clock, log: silentLogger, most });
  const open = (spec: Partial<SandboxSpec> = {}) =>
    sandboxes.open(
      {
        sessionId: "s_1",
        sources: [],
        permissions: Permissions.parse({}),
        limits: Limits.parse({ idleMs: 60_000 }),
        ...spec,
      },
      { signal },
    );
  return { clock, driver, sandboxes, open };
}

test("the next turn gets the sandbox of the last, whenever it comes in time", async () => {
  const { clock, driver, sandboxes, open } = resting();
  const first = await open();
  for (let turn = 0; turn < 3; turn += 1) {
    await sandboxes.rest(first);
    await clock.advance(59_000);
    expect(await open()).toBe(first);
  }
  await clock.advance(120_000);
  expect(driver.types()).toEqual(["opened"]);
});

test("nobody comes in time: it is closed", async () => {
  const { clock, driver, sandboxes, open } = resting();
  const first = await open();
  await sandboxes.rest(first);
  await clock.advance(60_000);
  expect(driver.types()).toEqual(["opened", "closed"]);
  expect(await open()).not.toBe(first);
});

test.each<[string, Partial<SandboxSpec>]>([
  ["permissions", { permissions: Permissions.parse({ net: ["example.com:443"] }) }],
  ["limits", { limits: Limits.parse({ memoryBytes: 2 ** 30 }) }],
  ["image", { image: "python:3.13" }],
  ["sources", { sources: [{ name: "app", hostPath: "/srv/app" }] }],
])("other %s: it is closed, and another opened", async (_, other) => {
  const { driver, sandboxes, open } = resting();
  const first = await open();
  await sandboxes.rest(first);
  expect(await open(other)).not.toBe(first);
  expect(driver.types()).toEqual(["opened", "closed", "opened"]);
});

test("one that has ended by itself is not given again", async () => {
  const { driver, sandboxes, open } = resting();
  await sandboxes.rest(await open());
  driver.isAlive = false;
  await open();
  expect(driver.types()).toEqual(["opened", "closed", "opened"]);
});

test("of too many, the one that has rested longest is closed", async () => {
  const { driver, sandboxes, open } = resting({ most: 2 });
  const first = await open({ sessionId: "s_1" });
  await sandboxes.rest(first);
  for (const sessionId of ["s_2", "s_3"]) await sandboxes.rest(await open({ sessionId }));
  expect(driver.types().filter((type) => type === "closed")).toHaveLength(1);
  expect(await open({ sessionId: "s_1" })).not.toBe(first);
});

test("a restored workspace is not the one of a sandbox that rests, and a removed one has none", async () => {
  const { driver, sandboxes, open } = resting();
  await sandboxes.rest(await open());
  await expect(sandboxes.snapshots?.restore("s_1", "1", { signal })).rejects.toThrow(
    "Not expected",
  );
  expect(driver.types()).toEqual(["opened", "closed"]);
  await sandboxes.rest(await open());
  await expect(sandboxes.remove("s_1")).rejects.toThrow("Not expected");
  expect(driver.types()).toEqual(["opened", "closed", "opened", "closed"]);
});

test("at the end one that can't be closed keeps neither the others nor the driver from ending", async () => {
  const { driver, sandboxes, open } = resting();
  const [broken, fine] = [await open({ sessionId: "s_1" }), await open({ sessionId: "s_2" })];
  broken.close = () => Promise.reject(new Error("the engine is gone"));
  for (const sandbox of [broken, fine]) await sandboxes.rest(sandbox);
  let ended = false;
  driver[Symbol.asyncDispose] = async () => {
    ended = true;
  };
  await sandboxes[Symbol.asyncDispose]();
  expect(driver.types()).toEqual(["opened", "opened", "closed"]);
  expect(ended).toBe(true);
});

test("at the end all are closed", async () => {
  const { driver, sandboxes, open } = resting();
  for (const sessionId of ["s_1", "s_2"]) await sandboxes.rest(await open({ sessionId }));
  await sandboxes[Symbol.asyncDispose]();
  expect(driver.types()).toEqual(["opened", "opened", "closed", "closed"]);
});
