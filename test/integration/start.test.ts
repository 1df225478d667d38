import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { s3Twin, slackTwin } from "opsthread/testing";
import { expect, test, vi } from "vitest";

const program = join(import.meta.dirname, "../../bin/opsthread.js");

/** `opsthread start` in a folder of its own, with what it says. */
async function started(
  config: object,
  env: Readonly<Record<string, string>>,
  options: readonly string[] = [],
) {
  const folder = await mkdtemp(join(tmpdir(), "opsthread-start-"));
  await writeFile(join(folder, "opsthread.config.json"), JSON.stringify(config));
  const child = spawn(process.execPath, [program, "start", ...options], {
    cwd: folder,
    env: { PATH: process.env["PATH"], HOME: folder, ...env },
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
  const ended = once(child, "exit");
  return {
    child,
    ended,
    said: () => said,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await ended;
      await rm(folder, { recursive: true });
    },
  };
}

const soon = { timeout: 30_000 };

test("a configured bot answers in Slack, and ends when it is told to", async () => {
  await using slack = await slackTwin();
  const { appToken, botToken, apiUrl, teamId } = slack;
  const config = {
    slack: { apiUrl },
    access: { admins: [`slack:${teamId}:U0PERSON1`] },
    sandbox: { driver: "virtual" },
  };
  await using bot = await started(config, { SLACK_APP_TOKEN: appToken, SLACK_BOT_TOKEN: botToken });
  await vi.waitFor(() => expect(bot.said()).toContain("Ready"), soon);

  const file = { name: "app.log", bytes: Buffer.from("10:00:01 ERROR disk is full\n") };
  const place = slack.say({ text: "logs: what went wrong?", mention: true, files: [file] });
  await vi.waitFor(() => {
    const answers = slack.thread(place).filter(({ isBot }) => isBot);
    expect(answers.map(({ text }) => text).join("\n")).toContain("disk is full");
  }, soon);
  bot.child.kill("SIGTERM");
  await bot.ended;

  expect(bot.child.exitCode).toBe(0);
  expect(bot.said()).not.toContain(botToken);
});

test("a bot whose token Slack refuses does not start, and says why", async () => {
  await using slack = await slackTwin();
  const config = {
    slack: { apiUrl: slack.apiUrl },
    access: { admins: ["slack:T1:U1"] },
    sandbox: { driver: "virtual" },
  };
  const wrong = { SLACK_APP_TOKEN: slack.appToken, SLACK_BOT_TOKEN: "xoxb-of-another-app" };
  await using bot = await started(config, wrong);
  await bot.ended;

  expect(bot.child.exitCode).toBe(2);
  expect(bot.said()).toContain("CONFIG_INVALID");
  expect(bot.said()).not.toContain("xoxb-of-another-app");
});

test("--check tries the bucket for blobs, and says what is wrong with it", async () => {
  await using s3 = await s3Twin();
  const config = (bucket: string) => ({
    slack: {},
    access: { admins: ["slack:T1:U1"] },
    blobs: {
      driver: "s3",
      endpoint: s3.url,
      bucket,
      accessKeyId: { env: "KEY" },
      secretAccessKey: { env: "SECRET" },
    },
  });
  const { accessKeyId: KEY, secretAccessKey: SECRET } = s3.credentials;
  const env = { SLACK_APP_TOKEN: "xapp-1", SLACK_BOT_TOKEN: "xoxb-1", KEY, SECRET };
  await using good = await started(config("ops"), env, ["--check"]);
  await using bad = await started(config("another"), env, ["--check"]);
  await Promise.all([good.ended, bad.ended]);

  expect(good.said()).toContain("The bucket works; nothing else was connected.");
  expect(good.child.exitCode).toBe(0);
  expect(bad.said()).toContain("there is no such bucket. Make it, or name another one");
  expect(bad.child.exitCode).not.toBe(0);
  expect(`${good.said()}${bad.said()}`).not.toContain(SECRET);
});
