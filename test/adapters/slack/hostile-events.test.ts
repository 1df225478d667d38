import fc from "fast-check";
import { expect, test } from "vitest";

import type { Logger } from "../../../src/core/logger.ts";
import { Message } from "../../../src/core/message.ts";
import { eventually, recordingInbound } from "../../../src/testing/adapter-suite-support.ts";
import { signatureOf } from "../../../src/testing/slack-twin/request-url.ts";
import { openSlack } from "./open-slack.ts";

/** Whatever is told: nothing of it ends the process, and it is acknowledged and logged. */

const signingSecret = "twin-signing-secret";
const team = { id: "T0TWIN001" };
const user = { id: "U0PERSON1", team_id: team.id };
const channel = { id: "C0OPS0001" };
const response_url = "https://hooks.slack.com/x";
const ofEvent = (event: object): object => ({
  type: "event_callback",
  team_id: team.id,
  event_time: 1,
  authorizations: [{ team_id: team.id }],
  event: { channel: channel.id, user: user.id, ts: "1.1", event_ts: "1.1", ...event },
});
const known: readonly object[] = [
  ofEvent({ type: "message", channel_type: "im", text: "hello", files: [{ id: "F1", size: 3 }] }),
  ofEvent({ type: "app_mention", text: "<@U0BOT0001> hello" }),
  ofEvent({
    type: "message",
    subtype: "message_changed",
    message: { ts: "1.1", text: "new", user: user.id, files: [{ id: "F1" }] },
    previous_message: { ts: "1.1", text: "old", user: user.id },
  }),
  ofEvent({ type: "message", subtype: "message_deleted", previous_message: { ts: "1.1" } }),
  ofEvent({
    type: "reaction_added",
    reaction: "octagonal_sign",
    item_user: "U0BOT0001",
    item: { type: "message", channel: channel.id, ts: "1.1" },
  }),
  ofEvent({
    type: "assistant_thread_started",
    assistant_thread: { channel_id: "D0DIRECT1", thread_ts: "1.1" },
  }),
  { type: "app_rate_limited", team_id: team.id, minute_rate_limited: 1 },
  {
    type: "block_actions",
    team,
    user,
    channel,
    message: { ts: "1.1", thread_ts: "1.0" },
    actions: [{ action_id: "opsthread_approval_once", value: "1abcde", action_ts: "1.2" }],
  },
  {
    type: "message_action",
    callback_id: "opsthread_ask",
    team,
    user,
    channel,
    trigger_id: "1.1",
    response_url,
    message: { ts: "1.1", text: "x", files: [{ id: "F1" }] },
  },
  {
    type: "view_submission",
    team,
    user,
    view: {
      id: "V1",
      callback_id: "opsthread_question_form",
      private_metadata: "{}",
      state: { values: { question: { question: { value: "why?" } } } },
    },
  },
  {
    command: "/ops",
    text: "help",
    team_id: team.id,
    user_id: user.id,
    channel_id: channel.id,
    trigger_id: "1.1",
    response_url,
  },
];

const oddities = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    "",
    0,
    -1,
    1e300,
    true,
    [],
    {},
    "__proto__",
    "\u0000",
    "\ud800",
    "<@U0BOT0001>",
  ),
  fc.jsonValue({ maxDepth: 3 }),
  fc.constant("x".repeat(200_000)),
  fc.constant(Array.from({ length: 2000 }, () => ({ id: "F1" }))),
  fc.constant(JSON.parse(`${"[".repeat(500)}${"]".repeat(500)}`)),
);

/** What is told with something left out, or something else in its place, at any depth. */
function changed(value: unknown, at: readonly number[], by: { readonly value?: unknown }): unknown {
  const [first, ...rest] = at;
  if (first === undefined || typeof value !== "object" || value === null) return by.value;
  const names = Object.keys(value);
  const name = names[first % Math.max(1, names.length)];
  if (name === undefined) return by.value;
  const inner = changed(Reflect.get(value, name), rest, by);
  const entries = Object.entries(value).flatMap(([each, old]) =>
    each !== name ? [[each, old] as const] : inner === undefined ? [] : [[each, inner] as const],
  );
  return Array.isArray(value) ? entries.map(([, each]) => each) : Object.fromEntries(entries);
}
const told = fc
  .tuple(
    fc.constantFrom(...known),
    fc.array(fc.tuple(fc.array(fc.nat(20), { minLength: 1, maxLength: 4 }), fc.option(oddities)), {
      minLength: 1,
      maxLength: 3,
    }),
  )
  .map(([payload, changes]) =>
    changes.reduce<unknown>(
      (value, [at, by]) => changed(value, at, { value: by ?? undefined }),
      payload,
    ),
  );

function recordingLog() {
  const lines: { readonly level: string; readonly data: object; readonly text: string }[] = [];
  const line = (level: string) => (data: object, text: string) =>
    void lines.push({ level, data, text });
  const log: Logger = {
    debug: line("debug"),
    info: line("info"),
    warn: line("warn"),
    error: line("error"),
    child: () => log,
  };
  return { lines, log };
}

test("whatever Slack tells by a request is answered with 200, and only messages come of it", async () => {
  await using opened = await openSlack({ signingSecret });
  const { adapter } = opened;
  const inbound = recordingInbound();
  await adapter.start(inbound);
  const url = `http://127.0.0.1:${adapter.address?.port}/slack/events`;
  await fc.assert(
    fc.asyncProperty(told, async (payload) => {
      const body = JSON.stringify(payload ?? null);
      const signed = signatureOf(body, { signingSecret, now: Date.now() });
      const headers = { "content-type": "application/json", ...signed };
      const { status } = await fetch(url, { method: "POST", body, headers });
      expect(status).toBe(200);
    }),
    { numRuns: 80 },
  );
  for (const message of inbound.messages) expect(Message.safeParse(message).success).toBe(true);
});

test("whatever comes over a socket, the connection stays, and the next message arrives", async () => {
  const { lines, log } = recordingLog();
  await using opened = await openSlack({ log });
  const { slack, adapter } = opened;
  const inbound = recordingInbound();
  await adapter.start(inbound);
  const envelope = (payload: unknown): string =>
    JSON.stringify({ type: "events_api", envelope_id: "E1", payload });
  for (const text of [
    "no json",
    "null",
    "[]",
    "7",
    "{}",
    '{"type":7}',
    '{"type":"events_api"}',
    '{"type":"events_api","envelope_id":"E1"}',
    '{"type":"unheard_of","envelope_id":"E1","payload":{}}',
    envelope(null),
    envelope({ event: null }),
    envelope({ event: { type: "error" } }),
    envelope({ event: { type: "disconnected" } }),
    envelope({ event: { type: "ws_message" } }),
    envelope(JSON.parse(`${"[".repeat(5000)}${"]".repeat(5000)}`)),
    ...fc.sample(told, 40).map(envelope),
  ])
    slack.sayRaw(text);
  await slack.roundTrip();
  expect(slack.connections()).toBe(1);
  expect(slack.calls.filter((method) => method === "apps.connections.open")).toHaveLength(1);
  slack.say({ text: "are you there?", channel: "D0DIRECT1" });
  await eventually(() => inbound.messages.at(-1)?.text === "are you there?", "the message");
  expect(lines.filter(({ text }) => text.includes("over a socket"))).toHaveLength(7);
});

test.each([
  [ofEvent({ type: "message", channel: 7, files: "none" }), "message: event.channel, event.files"],
  [ofEvent({ type: "reaction_added", item: null }), "reaction_added: event.reaction, event.item"],
  [{ type: "block_actions", user, actions: [] }, "block_actions: actions"],
  [{ command: "/ops", channel_id: "C1", trigger_id: "1", response_url }, "command: user_id"],
  [[], "envelope: all of it"],
])(
  "what can't be read is acknowledged, and said so in the log without its words: %#",
  async (payload, odd) => {
    const { lines, log } = recordingLog();
    await using opened = await openSlack({ log });
    const { slack, adapter } = opened;
    await adapter.start(recordingInbound());
    slack.sayRaw(JSON.stringify({ type: "events_api", envelope_id: "E1", payload }));
    // An acknowledgement that the twin did not wait for.
    await eventually(() => slack.late.includes("E1"), "the acknowledgement");
    expect(lines.filter(({ level }) => level === "warn")).toEqual([
      {
        level: "warn",
        data: { teamId: slack.teamId, odd },
        text: "Slack told something that can't be read",
      },
    ]);
  },
);

test("what the bot does not listen to is nothing odd", async () => {
  const { lines, log } = recordingLog();
  await using opened = await openSlack({ log });
  const { slack, adapter } = opened;
  await adapter.start(recordingInbound());
  const payloads = [
    ofEvent({ type: "channel_rename", channel: { id: "C1" } }),
    ofEvent({ type: "message", subtype: "channel_join", text: "joined" }),
    { type: "view_closed", team, user },
  ];
  for (const [index, payload] of payloads.entries())
    slack.sayRaw(JSON.stringify({ type: "events_api", envelope_id: `E${index}`, payload }));
  await eventually(() => slack.late.length === 3, "the acknowledgements");
  expect(lines.filter(({ level }) => level === "warn")).toEqual([]);
});

test("Slack that leaves events out, above 30,000 an hour, is said so as an error", async () => {
  const { lines, log } = recordingLog();
  await using opened = await openSlack({ log });
  const { slack, adapter } = opened;
  await adapter.start(recordingInbound());
  const payload = { type: "app_rate_limited", team_id: team.id, minute_rate_limited: 1 };
  slack.sayRaw(JSON.stringify({ type: "events_api", envelope_id: "E1", payload }));
  await eventually(() => slack.late.includes("E1"), "the acknowledgement");
  expect(lines.filter(({ level }) => level === "error")).toMatchObject([
    { text: expect.stringContaining("30,000 an hour") },
  ]);
});
