import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createBot } from "opsthread";
import { slackAdapter } from "opsthread/slack";
import { slackTwin, transcriptPage } from "opsthread/testing";
import { expect, test } from "vitest";

import { eventually } from "../../../src/testing/adapter-suite-support.ts";
import { demoTools, incident, keep, talking } from "./demo-conversation.ts";

test("the demo conversation: logs, progress, answer, artifacts, follow-up, approval, stop", async () => {
  const folder = await mkdtemp(join(tmpdir(), "opsthread-slack-"));
  const slack = await slackTwin();
  const { appToken, botToken, apiUrl, teamId } = slack;
  const { tools, ran, began } = demoTools();
  const bot = await createBot({
    adapters: [slackAdapter({ appToken, botToken, apiUrl })],
    access: {
      users: [`slack:${teamId}:UANN`],
      approvers: [`slack:${teamId}:UBOB`],
      channels: [`slack:${teamId}:*`],
    },
    dataFolder: folder,
    sandbox: { driver: "virtual" },
    secrets: [botToken],
    tools,
    model: talking(),
  });
  const settled = async (): Promise<void> => {
    await eventually(() => slack.pending().length === 0, "the acknowledgements");
    await bot.idle();
  };
  try {
    await bot.start();
    const place = slack.say({
      text: "orders fail since 10:01, what went wrong?",
      user: "UANN",
      mention: true,
      files: incident("<!channel>"),
    });
    const inThread = (text: string) => slack.say({ text, user: "UANN", ...place });
    const posts = () => slack.thread(place).filter(({ isBot }) => isBot);
    await settled();
    expect(posts()[0]?.text).toContain("No space left on device");
    const files = posts().flatMap((post) => post.files);
    expect(files.map(({ name }) => name)).toContain("report.md");

    inThread("only the errors of web.log");
    await settled();
    inThread("restart the database");
    await settled();
    const card = posts().find(({ buttons }) => buttons.length > 0);
    expect(ran).toEqual([]);
    slack.press({ ...place, ts: card?.ts ?? "", label: "Approve once", user: "UBOB" });
    await settled();
    expect(ran).toEqual(["restart"]);
    await eventually(() => posts().at(-1)?.text.includes("is up again") ?? false, "the answer");

    inThread("watch it for a while");
    await began;
    const progress = () =>
      posts().filter(({ metadata }) => metadata?.event_type === "opsthread_progress");
    await eventually(() => progress().length === 1, "the progress");
    inThread("stop");
    await settled();
    // So many posts in one channel have to wait a little.
    await eventually(() => /stopped/i.test(posts().at(-1)?.text ?? ""), "the end");
    await eventually(() => progress().length === 0, "the end of the progress");
    const decided = posts().find(({ ts }) => ts === card?.ts);
    expect(decided?.text).toContain("✅ Approved once by <@UBOB>");

    const page = transcriptPage(slack.transcript("The demo conversation in Slack"));
    expect(page).not.toContain("<!channel>");
    await keep("slack-demo.html", page);
  } finally {
    await bot.stop();
    await slack[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  }
});
