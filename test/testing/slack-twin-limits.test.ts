import { expect, test } from "vitest";

import { manualClock } from "../../src/testing/manual-clock.ts";
import { slackTwin, type SlackTwin } from "../../src/testing/slack-twin/slack-twin.ts";

const ask = (
  slack: SlackTwin,
  method: string,
  args: Readonly<Record<string, unknown>> = {},
): Promise<Response> =>
  fetch(slack.apiUrl + method, {
    method: "POST",
    headers: { authorization: `Bearer ${slack.botToken}` },
    body: new URLSearchParams(
      Object.fromEntries(
        Object.entries(args).map(([name, value]) => [
          name,
          typeof value === "string" ? value : JSON.stringify(value),
        ]),
      ),
    ),
  });

const call = async (...asked: Parameters<typeof ask>): Promise<Record<string, unknown>> =>
  (await (await ask(...asked)).json()) as Record<string, unknown>;

const ops = { channel: "C0OPS0001" };
const section = (text: string): object => ({ type: "section", text: { type: "mrkdwn", text } });
const button = (more: object): object => ({
  type: "actions",
  elements: [{ type: "button", action_id: "a", text: { type: "plain_text", text: "Go" }, ...more }],
});

test("a channel takes a few posts at once and then one a second; another one is not held up", async () => {
  const clock = manualClock();
  await using slack = await slackTwin({ clock });
  const post = (channel: string) => ask(slack, "chat.postMessage", { channel, text: "x" });
  const statuses: number[] = [];
  for (let count = 0; count < 6; count += 1) statuses.push((await post("C0OPS0001")).status);
  expect(statuses).toEqual([200, 200, 200, 200, 200, 429]);
  expect((await post("C0OPS0001")).headers.get("retry-after")).toBe("1");
  expect((await post("C0WEB0001")).status).toBe(200);
  await clock.advance(1000);
  expect((await post("C0OPS0001")).status).toBe(200);
  expect((await post("C0OPS0001")).status).toBe(429);
  expect(slack.limited).toEqual(Array(3).fill("chat.postMessage"));
});

test("a method has its tier, and a workspace its posts", async () => {
  const clock = manualClock();
  await using slack = await slackTwin({ clock });
  const statuses = async (count: number, method: string, args: (index: number) => object) => {
    const seen: number[] = [];
    for (let index = 0; index < count; index += 1)
      seen.push((await ask(slack, method, { ...args(index) })).status);
    return seen.filter((status) => status === 429).length;
  };
  expect(await statuses(52, "chat.update", () => ({ ...ops, ts: "1.1", text: "x" }))).toBe(2);
  await clock.advance(60_000);
  expect(await statuses(50, "chat.update", () => ({ ...ops, ts: "1.1", text: "x" }))).toBe(0);
  expect(
    await statuses(102, "chat.postMessage", (index) => ({ channel: `C${index}`, text: "x" })),
  ).toBe(2);
});

test.each([
  ["a long button", button({ text: { type: "plain_text", text: "x".repeat(76) } })],
  ["a long value", button({ value: "x".repeat(2001) })],
  ["a long id", button({ action_id: "x".repeat(256) })],
  ["an empty section", { type: "section" }],
  ["a long field", { type: "section", fields: [{ type: "mrkdwn", text: "x".repeat(2001) }] }],
  [
    "an image from two places",
    { type: "image", alt_text: "a", image_url: "https://a.example", slack_file: { id: "F1" } },
  ],
  ["an image from nowhere", { type: "image", alt_text: "a" }],
  ["a long section", section("x".repeat(3001))],
])("%s is no block", async (_, block) => {
  await using slack = await slackTwin();
  const answer = await call(slack, "chat.postMessage", { ...ops, blocks: [block] });
  expect(answer).toMatchObject({ ok: false, error: "invalid_blocks" });
});

test("Markdown stands alone, and is not too long", async () => {
  await using slack = await slackTwin();
  const post = (args: object) => call(slack, "chat.postMessage", { ...ops, ...args });
  expect(await post({ markdown_text: "*x*" })).toMatchObject({ ok: true });
  expect(await post({ markdown_text: "x", text: "y" })).toMatchObject({
    error: "markdown_text_conflict",
  });
  expect(await post({ markdown_text: "x".repeat(12_001) })).toMatchObject({
    error: "msg_too_long",
  });
});

test("a message that grows needs a thread and somebody to see it, and ends after five minutes", async () => {
  const clock = manualClock();
  await using slack = await slackTwin({ clock });
  const { thread } = slack.say({ text: "please", mention: true });
  const to = { recipient_user_id: "U0PERSON1", recipient_team_id: slack.teamId };
  const start = (args: object) => call(slack, "chat.startStream", { ...ops, ...args });
  expect(await start(to)).toMatchObject({ error: "invalid_arguments" });
  expect(await start({ thread_ts: thread })).toMatchObject({ error: "missing_recipient_user_id" });
  const { ts } = await start({ thread_ts: thread, ...to, markdown_text: "one" });
  const place = { ...ops, ts };
  expect(await call(slack, "chat.appendStream", { ...place, markdown_text: " two" })).toMatchObject(
    { ok: true },
  );
  expect(slack.thread({ channel: ops.channel, thread }).at(-1)?.text).toBe("one two");
  expect(await call(slack, "chat.update", { ...place, text: "x" })).toMatchObject({
    error: "streaming_state_conflict",
  });
  await clock.advance(300_000);
  for (const method of ["chat.appendStream", "chat.stopStream"])
    expect(await call(slack, method, { ...place, markdown_text: "x" })).toMatchObject({
      error: "message_not_in_streaming_state",
    });
  expect(await call(slack, "chat.update", { ...place, text: "all" })).toMatchObject({ ok: true });
});

test("tasks of a message that grows are written again, not twice", async () => {
  await using slack = await slackTwin();
  const place = slack.say({ text: "please", channel: "D0DIRECT1" });
  const task = (status: string): object => ({
    chunks: [{ type: "task_update", id: "1", title: "Reading", status }],
  });
  const args = { channel: place.channel, thread_ts: place.thread, ...task("in_progress") };
  const { ts } = await call(slack, "chat.startStream", args);
  const done = { channel: place.channel, ts, ...task("complete") };
  expect(await call(slack, "chat.stopStream", done)).toMatchObject({ ok: true });
  expect(slack.thread(place).at(-1)?.text).toBe("● Reading");
  expect(await call(slack, "chat.appendStream", done)).toMatchObject({
    error: "message_not_in_streaming_state",
  });
});

test("a status goes after two minutes, and when the app says something", async () => {
  const clock = manualClock();
  await using slack = await slackTwin({ clock });
  const place = slack.say({ text: "please", mention: true });
  const at = { channel_id: place.channel, thread_ts: place.thread };
  const set = (status: string) => call(slack, "assistant.threads.setStatus", { ...at, status });
  await set("is thinking");
  await clock.advance(119_000);
  expect(slack.status(place)).toBe("is thinking");
  await clock.advance(1000);
  expect(slack.status(place)).toBeUndefined();
  await set("is thinking");
  await call(slack, "chat.postMessage", { ...ops, thread_ts: place.thread, text: "x" });
  expect(slack.status(place)).toBeUndefined();
  await set("is thinking");
  await set("");
  expect(slack.status(place)).toBeUndefined();
});

test("prompts and titles are for conversations with the app alone", async () => {
  await using slack = await slackTwin();
  const prompts = [{ title: "Logs", message: "what went wrong?" }];
  const direct = slack.say({ text: "hello", channel: "D0DIRECT1" });
  const at = { channel_id: direct.channel, thread_ts: direct.thread };
  const setPrompts = "assistant.threads.setSuggestedPrompts";
  expect(await call(slack, setPrompts, { ...at, prompts })).toMatchObject({ ok: true });
  await call(slack, "assistant.threads.setTitle", { ...at, title: "Orders" });
  expect(slack.assistant(direct)).toEqual({ title: "Orders", prompts: ["what went wrong?"] });
  expect(
    await call(slack, setPrompts, { ...at, prompts: Array(5).fill(prompts[0]) }),
  ).toMatchObject({ error: "invalid_arguments" });
  const place = slack.say({ text: "please" });
  const elsewhere = { channel_id: place.channel, thread_ts: place.thread, prompts };
  expect(await call(slack, setPrompts, elsewhere)).toMatchObject({ error: "invalid_thread_ts" });
});

test("a file is known to be shared when its information says so", async () => {
  await using slack = await slackTwin();
  const { thread } = slack.say({ text: "please", mention: true });
  const share = async (): Promise<string> => {
    const asked = await call(slack, "files.getUploadURLExternal", {
      filename: "a.png",
      length: "1",
    });
    await fetch(String(asked["upload_url"]), { method: "POST", body: "x" });
    const id = String(asked["file_id"]);
    const files = [{ id }];
    const place = { channel_id: ops.channel, thread_ts: thread };
    expect(await call(slack, "files.completeUploadExternal", { files, ...place })).toMatchObject({
      ok: true,
    });
    return id;
  };
  const ts = expect.any(String);
  expect(await call(slack, "files.info", { file: await share() })).toMatchObject({
    file: { mimetype: "image/png", shares: { public: { C0OPS0001: [{ ts }] } } },
  });
  slack.faults.loseShare();
  const { file } = await call(slack, "files.info", { file: await share() });
  expect(file).not.toHaveProperty("shares");
  expect(slack.thread({ channel: ops.channel, thread })).toHaveLength(2);
});

test.each([
  [{ type: "status", status: 500, taken: false }, 500, false],
  [{ type: "status", status: 500, taken: true }, 500, true],
] as const)("an upload meets %o", async (fault, status, isThere) => {
  await using slack = await slackTwin();
  const asked = await call(slack, "files.getUploadURLExternal", { filename: "a", length: "1" });
  slack.faults.call("upload", fault);
  const answer = await fetch(String(asked["upload_url"]), { method: "POST", body: "x" });
  expect(answer.status).toBe(status);
  const files = [{ id: asked["file_id"] }];
  const done = await call(slack, "files.completeUploadExternal", {
    files,
    channel_id: ops.channel,
  });
  expect(done["ok"]).toBe(isThere);
});
