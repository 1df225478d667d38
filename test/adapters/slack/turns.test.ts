import { expect, test } from "vitest";

import { createTurns } from "../../../src/adapters/slack/turns.ts";
import { manualClock } from "../../../src/testing/manual-clock.ts";

const must = { isSpare: false };
const post = (channel: string) => ({ method: "chat.postMessage", channel });
const update = { method: "chat.update", channel: "C1" };

function open(factor = 1) {
  const clock = manualClock();
  const turns = createTurns({ clock, factor });
  const taken = (count: number, call: Parameters<typeof turns.take>[0], options = must): number =>
    Array.from({ length: count }, () => turns.take(call, options)).filter((ms) => ms === 0).length;
  return { clock, turns, taken };
}

test("a channel has a few posts at once, then about one a second; others have their own", async () => {
  const { clock, turns, taken } = open();
  expect(taken(10, post("C1"))).toBe(4);
  const wait = turns.take(post("C1"), must);
  expect(wait).toBeGreaterThan(1000);
  expect(wait).toBeLessThan(1100);
  expect(taken(1, post("C2"))).toBe(1);
  await clock.advance(wait);
  expect(taken(3, post("C1"))).toBe(1);
});

test("in no minute there are more calls than Slack publishes", async () => {
  const { clock, taken } = open();
  let count = 0;
  for (let second = 0; second < 60; second += 1) {
    count += taken(50, update);
    await clock.advance(1000);
  }
  expect(count).toBeLessThanOrEqual(50);
  expect(count).toBeGreaterThan(45);
});

test("what gives way leaves room for what does not", () => {
  const { taken } = open();
  expect(taken(10, post("C1"), { isSpare: true })).toBe(2);
  expect(taken(10, post("C1"))).toBe(2);
});

test("a pause that Slack asks for holds that channel only, and that method only", async () => {
  const { clock, turns } = open();
  turns.pause(post("C1"), 30_000);
  expect(turns.take(post("C1"), must)).toBe(30_000);
  expect(turns.take(post("C2"), must)).toBe(0);
  turns.pause(update, 5000);
  expect(turns.take({ ...update, channel: "C9" }, must)).toBe(5000);
  await clock.advance(30_000);
  expect(turns.take(post("C1"), must)).toBe(0);
});

test("who is allowed more may call more", () => {
  expect(open(10).taken(100, post("C1"))).toBe(40);
});
