import { existsSync } from "node:fs";

import { expect, test } from "vitest";

import { createBot } from "../src/bot.ts";
import { answering } from "./agent/harness.ts";

const wrong = { id: "nightly", cron: "at nine", message: "look", channel: "slack:T1:C1" };
const options = { adapters: [], access: { admins: ["console:w:u"] } };

test.each([
  [
    "a budget of money without a price",
    { model: answering(), budget: { day: { usd: 5 } } },
    "test/answering",
  ],
  [
    "a price of another model",
    {
      model: answering(),
      budget: { turn: { usd: 5 } },
      prices: { "a/x": { input: 1, output: 1 } },
    },
    "test/answering",
  ],
  ["a limit that is none", { budget: { turn: { steps: -1 } } }, "budget"],
  [
    "a schedule on a platform that it is not on",
    {
      schedules: [{ id: "nightly", cron: "@daily", message: "look", channel: "slack:T1:C1" }],
    },
    'schedules[0] ("nightly"): its channel "slack:T1:C1" is on "slack"',
  ],
  ["a schedule without a rule", { schedules: [wrong] }, "schedules"],
  ["a price that is none", { prices: { "a/x": { input: -1, output: 1 } } }, "prices"],
] as const)("createBot() refuses %s before it opens anything", async (_, more, named) => {
  await expect(createBot({ ...options, ...more, dataFolder: "/nowhere" })).rejects.toMatchObject({
    code: "CONFIG_INVALID",
    message: expect.stringContaining(named),
  });
  expect(existsSync("/nowhere")).toBe(false);
});
