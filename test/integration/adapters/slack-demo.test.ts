import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { createBot, type Model } from "opsthread";
import { offlineModel } from "opsthread/models";
import { slackAdapter } from "opsthread/slack";
import { logs } from "opsthread/tasks";
import { slackTwin, transcriptPage } from "opsthread/testing";
import { expect, test } from "vitest";

import { eventually } from "../../../src/testing/adapter-suite-support.ts";
import { answering, tool } from "../../agent/harness.ts";

/** Logs of two services, of which one takes the other down. */
function incident(): readonly { readonly name: string; readonly bytes: Buffer }[] {
  const line = (second: number, text: string): string =>
    `2026-11-26T10:${String(Math.floor(second / 60)).padStart(2, "0")}:${String(second % 60).padStart(2, "0")}Z ${text}`;
  const seconds = Array.from({ length: 300 }, (_, second) => second);
  const db = seconds.map((second) =>
    second === 90
      ? line(second, "ERROR postgres: could not extend file: No space left on device")
      : line(second, `INFO postgres: checkpoint ${second} complete`),
  );
  const web = seconds.map((second) =>
    second > 95 && second % 4 === 0
      ? line(second, `ERROR web: request ${second} failed: connection pool timeout <!channel>`)
      : line(second, `INFO web: GET /orders/${second} 200 in ${20 + (second % 7)} ms`),
  );
  return [
    { name: "web.log", bytes: Buffer.from(`${web.join("\n")}\n`) },
    { name: "db.log", bytes: Buffer.from(`${db.join("\n")}\n`) },
  ];
}

test("the demo conversation: logs, progress, answer, artifacts, follow-up, approval, stop", async () => {
  const folder = await mkdtemp(join(tmpdir(), "opsthread-slack-"));
  const slack = await slackTwin();
  const { appToken, botToken, apiUrl, teamId } = slack;
  let begin = (): void => {};
  const began = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const ran: string[] = [];
  const restart = {
    ...tool("restart", async () => {
      ran.push("restart");
      return "postgres restarted, 3 GB free";
    }),
    needsApproval: true,
  };
  const watch = tool("watch", async ({ signal }) => {
    begin();
    await new Promise((_, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
    });
    return "never";
  });
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
    tools: [restart, watch],
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
      files: incident(),
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

/** The offline planner, and for what it can't do prepared answers. */
function talking(): Model {
  const offline = offlineModel({ tasks: [logs] });
  const prepared = [
    {
      at: /restart the database/,
      model: answering(
        [["restart", { service: "postgres" }]],
        "Postgres **is up again**: 3 GB are free.",
      ),
    },
    { at: /watch it/, model: answering([["watch"]]) },
  ];
  return {
    ...offline,
    respond(request, options) {
      const asked = request.items.flatMap((item) => (item.type === "user" ? [item.text] : []));
      const meant = prepared.findLast(({ at }) => asked.some((text) => at.test(text)));
      return (meant?.model ?? offline).respond(request, options);
    },
  };
}

/** For people to look at: set OPSTHREAD_TEST_TRANSCRIPTS to a folder. */
async function keep(name: string, page: string): Promise<void> {
  const folder = process.env["OPSTHREAD_TEST_TRANSCRIPTS"];
  if (folder === undefined) return;
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, name), page);
}
