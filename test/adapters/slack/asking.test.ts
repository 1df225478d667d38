import { describe, expect, test } from "vitest";

import { eventually, recordingInbound } from "../../../src/testing/adapter-suite-support.ts";
import { manualClock } from "../../../src/testing/manual-clock.ts";
import { openSlack } from "./open-slack.ts";

const callbackId = "opsthread_ask";

async function start(
  inbound = recordingInbound(),
  options: NonNullable<Parameters<typeof openSlack>[0]> = {},
) {
  const opened = await openSlack(options);
  const { slack, adapter } = opened;
  await adapter.start(inbound);
  const { address } = adapter;
  if (address) await slack.useRequestUrl(`http://127.0.0.1:${address.port}/slack/events`);
  return {
    ...opened,
    inbound,
    settled: () => eventually(() => slack.pending().length === 0, "the acknowledgements"),
  };
}

describe.each([{}, { signingSecret: "twin-signing-secret" }])("with %o", (options) => {
  test("a command opens a thread that says who asks what, and is asked there", async () => {
    await using opened = await start(recordingInbound(), options);
    const { slack, inbound, settled } = opened;
    const asked = slack.command({ text: "logs what broke <!channel>?", user: "UANN" });
    const [message] = await inbound.received(1);
    await settled();
    expect(message).toMatchObject({
      kind: "command",
      text: "logs what broke <!channel>?",
      actor: { id: "UANN", name: "uann" },
    });
    const seen = slack.thread(message?.thread ?? { channel: "", thread: "" });
    expect(seen.map(({ text }) => text)).toEqual([
      "<@UANN> asks: logs what broke &lt;!channel&gt;?",
    ]);
    expect(seen[0]?.ts).toBe(message?.thread.thread);
    expect(asked.shown).toEqual([]);
  });

  test("a shortcut asks for the question, and that is asked beneath the message", async () => {
    await using opened = await start(recordingInbound(), options);
    const { slack, inbound, settled } = opened;
    const files = [{ name: "a.log", bytes: Buffer.from("x") }];
    const place = slack.say({ text: "it is <down>\nsince noon", user: "UBOB", files });
    const asked = slack.shortcut({ ...place, callbackId, user: "UANN" });
    await eventually(() => asked.form !== undefined, "the form");
    if (!asked.form) throw new Error("No form");
    expect(JSON.stringify(asked.form.blocks)).toContain("About: it is <down>");
    const submitted = slack.submit(asked.form, { values: { question: "Why?" }, user: "UANN" });
    const [message] = await inbound.received(1);
    await settled();
    expect(message).toMatchObject({
      kind: "command",
      thread: { channel: place.channel, thread: place.ts },
      text: "Why?\n\nThis is about the message of <@UBOB>:\n> it is <down>\n> since noon",
      attachments: [{ name: "a.log" }],
    });
    expect(slack.thread(place).map(({ text }) => text)).toEqual([
      "it is &lt;down&gt;\nsince noon",
      "<@UANN> asks: Why?",
    ]);
    expect([submitted.errors, asked.shown]).toEqual([undefined, []]);
  });
});

test("what no task is for is asked as well", async () => {
  await using opened = await start();
  const { slack, inbound, settled } = opened;
  slack.command({ text: "ask  why is web slow?", user: "UANN" });
  const [message] = await inbound.received(1);
  await settled();
  expect(message).toMatchObject({ kind: "command", text: "why is web slow?" });
});

test.each(["", "help", "  HELP ", "ask", "dance for me"])(
  "/ops %s tells what there is",
  async (text) => {
    await using opened = await start();
    const { slack, inbound, settled } = opened;
    const asked = slack.command({ text, command: "/work" });
    await settled();
    expect(asked.shown.join()).toMatch(/`\/work logs …` {2}Read logs/);
    expect(asked.shown.join().includes("no `dance`")).toBe(text.startsWith("dance"));
    expect(inbound.messages).toEqual([]);
    expect(slack.calls).not.toContain("chat.postMessage");
  },
);

test("who may not use it is told so alone, and nothing is posted", async () => {
  const inbound = recordingInbound(undefined, {
    check: ({ actor }) =>
      actor.id === "UEVE" ? { allowed: false, reason: "Not <you>" } : { allowed: true },
  });
  await using opened = await start(inbound);
  const { slack, settled } = opened;
  const command = slack.command({ text: "logs", user: "UEVE" });
  const place = slack.say({ text: "hello" });
  const shortcut = slack.shortcut({ ...place, callbackId, user: "UEVE" });
  await eventually(() => shortcut.shown.length > 0, "the refusal");
  await settled();
  expect(command.shown).toEqual(["Not &lt;you&gt;"]);
  expect(shortcut.shown).toEqual(["Not &lt;you&gt;"]);
  expect(shortcut.form).toBeUndefined();

  // A form that somebody else opened does not let them ask.
  const asked = slack.shortcut({ ...place, callbackId, user: "UANN" });
  await eventually(() => asked.form !== undefined, "the form");
  if (!asked.form) throw new Error("No form");
  const submitted = slack.submit(asked.form, { values: { question: "Why?" }, user: "UEVE" });
  await settled();
  expect(submitted.errors).toEqual({ question: "Not <you>" });
  expect(slack.calls).not.toContain("chat.postMessage");
  expect(inbound.messages).toEqual([]);
});

test("a slow Slack does not hold the acknowledgement, and what then fails is told", async () => {
  const clock = manualClock();
  let post = (): void => {};
  const until = new Promise<void>((resolve) => {
    post = resolve;
  });
  await using opened = await start(recordingInbound(), { clock });
  const { slack, inbound, settled } = opened;
  slack.faults.call("chat.postMessage", { type: "slow", until });
  const asked = slack.command({ text: "logs what broke?" });
  await eventually(() => slack.calls.includes("chat.postMessage"), "the post");
  await clock.advance(2001);
  await settled();
  expect(asked.shown).toEqual(["On it …"]);
  post();
  await inbound.received(1);
  expect(slack.lost).toEqual([]);
});

test.each([
  ["not_in_channel", "C0OTHER01", /Invite me first/],
  ["is_archived", "C0OPS0001", /is archived/],
  ["fatal_error", "C0OPS0001", /Look whether it is there/],
  ["service_unavailable", "C0OPS0001", /Ask again in a moment/],
])("a command that meets %s says what to do", async (error, channel, expected) => {
  await using opened = await start();
  const { slack, settled, inbound } = opened;
  slack.faults.call("chat.postMessage", { type: "error", error });
  const asked = slack.command({ text: "logs", channel });
  await settled();
  expect(asked.shown.join()).toMatch(expected);
  expect(inbound.messages).toEqual([]);
});

test("what fails after the acknowledgement is told by the address that came along", async () => {
  const clock = manualClock();
  let post = (): void => {};
  const until = new Promise<void>((resolve) => {
    post = resolve;
  });
  const inbound = recordingInbound(async () => {
    await until;
    throw new Error("The store is not there");
  });
  await using opened = await start(inbound, { clock });
  const { slack, settled } = opened;
  const asked = slack.command({ text: "logs" });
  const [message] = await inbound.received(1);
  await clock.advance(2001);
  await settled();
  post();
  await eventually(() => asked.shown.length === 2, "the failure");
  expect(asked.shown[1]).toMatch(/did not work\. Ask again/);
  // Nobody shall wait for an answer to it.
  await eventually(
    () => slack.thread(message?.thread ?? { channel: "", thread: "" }).length === 0,
    "the taking back",
  );
});

test("a form that does not open in time says so", async () => {
  await using opened = await start();
  const { slack, settled } = opened;
  const place = slack.say({ text: "hello" });
  slack.faults.call("views.open", { type: "error", error: "expired_trigger_id" });
  const asked = slack.shortcut({ ...place, callbackId });
  await eventually(() => asked.shown.length > 0, "the failure");
  expect(asked.shown.join()).toMatch(/The form did not open/);
  await settled();
  expect(slack.late).toEqual([]);
});

test("the opening of a form does not hold its acknowledgement", async () => {
  await using opened = await start();
  const { slack, settled } = opened;
  const place = slack.say({ text: "hello" });
  let open = (): void => {};
  const until = new Promise<void>((resolve) => {
    open = resolve;
  });
  slack.faults.call("views.open", { type: "slow", until });
  const asked = slack.shortcut({ ...place, callbackId });
  await settled();
  expect(asked.form).toBeUndefined();
  open();
  await eventually(() => asked.form !== undefined, "the form");
});

test("a long message is asked about as a whole, in the thread that it is in", async () => {
  await using opened = await start();
  const { slack, inbound, settled } = opened;
  const root = slack.say({ text: "root" });
  const long = '"quoted" \\ '.repeat(1000);
  const place = slack.say({ ...root, text: long });
  const asked = slack.shortcut({ ...place, callbackId });
  await eventually(() => asked.form !== undefined, "the form");
  if (!asked.form) throw new Error("No form");
  slack.submit(asked.form, { values: { question: "Why?" } });
  const [, message] = await inbound.received(2);
  expect(message?.text.includes(`> ${long}`)).toBe(true);
  expect(message?.thread.thread).toBe(root.ts);

  // Where it can't be read again, what is known of it is told.
  slack.faults.call("conversations.replies", { type: "error", error: "fatal_error" });
  slack.submit({ ...asked.form, id: "V2" }, { values: { question: "And?" } });
  const [, , again] = await inbound.received(3);
  expect(again?.text).toMatch(/"quoted"[\s\S]*\n> \[the rest of it could not be read\]$/);
  await settled();
});

test("a form that nobody filled, or of another kind, asks nothing", async () => {
  await using opened = await start();
  const { slack, inbound, settled } = opened;
  const place = slack.say({ text: "hello" });
  const asked = slack.shortcut({ ...place, callbackId });
  await eventually(() => asked.form !== undefined, "the form");
  if (!asked.form) throw new Error("No form");
  slack.submit(asked.form, { values: { question: "  " } });
  slack.submit({ ...asked.form, callback_id: "other" }, { values: { question: "Why?" } });
  slack.submit({ ...asked.form, private_metadata: "{}" }, { values: { question: "Why?" } });
  slack.shortcut({ ...place, callbackId: "other" });
  await settled();
  expect(inbound.messages).toEqual([]);
});
