import { expect, test } from "vitest";

import { createMiner } from "../../../../src/tasks/logs/mine/miner.ts";
import { countLine } from "../../../../src/tasks/logs/mine/tally.ts";
import { newEvent } from "../../../../src/tasks/logs/parse/event.ts";
import { createTimeline } from "../../../../src/tasks/logs/story/timeline.ts";

function mine(messages: Iterable<string>, limit: number): ReturnType<typeof createMiner> {
  const timeline = createTimeline();
  const miner = createMiner({ timeline, limit });
  let line = 0;
  for (const text of messages) {
    line += 1;
    const tally = miner.find({
      ...newEvent(),
      level: text.startsWith("bad") ? "error" : "info",
      text,
    });
    const place = { file: 0, line, time: Number.NaN };
    if (tally !== undefined) countLine(tally, place, { slot: -1, component: "", timeline });
  }
  return miner;
}

function* letters(count: number): Generator<string> {
  for (let index = 0; index < count; index += 1) {
    yield index.toString(26).replaceAll(/\d/g, (digit) => "qrstuvwxyz".charAt(Number(digit)));
  }
}

const countOf = (miner: ReturnType<typeof createMiner>): number =>
  miner
    .finish()
    .flat()
    .reduce((sum, { count }) => sum + count, 0);

test("createMiner() joins what differs in a name when there is no room for each", () => {
  const miner = mine(
    [...letters(3000)].map((name) => `hello ${name} and welcome`),
    200,
  );
  expect(miner.overflow.lines).toBe(0);
  expect(countOf(miner)).toBe(3000);
});

test("createMiner() gives the rarest harmless patterns up, and counts them", () => {
  const random = [...letters(3000)].map(
    (name, index) => `${name} ${`x${name} `.repeat(index % 40)}`,
  );
  const miner = mine(["bad thing happened", ...random], 200);
  expect(miner.overflow.lines).toBeGreaterThan(0);
  expect(countOf(miner) + miner.overflow.lines).toBe(3001);
  expect(
    miner
      .finish()
      .flat()
      .some(({ shape }) => shape === "bad thing happened"),
  ).toBe(true);
});

test("createMiner() does not hide a failure in a pattern that was joined before", () => {
  const calm = [...letters(3000)].map((name) => `job ${name} done`);
  const miner = mine([...calm, "job failed done"], 200);
  const failed = miner
    .finish()
    .flat()
    .find(({ trouble }) => trouble);
  expect(failed?.count).toBe(1);
});
