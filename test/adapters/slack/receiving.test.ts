import { expect, test } from "vitest";

import {
  bytesOf,
  eventually,
  noArtifacts,
  postInto,
  recordingInbound,
} from "../../../src/testing/adapter-suite-support.ts";
import { manualClock } from "../../../src/testing/manual-clock.ts";
import { openSlack, passUntil } from "./open-slack.ts";

const { signal } = new AbortController();

test("a mention with files is one message, with its files, and both events are acknowledged", async () => {
  await using opened = await openSlack();
  const { slack, adapter } = opened;
  const inbound = recordingInbound();
  await adapter.start(inbound);
  slack.say({
    text: "read this",
    mention: true,
    files: [{ name: "a.log", bytes: Buffer.from("x") }],
  });
  await eventually(() => slack.pending().length === 0, "the acknowledgements");

  expect(inbound.messages).toHaveLength(1);
  expect(inbound.messages[0]).toMatchObject({
    kind: "mention",
    text: "read this",
    attachments: [{ name: "a.log", bytes: 1 }],
  });
});

test("a message to the bot alone is direct, and so is the next one in its thread", async () => {
  await using opened = await openSlack();
  const { slack, adapter } = opened;
  const inbound = recordingInbound();
  await adapter.start(inbound);
  const { thread } = slack.say({ text: "hello", channel: "D0DIRECT1" });
  slack.say({ text: "again", channel: "D0DIRECT1", thread });
  const messages = await inbound.received(2);
  expect(messages.map(({ kind }) => kind)).toEqual(["direct", "direct"]);
  expect(messages[1]?.thread).toEqual(messages[0]?.thread);
});

test("the bot's own posts, its progress and their deletion come to nothing", async () => {
  await using opened = await openSlack();
  const { slack, adapter, refOf } = opened;
  const inbound = recordingInbound();
  await adapter.start(inbound);
  const thread = refOf(slack.say({ text: "hello", mention: true }));
  await adapter.post(postInto(thread, { key: "k1" }), { signal, open: noArtifacts });
  for (const markdown of ["Reading", "Still"]) {
    await adapter.showProgress(thread, { key: "t", markdown }, { signal });
    await eventually(() => slack.thread(thread).at(-1)?.text === markdown, markdown);
  }
  await adapter.showProgress(thread, { key: "t", markdown: undefined }, { signal });
  await eventually(() => slack.pending().length === 0, "the acknowledgements");
  expect(inbound.messages).toHaveLength(1);
  expect(slack.calls.filter((method) => method.startsWith("chat."))).toEqual([
    "chat.postMessage",
    "chat.postMessage",
    "chat.update",
    "chat.delete",
  ]);
});

test("a message waits until the one before it in its thread is stored", async () => {
  await using opened = await openSlack();
  const { slack, adapter } = opened;
  let store = (): void => {};
  const stored = new Promise<void>((resolve) => {
    store = resolve;
  });
  const inbound = recordingInbound(async ({ kind }) => {
    if (kind === "mention") await stored;
    return { status: "accepted" };
  });
  await adapter.start(inbound);
  const said = slack.say({ text: "first", mention: true });
  slack.say({ text: "second", ...said });
  slack.say({ text: "elsewhere", channel: "C0WEB0001", mention: true });
  await inbound.received(2);
  expect(inbound.messages.map(({ text }) => text)).toEqual(["first", "elsewhere"]);
  store();
  await inbound.received(3);
  await eventually(() => slack.pending().length === 0, "the acknowledgements");
});

test("a button is pressed: the decision comes in the thread, and a refusal is told to that person alone", async () => {
  await using opened = await openSlack();
  const { slack, adapter, refOf } = opened;
  const inbound = recordingInbound(async ({ decision }) =>
    decision
      ? { status: "denied", reason: "Only an <approver> may do this" }
      : { status: "accepted" },
  );
  await adapter.start(inbound);
  const place = slack.say({ text: "do it", mention: true });
  const approval = {
    approvalId: "1abcde",
    title: "May I",
    facts: [],
    choices: ["once", "deny"] as const,
  };
  const { messageId } = await adapter.post(
    postInto(refOf(place), { key: "k1", kind: "approval", approval }),
    { signal, open: noArtifacts },
  );
  slack.press({ channel: place.channel, ts: messageId, label: "Approve once", user: "U2" });
  const [, press] = await inbound.received(2);
  expect(press).toMatchObject({
    decision: { approvalId: "1abcde", choice: "once" },
    actor: { id: "U2" },
    thread: refOf(place),
  });
  await eventually(() => slack.whispers(place).length > 0, "the refusal");
  expect(slack.whispers(place)).toEqual(["Only an &lt;approver&gt; may do this"]);
});

test("Slack asks for a new connection: there is always one, and what was under way is acknowledged", async () => {
  await using opened = await openSlack();
  const { slack, adapter } = opened;
  let store = (): void => {};
  const stored = new Promise<void>((resolve) => {
    store = resolve;
  });
  const inbound = recordingInbound(async ({ text }) => {
    if (text === "under way") await stored;
    return { status: "accepted" };
  });
  await adapter.start(inbound);
  slack.say({ text: "under way", mention: true });
  await inbound.received(1);
  slack.refresh();
  await eventually(() => slack.connections() === 2, "the next connection");
  slack.say({ text: "meanwhile", mention: true });
  await inbound.received(2);
  store();
  await eventually(() => slack.connections() === 1, "the end of the former connection");
  await eventually(() => slack.pending().length === 0, "the acknowledgements");
  slack.say({ text: "after", mention: true });
  await inbound.received(3);
  expect(slack.late).toEqual([]);
});

test("a connection that is cut is made anew, and what was told meanwhile comes again", async () => {
  const clock = manualClock();
  await using opened = await openSlack({ clock, slackClock: clock });
  const { slack, adapter } = opened;
  const inbound = recordingInbound();
  await adapter.start(inbound);
  slack.cut();
  slack.say({ text: "in the gap", mention: true });
  await eventually(() => slack.connections() === 1, "the next connection");
  await passUntil(() => inbound.messages.length > 0, { slack, clock });
  expect(inbound.messages[0]?.text).toBe("in the gap");
});

test.each([
  [{ botToken: "xoxb-wrong" }, "CONFIG_INVALID", /botToken: Slack says invalid_auth/],
  [{ appToken: "xapp-wrong" }, "CONFIG_INVALID", /appToken: Slack says invalid_auth/],
  [
    { scopes: ["chat:write", "files:read"] },
    "CONFIG_INVALID",
    /lacks the scopes app_mentions:read, channels:history/,
  ],
])("start() with %o says what is wrong", async (options, code, message) => {
  await using opened = await openSlack(options);
  const started = opened.adapter.start(recordingInbound());
  await expect(started).rejects.toMatchObject({ code });
  await expect(started).rejects.toThrow(message);
});

test("tokens that can't be right are refused at once", async () => {
  await expect(openSlack({ botToken: "" })).rejects.toThrow(/botToken.*xoxb-/);
  await expect(openSlack({ appToken: "xoxb-1" })).rejects.toThrow(/appToken.*xapp-/);
});

test("a page to sign in is no file, and the token is shown to Slack alone", async () => {
  await using opened = await openSlack();
  const { slack, adapter, refOf } = opened;
  const place = slack.say({
    text: "read",
    mention: true,
    files: [{ name: "a.log", bytes: Buffer.from("x") }],
  });
  const [{ id, name } = { id: "", name: "" }] = slack.thread(place)[0]?.files ?? [];
  slack.faults.signOut();
  const download = adapter.download(refOf(place), { id, name }, { signal });
  const reading = bytesOf(download);
  await expect(reading).rejects.toThrow(/asks to sign in/);
});

test("a file is read where Slack told that it is, and asked for where it did not; elsewhere is not Slack", async () => {
  await using opened = await openSlack();
  const { slack, adapter, refOf } = opened;
  const inbound = recordingInbound();
  await adapter.start(inbound);
  const files = [{ name: "a.log", bytes: Buffer.from("x") }];
  const place = refOf(slack.say({ text: "read", mention: true, user: "UANN", files }));
  const [message] = await inbound.received(1);
  const [told = { id: "", name: "" }] = message?.attachments ?? [];
  const read = async (id: string) =>
    (await bytesOf(adapter.download(place, { ...told, id }, { signal }))).toString();
  const [id = "", url = ""] = told.id.split(" ");

  expect(await read(told.id)).toBe("x");
  expect(slack.calls).not.toContain("files.info");
  expect(await read(id)).toBe("x");
  expect(slack.calls).toContain("files.info");
  const elsewhere = url.replace("127.0.0.1", "127.0.0.2");
  await expect(read(`${id} ${elsewhere}`)).rejects.toThrow(/does not lie at Slack/);
});

test("start() says that Slack can't be reached, and a post that was never sent may be sent again", async () => {
  await using opened = await openSlack();
  const { slack, adapter, refOf } = opened;
  await slack[Symbol.asyncDispose]();
  const started = adapter.start(recordingInbound());
  await expect(started).rejects.toMatchObject({ code: "ADAPTER_UNAVAILABLE" });
  await expect(started).rejects.toThrow(/ECONNREFUSED/);
  const post = postInto(refOf({ channel: "C0OPS0001", thread: "1.1" }), { key: "k1" });
  await expect(adapter.post(post, { signal, open: noArtifacts })).rejects.toMatchObject({
    code: "ADAPTER_POST_FAILED",
  });
});

test("until the next connection is there the former one takes what is said", async () => {
  await using opened = await openSlack();
  const { slack, adapter } = opened;
  const inbound = recordingInbound();
  await adapter.start(inbound);
  let answer = (): void => {};
  const until = new Promise<void>((resolve) => {
    answer = resolve;
  });
  slack.faults.call("apps.connections.open", { type: "slow", until });
  slack.refresh();
  const opens = (): number =>
    slack.calls.filter((method) => method === "apps.connections.open").length;
  await eventually(() => opens() === 2, "the asking for an address");
  slack.say({ text: "meanwhile", mention: true });
  await inbound.received(1);
  await eventually(() => slack.pending().length === 0, "the acknowledgements");
  expect(slack.connections()).toBe(1);
  answer();
  await eventually(() => slack.connections() === 2, "the next connection");
  await eventually(() => slack.connections() === 1, "the end of the former one");
});

test("Slack that is away for a while is asked again, with pauses", async () => {
  const clock = manualClock();
  await using opened = await openSlack({ clock });
  const { slack, adapter } = opened;
  await adapter.start(recordingInbound());
  const opens = (): number =>
    slack.calls.filter((method) => method === "apps.connections.open").length;
  for (let count = 0; count < 2; count += 1)
    slack.faults.call("apps.connections.open", { type: "status", status: 503, taken: false });
  slack.cut();
  await eventually(() => opens() === 2, "the first try");
  await eventually(async () => {
    await clock.advance(100);
    return opens() > 2;
  }, "the second try");
  await eventually(async () => {
    await clock.advance(100);
    return slack.connections() === 1;
  }, "the connection");
  expect(opens()).toBeGreaterThanOrEqual(4);
});
