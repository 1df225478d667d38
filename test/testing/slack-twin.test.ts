import { WebSocket } from "undici";
import { expect, test } from "vitest";

import { eventually } from "../../src/testing/adapter-suite-support.ts";
import { manualClock } from "../../src/testing/manual-clock.ts";
import { slackTwin, type SlackTwin } from "../../src/testing/slack-twin/slack-twin.ts";

const call = async (
  slack: SlackTwin,
  method: string,
  args: Readonly<Record<string, unknown>> = {},
  token: string = slack.botToken,
): Promise<Record<string, unknown>> => {
  const flat = Object.entries(args).map(([name, value]) => [
    name,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  const response = await fetch(slack.apiUrl + method, {
    method: "POST",
    headers: { authorization: `Bearer ${token}` },
    body: new URLSearchParams(Object.fromEntries(flat)),
  });
  return (await response.json()) as Record<string, unknown>;
};

const section = (text: string): object => ({ type: "section", text: { type: "mrkdwn", text } });
const button = (id: string, label: string): object => ({
  type: "button",
  action_id: id,
  text: { type: "plain_text", text: label },
});
const ops = { channel: "C0OPS0001" };

test.each([
  ["chat.postMassage", {}, "unknown_method"],
  ["chat.postMessage", { channel: "C0NOWHERE", text: "x" }, "channel_not_found"],
  ["chat.postMessage", { channel: "ops", text: "x" }, "channel_not_found"],
  ["chat.postMessage", { channel: "C0OTHER01", text: "x" }, "not_in_channel"],
  ["chat.postMessage", { ...ops, text: " " }, "no_text"],
  ["chat.postMessage", { ...ops }, "no_text"],
  ["chat.postMessage", { text: "x" }, "invalid_arguments"],
  ["chat.postMessage", { ...ops, text: "x", treadts: "1" }, "invalid_arguments"],
  ["chat.postMessage", { ...ops, text: "x", thread_ts: "1.000001" }, "thread_not_found"],
  ["chat.postMessage", { ...ops, blocks: [section("x".repeat(3001))] }, "invalid_blocks"],
  ["chat.postMessage", { ...ops, blocks: [] }, "invalid_blocks"],
  ["chat.postMessage", { ...ops, blocks: [{ type: "sektion" }] }, "invalid_blocks"],
  [
    "chat.postMessage",
    { ...ops, blocks: Array.from({ length: 51 }, () => section("x")) },
    "msg_blocks_too_many",
  ],
  [
    "chat.postMessage",
    { ...ops, blocks: Array.from({ length: 5 }, () => section("x".repeat(2900))) },
    "msg_blocks_too_long",
  ],
  [
    "chat.postMessage",
    { ...ops, blocks: [{ type: "actions", elements: [button("a", "x".repeat(76))] }] },
    "invalid_blocks",
  ],
  [
    "chat.postMessage",
    { ...ops, blocks: [{ type: "actions", elements: [button("a", "1"), button("a", "2")] }] },
    "invalid_blocks",
  ],
  [
    "chat.postMessage",
    { ...ops, text: "x", metadata: { event_type: "a b", event_payload: {} } },
    "invalid_metadata_format",
  ],
  [
    "chat.postMessage",
    { ...ops, text: "x", metadata: { event_type: "a", event_payload: { k: "x".repeat(20_000) } } },
    "metadata_too_large",
  ],
  ["chat.update", { ...ops, ts: "1.000001", text: "x" }, "message_not_found"],
  ["conversations.replies", { ...ops, ts: "1.000001" }, "thread_not_found"],
  ["files.getUploadURLExternal", { filename: "a", length: "0" }, "invalid_arguments"],
  [
    "files.completeUploadExternal",
    { channel_id: "C0OPS0001", files: [{ id: "F1" }] },
    "file_not_found",
  ],
  ["files.info", { file: "F1" }, "file_not_found"],
] as const)("%s with %j is refused: %s", async (method, args, error) => {
  await using slack = await slackTwin();
  expect(await call(slack, method, args)).toMatchObject({ ok: false, error });
});

test("tokens are for what they are for", async () => {
  await using slack = await slackTwin({ scopes: ["files:read"] });
  const post = { ...ops, text: "x" };
  expect(await call(slack, "auth.test", {}, "xoxb-other")).toMatchObject({ error: "invalid_auth" });
  expect(await call(slack, "apps.connections.open")).toMatchObject({
    error: "not_allowed_token_type",
  });
  expect(await call(slack, "auth.test", {}, slack.appToken)).toMatchObject({
    error: "not_allowed_token_type",
  });
  expect(await call(slack, "chat.postMessage", post)).toMatchObject({
    error: "missing_scope",
    needed: "chat:write",
    provided: "files:read",
  });
});

test("what is too long is cut or refused, and what people wrote is not the bot's to change", async () => {
  await using slack = await slackTwin();
  const posted = await call(slack, "chat.postMessage", { ...ops, text: "x".repeat(40_001) });
  expect(posted).toMatchObject({ ok: true, warning: "message_truncated" });
  const { ts } = posted as { ts: string };
  expect(slack.thread({ ...ops, thread: ts })[0]?.text).toHaveLength(40_000);
  expect(await call(slack, "chat.update", { ...ops, ts, text: "x".repeat(4001) })).toMatchObject({
    error: "msg_too_long",
  });
  const said = slack.say({ text: "mine" });
  expect(await call(slack, "chat.update", { ...ops, ts: said.ts, text: "x" })).toMatchObject({
    error: "cant_update_message",
  });
  expect(await call(slack, "chat.delete", { ...ops, ts: said.ts })).toMatchObject({
    error: "cant_delete_message",
  });
});

test("metadata is told only to who asks, page by page", async () => {
  await using slack = await slackTwin({ rateFactor: Infinity });
  const { thread } = slack.say({ text: "root" });
  const metadata = { event_type: "a", event_payload: { key: "k" } };
  for (let count = 0; count < 60; count += 1)
    await call(slack, "chat.postMessage", { ...ops, thread_ts: thread, text: "x", metadata });
  const bare = await call(slack, "conversations.replies", { ...ops, ts: thread, limit: "200" });
  expect(bare).toMatchObject({ has_more: true, response_metadata: { next_cursor: "50" } });
  expect(JSON.stringify(bare)).not.toContain("event_payload");
  const rest = await call(slack, "conversations.replies", {
    ...ops,
    ts: thread,
    cursor: "50",
    include_all_metadata: "true",
  });
  expect(rest["messages"]).toHaveLength(11);
  expect(JSON.stringify(rest)).toContain("event_payload");
});

/** An app that reads its socket, and acknowledges as it is told. */
async function connected(slack: SlackTwin, acknowledges: (envelope: Envelope) => boolean) {
  const opened = await call(slack, "apps.connections.open", {}, slack.appToken);
  const url = String(opened["url"]);
  const socket = new WebSocket(url);
  const got: Envelope[] = [];
  socket.addEventListener("message", ({ data }) => {
    const envelope = JSON.parse(String(data)) as Envelope;
    if (envelope.envelope_id === undefined) return;
    got.push(envelope);
    if (acknowledges(envelope)) socket.send(JSON.stringify({ envelope_id: envelope.envelope_id }));
  });
  await eventually(() => slack.connections() > 0, "the connection");
  return { got, url, socket };
}

interface Envelope {
  readonly envelope_id?: string;
  readonly retry_attempt?: number;
  readonly payload: { readonly event_id?: string };
}

test("an event is told four times at most, and one that nobody took is lost", async () => {
  const clock = manualClock();
  await using slack = await slackTwin({ clock });
  const { got } = await connected(slack, () => false);
  const { channel, ts } = slack.say({ text: "hello" });
  const waits = [3000, 3000, 60_000, 3000, 300_000, 3000];
  for (const ms of waits) {
    await slack.roundTrip();
    await clock.advance(ms);
  }
  await slack.roundTrip();
  expect(got.map(({ retry_attempt: attempt = 0 }) => attempt)).toEqual([0, 1, 2, 3]);
  expect(new Set(got.map(({ payload }) => payload.event_id)).size).toBe(1);
  expect(new Set(got.map(({ envelope_id: id }) => id)).size).toBe(4);
  expect(slack.lost).toEqual([`${channel}:${ts}`]);
});

test("an acknowledgement after three seconds is too late, and an address is good for one socket", async () => {
  const clock = manualClock();
  await using slack = await slackTwin({ clock });
  const { got, url, socket } = await connected(
    slack,
    ({ retry_attempt: attempt = 0 }) => attempt > 0,
  );
  slack.say({ text: "hello" });
  await slack.roundTrip();
  await clock.advance(3000);
  socket.send(JSON.stringify({ envelope_id: got[0]?.envelope_id }));
  await eventually(() => slack.pending().length === 0, "the second acknowledgement");
  await eventually(() => slack.late.length === 1, "the first acknowledgement");
  expect(got).toHaveLength(2);

  const second = new WebSocket(url);
  await new Promise((resolve) => {
    second.addEventListener("close", resolve);
  });
  expect(slack.connections()).toBe(1);
});
