import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { slackTwin } from "opsthread/testing";
import { expect, test, vi } from "vitest";

const program = join(import.meta.dirname, "../../bin/opsthread.js");
const soon = { timeout: 30_000 };

test("a schedule that is added while the bot runs is answered in a thread of its own", async () => {
  await using slack = await slackTwin();
  const { appToken, botToken, apiUrl, teamId } = slack;
  const { channel } = slack.say({ text: "said to nobody" });
  const folder = await mkdtemp(join(tmpdir(), "opsthread-schedule-"));
  const env = {
    PATH: process.env["PATH"],
    HOME: folder,
    SLACK_APP_TOKEN: appToken,
    SLACK_BOT_TOKEN: botToken,
  };
  const config = {
    slack: { apiUrl },
    access: { admins: [`slack:${teamId}:U0PERSON1`] },
    sandbox: { driver: "virtual" },
    schedules: [
      { id: "yearly", cron: "@yearly", message: "help", channel: `slack:${teamId}:${channel}` },
    ],
  };
  await writeFile(join(folder, "opsthread.config.json"), JSON.stringify(config));
  const schedule = async (...args: readonly string[]): Promise<string> => {
    const { stdout } = await promisify(execFile)(process.execPath, [program, "schedule", ...args], {
      cwd: folder,
      env,
    });
    return stdout;
  };
  const child = spawn(process.execPath, [program, "start"], { cwd: folder, env });
  try {
    let said = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
    await vi.waitFor(() => expect(said).toContain("Ready"), soon);

    const place = ["--channel", `slack:${teamId}:${channel}`];
    await schedule("add", "nightly", "--cron", "0 3 1 1 *", "--message", "help", ...place);
    await schedule("run", "nightly");
    const every = { ...soon, interval: 1000 };
    let known = "";
    await vi.waitFor(async () => {
      known = await schedule("list", "--json");
      expect(known).toMatch(/"type": "delivered",\s+"messageId": "\d+\.\d+"/);
    }, every);

    const [, thread = ""] = /"thread": "(\d+\.\d+)"/.exec(known) ?? [];
    const texts = slack.thread({ channel, thread }).map(({ text }) => text);
    expect(texts).toEqual([
      expect.stringContaining("Schedule nightly"),
      expect.stringContaining("logs"),
    ]);
    await schedule("pause", "yearly");
    const listed = await schedule("list");
    expect(listed).toMatch(/^yearly .* paused .* in the configuration$/m);
    expect(listed).toMatch(/^nightly .* delivered .* as \d+\.\d+$/m);
  } finally {
    child.kill("SIGKILL");
    await once(child, "exit");
    await rm(folder, { recursive: true });
  }
});
