import { expect, test } from "vitest";

import { postedEvent } from "../../../src/adapters/slack/events.ts";
import { typedText } from "../../../src/adapters/slack/incoming-text.ts";
import { pressedButton } from "../../../src/adapters/slack/press.ts";
import { Message } from "../../../src/core/message.ts";

const identity = { teamId: "T1", userId: "UBOT", botId: "BBOT" };
const said = {
  type: "message",
  user: "U1",
  channel: "C1",
  channel_type: "channel",
  ts: "1700000000.000100",
  text: "hello",
};
const kindOf = (event: object): string | undefined =>
  postedEvent({ ...said, ...event }, identity)?.message.kind;

test.each([
  [{ text: "<@UBOT> hello" }, "mention"],
  [{ text: "<@UBOT|ops> hello" }, "mention"],
  [{ type: "app_mention", text: "<@UBOT> hello" }, "mention"],
  [{ thread_ts: "1700000000.000001" }, "thread"],
  [{ channel_type: "im", channel: "D1" }, "direct"],
  [{ text: "<@UBOT> stop" }, "stop"],
  [{ text: "Stop!", thread_ts: "1700000000.000001" }, "stop"],
  [{ subtype: "thread_broadcast", thread_ts: "1700000000.000001" }, "thread"],
  [{ text: null, channel_type: "im", subtype: null, bot_id: null, thread_ts: null }, "direct"],
  [{ text: "<@UBOT> hello", team: null, user_team: null, files: null }, "mention"],
])("%o is a %s", (event, kind) => {
  expect(kindOf(event)).toBe(kind);
});

test.each([
  ["talk beside threads", {}],
  ["stop beside threads", { text: "stop" }],
  ["the bot's name, typed in letters", { text: "&lt;@UBOT&gt; hello" }],
  ["its own posts", { user: "UBOT", bot_id: "BBOT", channel_type: "im" }],
  ["its own posts without a bot id", { user: "UBOT", channel_type: "im" }],
  ["other bots", { bot_id: "B2", text: "<@UBOT> hello" }],
  ["Slackbot", { user: "USLACKBOT", channel_type: "im" }],
  ["edits", { subtype: "message_changed", channel_type: "im" }],
  ["people who join", { subtype: "channel_join", text: "<@UBOT> has joined" }],
  ["people of other workspaces", { text: "<@UBOT> hello", user_team: "T2" }],
  ["a ts that is none", { text: "<@UBOT> hello", ts: "../1" }],
  ["no user", { text: "<@UBOT> hello", user: "" }],
])("nothing comes of %s", (_, event) => {
  expect(postedEvent({ ...said, ...event }, identity)).toBeUndefined();
});

test.each([undefined, null, "message", 7, [], { type: "message" }, { type: "message", files: 3 }])(
  "nothing comes of %o",
  (event) => {
    expect(postedEvent(event, identity)).toBeUndefined();
    expect(pressedButton(event, identity)).toBeUndefined();
  },
);

test("files come with what Slack says of them, however little", () => {
  const files = [
    { id: "F1", name: "a.log", mimetype: "text/plain", size: 3 },
    { id: "F2", file_access: "check_file_info" },
  ];
  const read = postedEvent({ ...said, text: "<@UBOT>", subtype: "file_share", files }, identity);
  expect(read?.message.attachments).toEqual([
    { id: "F1", name: "a.log", mediaType: "text/plain", bytes: 3 },
    { id: "F2", name: "F2" },
  ]);
  expect(Message.safeParse(read?.message).success).toBe(true);
});

test("text is what was typed", () => {
  expect(
    typedText(
      "<@UBOT> look at <https://a.example/x?a=1&amp;b=2> and <http://b.example|b.example>",
      "UBOT",
    ),
  ).toBe("look at https://a.example/x?a=1&b=2 and http://b.example");
  expect(typedText("ask <@U2> in <#C2|ops>, <!here>: <https://a.example|this>", "UBOT")).toBe(
    "ask <@U2> in #ops, @here: this (https://a.example)",
  );
  expect(typedText("&amp;lt; &lt;@UBOT&gt;", "UBOT")).toBe("&lt; <@UBOT>");
});

test("a button that is pressed decides, and one that somebody forged does not", () => {
  const press = (action: object, user: object = { id: "U1" }) =>
    pressedButton(
      {
        type: "block_actions",
        user,
        channel: { id: "C1" },
        message: { ts: "2.0", thread_ts: "1.0" },
        actions: [
          { action_id: "opsthread_approval_session", value: "1abcde", action_ts: "3.5", ...action },
        ],
      },
      identity,
    );
  expect(press({})).toMatchObject({
    id: "press:C1:2.0:3.5",
    kind: "thread",
    text: "approve 1abcde session",
    decision: { approvalId: "1abcde", choice: "session" },
    thread: { workspace: "T1", channel: "C1", thread: "1.0" },
    actor: { id: "U1" },
  });
  expect(press({ action_id: "opsthread_approval_deny" })?.text).toBe("deny 1abcde");
  expect(press({ action_id: "opsthread_approval_root" })).toBeUndefined();
  expect(press({ action_id: "other_once" })).toBeUndefined();
  expect(press({ value: "drop table" })).toBeUndefined();
  expect(press({}, { id: "U1", team_id: "T2" })).toBeUndefined();
});
