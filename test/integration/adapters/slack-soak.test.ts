import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, test } from "vitest";

import { slackSoak } from "../../../bench/soak/slack.ts";
import { soak } from "../../../bench/soak/soak.ts";
import { seededRandom } from "../../../src/testing/random.ts";

test("under load and with all that can go wrong each message is answered once, in its thread", async () => {
  const dataFolder = await mkdtemp(join(tmpdir(), "opsthread-soak-"));
  await using platform = await slackSoak();
  try {
    const { said, unanswered, twice, astray } = await soak(platform, {
      seconds: 6,
      rate: 10,
      mishaps: 5,
      patienceMs: 90_000,
      dataFolder,
      random: seededRandom(7),
    });
    expect({ unanswered, twice, astray }).toEqual({ unanswered: [], twice: [], astray: [] });
    expect(said).toBeGreaterThan(15);
  } finally {
    await rm(dataFolder, { recursive: true, force: true });
  }
});
