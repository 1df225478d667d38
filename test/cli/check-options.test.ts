import { expect, test } from "vitest";

import { botOptions } from "../../src/cli/start/bot-options.ts";
import { checkOptions } from "../../src/cli/start/check-options.ts";
import { openSecrets } from "../../src/cli/start/secrets.ts";
import { Config } from "../../src/config.ts";
import { silentLogger } from "../../src/core/logger.ts";
import type { Role } from "../../src/open-durable.ts";

const env = { SLACK_APP_TOKEN: "xapp-1", SLACK_BOT_TOKEN: "xoxb-1", REDIS_URL: "redis://r" };

async function check(settings: object, role: Role = "all"): Promise<void> {
  const access = { admins: ["slack:T1:U1"] };
  const config = Config.parse({ slack: {}, access, ...settings });
  const secrets = openSecrets({ env, folder: "/" });
  const options = await botOptions(config, { folder: "/", env, secrets, log: silentLogger });
  await checkOptions(options, { config, role });
}

const daily = (channel: string) => ({ id: "daily", cron: "@daily", message: "help", channel });

test.each([
  ["a role of its own without Redis", {}, "worker", /expected option "redis"/],
  [
    "a schedule on a platform that the bot is not on",
    { schedules: [daily("discord:1:2")] },
    "all",
    /schedules\[0\] \("daily"\): its channel "discord:1:2" is on "discord"/,
  ],
  ["a model without a key", { model: "openai/gpt-5.6" }, "all", /no key for "openai\/gpt-5.6"/],
  [
    "a budget in dollars without prices",
    { model: "http://localhost:1/v1#m", budget: { turn: { usd: 1 } } },
    "all",
    /give it in "prices"/,
  ],
] as const)("--check refuses %s", async (_, settings, role, message) => {
  await expect(check(settings, role)).rejects.toMatchObject({
    code: "CONFIG_INVALID",
    message: expect.stringMatching(message),
  });
});

test("--check takes what a bot takes", async () => {
  await expect(
    check({ redis: {}, schedules: [daily("slack:T1:C1")], budget: { turn: { usd: 1 } } }, "worker"),
  ).resolves.toBeUndefined();
});
