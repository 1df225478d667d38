import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";

import { slackAdapter } from "../../../src/adapters/slack/index.ts";
import { createBot } from "../../../src/bot.ts";
import { eventually } from "../../../src/testing/adapter-suite-support.ts";
import { slackTwin } from "../../../src/testing/slack-twin/slack-twin.ts";
import { answering, tool } from "../../agent/harness.ts";
import { testRedis, type TestRedis } from "../../support/redis-server.ts";

let redis: TestRedis;
beforeAll(async () => {
  redis = await testRedis();
});
afterAll(async () => {
  await redis[Symbol.asyncDispose]();
});

test("on Slack a gateway listens, and a worker without a connection asks, runs and answers", async () => {
  const folder = await mkdtemp(join(tmpdir(), "opsthread-roles-"));
  const slack = await slackTwin();
  const { appToken, botToken, apiUrl, teamId } = slack;
  const restart = { ...tool("restart", async () => "restarted"), needsApproval: true };
  const common = {
    access: {
      users: [`slack:${teamId}:UANN`],
      approvers: [`slack:${teamId}:UBOB`],
      channels: [`slack:${teamId}:*`],
    },
    dataFolder: folder,
    redis: { connection: redis.url, name: `test-${randomUUID()}` },
    sandbox: { driver: "virtual" },
    model: answering([["restart", { service: "web" }]], "It is up again."),
    tools: [restart],
    tracing: { files: false },
  } as const;
  const adapters = () => [slackAdapter({ appToken, botToken, apiUrl })];
  const gateway = await createBot({ ...common, adapters: adapters(), role: "gateway" });
  const worker = await createBot({ ...common, adapters: adapters(), role: "worker" });
  try {
    await Promise.all([gateway.start(), worker.start()]);
    const place = slack.say({ text: "restart web", user: "UANN", mention: true });
    const posts = () => slack.thread(place).filter(({ isBot }) => isBot);
    const card = () => posts().find(({ buttons }) => buttons.length > 0);
    await eventually(() => card() !== undefined, "the question");
    const ts = card()?.ts ?? "";
    slack.press({ channel: place.channel, ts, label: "Approve once", user: "UBOB" });

    await eventually(
      () => posts().some(({ text }) => text.includes("It is up again.")),
      "the answer",
    );
    expect(slack.calls.filter((method) => method === "apps.connections.open")).toHaveLength(1);
    expect(slack.late).toEqual([]);
  } finally {
    await gateway.stop();
    await worker.stop();
    await slack[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  }
});
