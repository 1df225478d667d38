import { transcriptPage } from "opsthread/testing";
import { expect, test } from "vitest";

import { eventually } from "../../../src/testing/adapter-suite-support.ts";
import { demoTools, incident, keep, talking } from "./demo-conversation.ts";
import { openSlackBot } from "./slack-bot.ts";

test("the demo conversation: logs, progress, answer, artifacts, follow-up, approval, stop", async () => {
  const { tools, ran, began } = demoTools();
  await using opened = await openSlackBot({ tools, model: talking() });
  const { slack, settled } = opened;
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
});
