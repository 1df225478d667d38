import { expect, test } from "vitest";

import type { Post } from "../../../src/core/post.ts";
import {
  artifactsOf,
  binary,
  eventually,
  noArtifacts,
  postInto,
} from "../../../src/testing/adapter-suite-support.ts";
import { manualClock } from "../../../src/testing/manual-clock.ts";
import { openSlack } from "./open-slack.ts";

/** Slack's rules for what is sent: the twin refuses what Slack would. */

const { signal } = new AbortController();

async function withThread(opening: Parameters<typeof openSlack>[0] = {}) {
  const opened = await openSlack(opening);
  const { slack, adapter, refOf } = opened;
  const thread = refOf(slack.say({ text: "please", mention: true }));
  const post = (given: Partial<Post> & { readonly key: string }) =>
    adapter.post(postInto(thread, given), { signal, open: noArtifacts });
  const bots = () => slack.thread(thread).filter(({ isBot }) => isBot);
  return { ...opened, thread, post, bots };
}
const wordsIn = (text: string): readonly string[] => text.match(/w\d+/g) ?? [];
const words = (count: number, between: string): string =>
  Array.from({ length: count }, (_, index) => `w${index}`).join(between);

test.each([
  ["21,600 characters of prose", words(3600, " ")],
  ["a line of 60,000 characters without a space", words(11_000, ".")],
  ["200 headings", words(200, "\n\n# ")],
  ["120 rules", words(120, "\n\n---\n\n")],
  ["what grows when it is escaped", words(1500, " <&> ")],
  ["a block of code of 20,000 characters", `\`\`\`\n${words(4000, "\n")}\n\`\`\``],
  ["a table of 300 rows", `| a | b |\n|---|---|\n| ${words(300, " | x |\n| ")} | x |`],
  ["lists in lists", words(400, "\n  - ").replace(/^/, "- ")],
])("%s arrives whole, within all limits", async (_, markdown) => {
  await using opened = await withThread({ rateFactor: 100 });
  await opened.post({ key: "k1", markdown });

  const whole = opened
    .bots()
    .flatMap(({ files }) => files)[0]
    ?.bytes.toString();
  const seen =
    whole ??
    opened
      .bots()
      .map(({ text }) => text)
      .join("\n");
  expect(wordsIn(seen)).toEqual(wordsIn(markdown));
  expect(opened.slack.limited).toEqual([]);
});

test("progress of any length is cut to what an update may have", async () => {
  const clock = manualClock();
  await using opened = await withThread({ clock });
  const { adapter, thread, bots } = opened;
  for (const markdown of [`first ${"<".repeat(9000)}`, `second ${"&".repeat(9000)}`]) {
    await adapter.showProgress(thread, { key: "t", markdown }, { signal });
    await eventually(async () => {
      await clock.advance(1000);
      return bots().some(({ text }) => text.startsWith(markdown.slice(0, 5)));
    }, "the line");
  }
  expect(bots()).toHaveLength(1);
});

test("an answer and its files go beneath what was asked, and nowhere else", async () => {
  await using opened = await withThread();
  const { slack, adapter, thread } = opened;
  const { artifacts, open } = artifactsOf([{ name: "a.log", bytes: binary(100) }]);
  await adapter.post(postInto(thread, { key: "k1", artifacts }), { signal, open });
  expect(slack.transcript().threads).toHaveLength(1);

  const nowhere = { ...thread, thread: "1.000001" };
  const lost = adapter.post(postInto(nowhere, { key: "k2" }), { signal, open: noArtifacts });
  await expect(lost).rejects.toMatchObject({ code: "ADAPTER_POST_REJECTED" });
  expect(slack.transcript().threads).toHaveLength(1);
});

test("nothing that a model writes calls a channel, a group or a person, wherever it stands", async () => {
  await using opened = await withThread();
  const { slack, adapter, thread } = opened;
  const evil = "<!channel> <!here> <@U1> <!subteam^S1> @channel &lt;!everyone&gt;";
  const approval = {
    approvalId: "1abcde",
    title: evil,
    code: evil,
    facts: [{ name: evil, value: evil }],
    choices: ["once", "deny"] as const,
  };
  await opened.post({ key: "k1", markdown: `# ${evil}\n\n${evil}\n\n\`${evil}\`` });
  await opened.post({ key: "k2", kind: "approval", markdown: evil, approval });
  const files = artifactsOf([{ name: evil, bytes: new Uint8Array() }]);
  await adapter.post(postInto(thread, { key: "k3", artifacts: files.artifacts }), {
    signal,
    open: files.open,
  });
  const pages = JSON.stringify(slack.transcript());
  expect(pages).not.toContain('class=\\"mention calls-all');
  expect(pages.match(/class=\\"mention/g)).toHaveLength(1); // Of who asked.
});

test("a token that may not write says which scope it lacks", async () => {
  await using opened = await withThread({ scopes: ["channels:history"] });
  await expect(opened.post({ key: "k1" })).rejects.toThrow(
    'the token lacks the scope "chat:write" (missing_scope)',
  );
});

test("a message that a person deleted is no reason to stop: progress begins anew", async () => {
  const clock = manualClock();
  await using opened = await withThread({ clock });
  const { slack, adapter, thread, bots } = opened;
  const shown = async (markdown: string): Promise<void> => {
    await adapter.showProgress(thread, { key: "t", markdown }, { signal });
    await eventually(async () => {
      await clock.advance(1000);
      return bots().some(({ text }) => text === markdown);
    }, markdown);
  };
  await shown("one");
  slack.faults.call("chat.update", { type: "error", error: "message_not_found" });
  await adapter.showProgress(thread, { key: "t", markdown: "two" }, { signal });
  await eventually(async () => {
    await clock.advance(1000);
    return slack.calls.includes("chat.update");
  }, "the change");
  await shown("three");
  expect(slack.calls.filter((method) => method === "chat.postMessage")).toHaveLength(2);
});
