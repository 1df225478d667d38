import { expect, test } from "vitest";

import type { ThreadRef } from "../../../src/core/ids.ts";
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

const { signal } = new AbortController();
const plain = { signal, open: noArtifacts };

async function withThread(opening: Parameters<typeof openSlack>[0] = {}) {
  const opened = await openSlack(opening);
  const { slack, adapter, refOf } = opened;
  const thread = refOf(slack.say({ text: "please", mention: true }));
  const post = (given: Partial<Post> & { readonly key: string }, options = plain) =>
    adapter.post(postInto(thread, given), options);
  const bots = (where: ThreadRef = thread) => slack.thread(where).filter(({ isBot }) => isBot);
  return { ...opened, thread, post, bots };
}

/** Three messages. */
const long = Array.from({ length: 3400 }, (_, index) => `w${index}`).join(" ");
const wordsIn = (texts: readonly { readonly text: string }[]) =>
  texts.flatMap(({ text }) => text.match(/w\d+/g) ?? []);

test("artifacts arrive byte for byte, in one message; an empty one is named", async () => {
  await using opened = await withThread();
  const files = [
    { name: "report.md", bytes: Buffer.from("# Größe\n") },
    { name: "data.bin", bytes: binary(150_000) },
    { name: "empty.txt", bytes: new Uint8Array() },
  ];
  const { artifacts, open } = artifactsOf(files);
  await opened.post({ key: "k1", artifacts }, { signal, open });

  const [answer, shared] = opened.bots();
  expect(answer?.text).toContain("empty.txt is empty.");
  expect(shared?.files.map(({ name }) => name)).toEqual(["report.md", "data.bin"]);
  expect(shared?.files.map(({ bytes }) => bytes)).toEqual(
    files.slice(0, 2).map(({ bytes }) => Buffer.from(bytes)),
  );
});

test("a post is never sent again by the client itself: not after a 502, not after a cut", async () => {
  await using opened = await withThread();
  const { slack } = opened;
  const posts = () => slack.calls.filter((method) => method === "chat.postMessage").length;
  slack.faults.call("chat.postMessage", { type: "status", status: 502, taken: true });

  await expect(opened.post({ key: "k1" })).rejects.toMatchObject({ code: "ADAPTER_POST_UNKNOWN" });
  expect(posts()).toBe(1);
  expect(await opened.adapter.findPost(opened.thread, "k1", { signal })).toBeDefined();
  expect(opened.bots()).toHaveLength(1);
});

test.each([
  { type: "status", status: 503, taken: true },
  { type: "status", status: 503, taken: false },
  { type: "drop", taken: true },
  { type: "drop", taken: false },
  { type: "error", error: "service_unavailable" },
] as const)(
  "what broke off in the middle goes on there, with the whole of it found only then: %o",
  async (fault) => {
    await using opened = await withThread();
    const { slack, adapter, thread } = opened;
    const { artifacts, open } = artifactsOf([{ name: "a.log", bytes: binary(100) }]);
    const given = { key: "k1", markdown: long, artifacts };
    slack.faults.call("chat.postMessage", { type: "slow", until: Promise.resolve() });
    slack.faults.call("chat.postMessage", fault);

    await expect(opened.post(given, { signal, open })).rejects.toThrow("chat.postMessage");
    expect(await adapter.findPost(thread, "k1", { signal })).toBeUndefined();
    await opened.post(given, { signal, open });

    expect(wordsIn(opened.bots())).toEqual(long.split(" "));
    expect(opened.bots().flatMap(({ files }) => files)).toHaveLength(1);
    expect(await adapter.findPost(thread, "k1", { signal })).toEqual({
      messageId: opened.bots()[0]?.ts,
    });
  },
);

test.each([true, false])("files of unknown outcome are shared once (taken: %s)", async (taken) => {
  await using opened = await withThread();
  const { slack, adapter, thread } = opened;
  const { artifacts, open } = artifactsOf([{ name: "a.log", bytes: binary(100) }]);
  slack.faults.call("files.completeUploadExternal", { type: "drop", taken });

  await expect(opened.post({ key: "k1", artifacts }, { signal, open })).rejects.toMatchObject({
    code: "ADAPTER_POST_UNKNOWN",
  });
  const found = await adapter.findPost(thread, "k1", { signal });
  expect(found !== undefined).toBe(taken);
  if (!found) await opened.post({ key: "k1", artifacts }, { signal, open });
  expect(opened.bots().flatMap(({ files }) => files)).toHaveLength(1);
  expect(opened.bots().filter(({ metadata }) => metadata)).toHaveLength(1);
});

test("another process finds what was begun, and sends the rest", async () => {
  await using opened = await withThread();
  const { slack, thread } = opened;
  slack.faults.call("chat.postMessage", { type: "slow", until: Promise.resolve() });
  slack.faults.call("chat.postMessage", { type: "drop", taken: true });
  await expect(opened.post({ key: "k1", markdown: long })).rejects.toThrow("chat.postMessage");

  const { slackAdapter } = await import("../../../src/adapters/slack/index.ts");
  const { appToken, botToken, apiUrl } = slack;
  await using next = slackAdapter({ appToken, botToken, apiUrl });
  expect(await next.findPost(thread, "k1", { signal })).toBeUndefined();
  await next.post(postInto(thread, { key: "k1", markdown: long }), plain);
  expect(wordsIn(opened.bots())).toEqual(long.split(" "));
});

test("a key is found beyond the first page, and not where no thread is", async () => {
  await using opened = await withThread();
  const { slack, adapter, thread } = opened;
  for (let count = 0; count < 120; count += 1) slack.say({ text: "talk", ...thread });
  const { messageId } = await opened.post({ key: "k1" });
  expect(await adapter.findPost(thread, "k1", { signal })).toEqual({ messageId });
  expect(
    await adapter.findPost({ ...thread, thread: "1.000001" }, "k1", { signal }),
  ).toBeUndefined();
});

test("a channel that has to wait holds up no other, and is not asked again before", async () => {
  await using opened = await withThread();
  const { slack, adapter, refOf } = opened;
  const other = refOf(slack.say({ text: "please", channel: "C0WEB0001", mention: true }));
  slack.faults.call("chat.postMessage", { type: "rate-limited", retryAfterS: 30 });

  await expect(opened.post({ key: "k1" })).rejects.toMatchObject({
    code: "ADAPTER_RATE_LIMITED",
    data: { retryAfterMs: 30_000 },
  });
  await adapter.post(postInto(other, { key: "k2" }), plain);
  expect(opened.bots(other)).toHaveLength(1);
  const asked = slack.calls.length;
  await expect(opened.post({ key: "k1" })).rejects.toMatchObject({ code: "ADAPTER_RATE_LIMITED" });
  expect(slack.calls).toHaveLength(asked);
});

test("a post that has to wait in its middle goes on there, when the time is over", async () => {
  const clock = manualClock();
  await using opened = await withThread({ clock });
  opened.slack.faults.call(
    "chat.postMessage",
    { type: "rate-limited", retryAfterS: 5 },
    (args) => args.get("metadata")?.includes('"part":1') ?? false,
  );
  const given = { key: "k1", markdown: long };
  await expect(opened.post(given)).rejects.toMatchObject({ code: "ADAPTER_RATE_LIMITED" });
  await clock.advance(4999);
  await expect(opened.post(given)).rejects.toMatchObject({ data: { retryAfterMs: 1 } });
  await clock.advance(1);
  await opened.post(given);
  expect(wordsIn(opened.bots())).toEqual(long.split(" "));
  expect(opened.bots().some(({ unfurls }) => unfurls)).toBe(false);
});

test.each([
  ["channel_not_found", "ADAPTER_POST_REJECTED"],
  ["is_archived", "ADAPTER_POST_REJECTED"],
  ["invalid_auth", "ADAPTER_POST_FAILED"],
  ["not_in_channel", "ADAPTER_POST_FAILED"],
  ["fatal_error", "ADAPTER_POST_UNKNOWN"],
  ["internal_error", "ADAPTER_POST_UNKNOWN"],
])("%s is %s", async (error, code) => {
  await using opened = await withThread();
  opened.slack.faults.call("chat.postMessage", { type: "error", error });
  await expect(opened.post({ key: "k1" })).rejects.toMatchObject({ code });
});

test("a call that takes too long is of unknown outcome", async () => {
  await using opened = await openSlack({ timeoutMs: 50 });
  const { slack, adapter, refOf } = opened;
  const thread = refOf(slack.say({ text: "please", mention: true }));
  const slow = new Promise<void>(() => {});
  slack.faults.call("chat.postMessage", { type: "slow", until: slow });
  await expect(adapter.post(postInto(thread, { key: "k1" }), plain)).rejects.toMatchObject({
    code: "ADAPTER_POST_UNKNOWN",
  });
});

test("a very long answer is its beginning and a file with all of it", async () => {
  await using opened = await withThread();
  const markdown = Array.from({ length: 20_000 }, (_, index) => `w${index}`).join(" ");
  await opened.post({ key: "k1", markdown });

  const [beginning, shared, ...more] = opened.bots();
  expect(beginning?.text).toMatch(/^w0 w1 [\s\S]*All of it is in answer\.md/);
  expect(shared?.files[0]?.bytes.toString()).toBe(markdown);
  expect(more).toEqual([]);
});

test("an approval has its buttons, and what a turn took stands below its answer", async () => {
  await using opened = await withThread();
  const approval = {
    approvalId: "1abcde",
    title: "May I",
    facts: [],
    choices: ["once", "session", "always", "deny"] as const,
  };
  await opened.post({ key: "k1", kind: "approval", markdown: "**May I**", approval });
  const usage = { steps: 2, inputTokens: 10, outputTokens: 5, ms: 1000 };
  await opened.post({ key: "k2", usage });

  const [card, answer] = opened.bots();
  expect(card?.buttons).toEqual([
    "Approve once",
    "Approve for this session",
    "Approve for all sessions",
    "Deny",
  ]);
  expect(answer?.text).toBe("Done.\n2 steps · 15 tokens · 1 s");
});

test("an upload that fails again and again is named, and the answer comes without it", async () => {
  await using opened = await withThread();
  const { slack } = opened;
  const files = ["a.log", "b.log"].map((name) => ({ name, bytes: binary(100) }));
  const { artifacts, open } = artifactsOf(files);
  const send = () => opened.post({ key: "k1", artifacts }, { signal, open });
  // The second file's, four times: the first one is there after the first try.
  slack.faults.call("upload", { type: "slow", until: Promise.resolve() });
  for (let count = 0; count < 4; count += 1)
    slack.faults.call("upload", { type: "status", status: 500, taken: false });
  for (let count = 0; count < 3; count += 1)
    await expect(send()).rejects.toMatchObject({ code: "ADAPTER_POST_FAILED" });
  expect(opened.bots()).toEqual([]);
  await send();

  const [answer, shared] = opened.bots();
  expect(answer?.text).toContain("b.log could not be brought to Slack: status 500.");
  expect(shared?.files.map(({ name }) => name)).toEqual(["a.log"]);
  expect(slack.calls.filter((method) => method === "files.getUploadURLExternal")).toHaveLength(5);
});

test("files that Slack takes and does not show are linked", async () => {
  const clock = manualClock();
  await using opened = await withThread({ clock });
  const { slack } = opened;
  const { artifacts, open } = artifactsOf([{ name: "a<b.log", bytes: binary(100) }]);
  slack.faults.loseShare();
  const posted = opened.post({ key: "k1", artifacts }, { signal, open });
  await eventually(async () => {
    await clock.advance(500);
    return opened.bots().length === 2;
  }, "the link");
  await posted;
  expect(opened.bots().flatMap(({ files: shown }) => shown)).toEqual([]);
  expect(opened.bots().at(-1)?.text).toMatch(
    /^📎 Slack has these files[^<]*<http[^|]*\/files\/F[^|]*\|a&lt;b\.log>$/,
  );
});

test("images are files of their kind, so that Slack shows them", async () => {
  await using opened = await withThread();
  const { artifacts, open } = artifactsOf([{ name: "chart.png", bytes: binary(100) }]);
  await opened.post({ key: "k1", artifacts }, { signal, open });
  const [message] = opened.slack.transcript().threads[0]?.messages.slice(-1) ?? [];
  expect(message?.files).toMatchObject([{ name: "chart.png", mediaType: "image/png" }]);
});
