import { expect, test } from "vitest";

import { runChaos } from "./chaos/run-chaos.ts";

const seed = Number(process.env["OPSTHREAD_TEST_SEED"] ?? Date.now() % 1_000_000);
// `npm run chaos -- --minutes 10` sets it.
const minutes = Number(process.env["OPSTHREAD_CHAOS_MINUTES"] ?? 2);
const ms = minutes * 60_000;

test(
  `nothing is lost, done twice or out of order while things go wrong (seed ${seed})`,
  async () => {
    const { wrong, did, ...counts } = await runChaos({ seed, ms, sessions: 150, pauseMs: 4000 });

    process.stdout.write(`${JSON.stringify({ ...did, ...counts }, undefined, 2)}\n`);
    expect(wrong).toEqual({
      answers: [],
      otherPosts: [],
      doublePosts: 0,
      doubleEffects: [],
      journals: [],
      stuckSessions: [],
      leakedKeys: [],
    });
    expect(counts.answered).toBe(did["messages"]);
    expect(counts.resumed).toBeGreaterThan(0);
  },
  ms + 180_000,
);
