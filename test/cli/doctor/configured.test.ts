import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { botScopes } from "../../../src/adapters/slack/manifest.ts";
import { checkConfigured } from "../../../src/cli/doctor/configured.ts";
import { discordTwin } from "../../../src/testing/discord-twin/discord-twin.ts";
import { slackTwin } from "../../../src/testing/slack-twin/slack-twin.ts";

const { signal } = new AbortController();
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "opsthread-doctor-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function check(config: object, env: NodeJS.ProcessEnv = {}) {
  const path = join(folder, "opsthread.config.json");
  await writeFile(path, JSON.stringify({ access: {}, ...config }));
  return checkConfigured(path, { env, signal });
}

test("the platforms are asked with the tokens that the configuration names", async () => {
  await using slack = await slackTwin();
  await using discord = await discordTwin();
  await writeFile(join(folder, "slack-token"), `${slack.botToken}\n`);
  const checks = await check(
    {
      slack: {
        botToken: { file: "slack-token" },
        appToken: { env: "OTHER_APP_TOKEN" },
        apiUrl: slack.apiUrl,
      },
      discord: { botToken: { env: "OTHER_TOKEN" }, apiUrl: discord.apiUrl },
    },
    { OTHER_APP_TOKEN: slack.appToken, OTHER_TOKEN: discord.botToken },
  );

  expect(checks.map(({ name, status }) => [name, status])).toEqual([
    ["slack bot token", "ok"],
    ["slack app token", "ok"],
    ["Discord", "ok"],
  ]);
});

test("scopes are compared with what the configuration asks for", async () => {
  await using slack = await slackTwin({ scopes: [...botScopes, "commands", "users:read"] });
  const tokens = { SLACK_BOT_TOKEN: slack.botToken, SLACK_APP_TOKEN: slack.appToken };
  const { apiUrl } = slack;
  const [withGroups] = await check({ slack: { apiUrl, userGroups: true } }, tokens);
  const [plain] = await check({ slack: { apiUrl, reactions: false } }, tokens);

  expect(withGroups).toMatchObject({
    status: "fail",
    text: expect.stringContaining("without the scopes usergroups:read"),
  });
  expect(plain?.text).not.toContain("reactions:read");
  expect(plain?.status).toBe("warn");
});

test("what is missing or can't be reached fails alone, and says nothing secret", async () => {
  const checks = await check(
    { slack: {}, redis: { connection: { env: "REDIS" } } },
    { REDIS: "redis://:secretword@127.0.0.1:1/0" },
  );

  expect(checks).toEqual([
    {
      name: "slack",
      status: "fail",
      text: "Cannot use slack.botToken: the environment variable SLACK_BOT_TOKEN is not set",
    },
    { name: "redis", status: "fail", text: expect.stringContaining("127.0.0.1:1") },
  ]);
  expect(JSON.stringify(checks)).not.toContain("secretword");
});
