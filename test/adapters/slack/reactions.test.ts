import { expect, test } from "vitest";

import { slackAdapter } from "../../../src/adapters/slack/index.ts";
import {
  eventually,
  noArtifacts,
  postInto,
  recordingInbound,
} from "../../../src/testing/adapter-suite-support.ts";
import { manualClock } from "../../../src/testing/manual-clock.ts";
import { openSlack, passUntil } from "./open-slack.ts";

const { signal } = new AbortController();
const stop = "octagonal_sign";

/** A thread with a question, an answer, an approval, and what a third person said. */
async function start(options: Parameters<typeof openSlack>[0] = {}, inbound = recordingInbound()) {
  const opened = await openSlack(options);
  const { slack, adapter, refOf } = opened;
  await adapter.start(inbound);
  const asked = slack.say({ text: "do it", mention: true, user: "UANN" });
  const talk = slack.say({ ...asked, text: "good luck", user: "UBOB" });
  const thread = refOf(asked);
  const send = async (post: Partial<Parameters<typeof postInto>[1]>, key: string) => {
    const sent = postInto(thread, { key, ...post });
    const { messageId } = await adapter.post(sent, { signal, open: noArtifacts });
    return { channel: thread.channel, ts: messageId };
  };
  const answer = await send({}, "k1");
  const approval = { approvalId: "1abcde", title: "May I", facts: [], choices: ["once"] as const };
  const card = await send({ kind: "approval", approval }, "k2");
  await inbound.received(2);
  const settled = () => eventually(() => slack.pending().length === 0, "the acknowledgements");
  await settled();
  return { ...opened, inbound, asked, talk, answer, card, thread, settled };
}

test("🛑 stops: beneath the bot's message, what it was asked, and one's own", async () => {
  await using opened = await start();
  const { slack, inbound, settled, thread, asked, talk, answer } = opened;
  slack.react(answer, { name: stop, user: "UBOB" });
  slack.react(asked, { name: stop, user: "UBOB" });
  slack.react(talk, { name: stop, user: "UBOB" });
  await settled();
  const stops = inbound.messages.slice(2);
  expect(stops.map(({ kind, actor }) => [kind, actor.id])).toEqual(
    Array.from({ length: 3 }, () => ["stop", "UBOB"]),
  );
  for (const message of stops) expect(message.thread).toEqual(thread);
  expect(new Set(stops.map(({ id }) => id)).size).toBe(3);
});

test("✅ and ❌ decide on the approval that they are beneath", async () => {
  await using opened = await start();
  const { slack, inbound, settled, card, thread } = opened;
  slack.react(card, { name: "white_check_mark", user: "UBOB" });
  await settled();
  slack.react(card, { name: "x", user: "UBOB" });
  await settled();
  const decisions = inbound.messages.slice(2).map(({ decision }) => decision);
  expect(decisions).toEqual([
    { approvalId: "1abcde", choice: "once" },
    { approvalId: "1abcde", choice: "deny" },
  ]);
  expect(inbound.messages[2]?.thread).toEqual(thread);
});

test("any other reaction is only a reaction, and Slack is not even asked about it", async () => {
  await using opened = await start();
  const { slack, inbound, settled, talk, answer, asked } = opened;
  const looks = () => slack.calls.filter((name) => name === "conversations.replies").length;
  const before = looks();
  slack.react(answer, { name: "tada" });
  slack.react(answer, { name: stop, user: slack.botUserId });
  slack.react(asked, { name: "white_check_mark" });
  await settled();
  expect(looks()).toBe(before);
  slack.react(talk, { name: stop, user: "UANN" });
  slack.react(answer, { name: "x" });
  await settled();
  expect(inbound.messages).toHaveLength(2);
});

test("who may not use the bot makes it read nothing, and a refused approver is told so", async () => {
  const inbound = recordingInbound(
    async ({ decision }) =>
      decision ? { status: "denied", reason: "Only an approver" } : { status: "accepted" },
    { check: () => ({ allowed: false, reason: "Not you" }) },
  );
  await using opened = await start({}, inbound);
  const { slack, settled, answer, card, asked } = opened;
  slack.react(answer, { name: stop, user: "UEVE" });
  await settled();
  expect(slack.calls).not.toContain("conversations.replies");
  slack.react(card, { name: "white_check_mark", user: "UEVE" });
  await eventually(() => slack.whispers(asked).length > 0, "the refusal");
  expect(slack.whispers(asked)).toEqual(["Only an approver"]);
});

test("where Slack can't be asked in time, it tells the reaction again", async () => {
  const clock = manualClock();
  await using opened = await start({ clock, slackClock: clock });
  const { slack, inbound, answer } = opened;
  slack.faults.call("conversations.replies", { type: "status", status: 503, taken: false });
  slack.react(answer, { name: stop });
  await passUntil(() => inbound.messages.length === 3, { slack, clock });
  expect(slack.lost).toEqual([]);
});

test("a reaction to a message that is gone is settled", async () => {
  await using opened = await start();
  const { slack, inbound, settled, answer } = opened;
  slack.faults.call("conversations.replies", { type: "error", error: "thread_not_found" });
  slack.react(answer, { name: stop });
  await settled();
  expect(inbound.messages).toHaveLength(2);
  expect(slack.calls.filter((name) => name === "conversations.replies")).toHaveLength(1);
});

test("reactions can be switched off", async () => {
  await using opened = await start({ reactions: false });
  const { slack, inbound, settled, answer } = opened;
  slack.react(answer, { name: stop });
  await settled();
  expect(inbound.messages).toHaveLength(2);
});

test("which emoji do what can be said, in any skin tone; what is left out stays", async () => {
  await using opened = await start({ reactions: { stop: [":no_entry:", "hand"], approve: "+1" } });
  const { slack, inbound, settled, answer, card } = opened;
  slack.react(answer, { name: stop });
  slack.react(answer, { name: "hand::skin-tone-3" });
  await settled();
  slack.react(card, { name: "white_check_mark" });
  slack.react(card, { name: "+1" });
  await settled();
  slack.react(card, { name: "x" });
  await settled();
  expect(inbound.messages.slice(2).map(({ text }) => text)).toEqual([
    "stop",
    "approve 1abcde once",
    "deny 1abcde",
  ]);
});

test("one emoji can be switched off", async () => {
  await using opened = await start({ reactions: { approve: [] } });
  const { slack, inbound, settled, card, answer } = opened;
  slack.react(card, { name: "white_check_mark" });
  slack.react(answer, { name: stop });
  await settled();
  expect(inbound.messages.slice(2).map(({ text }) => text)).toEqual(["stop"]);
});

test.each([
  [{ stop: "🛑" }, 'reactions.stop "🛑": expected a name as in Slack'],
  [{ stop: "stop sign" }, 'reactions.stop "stop sign": expected a name'],
  [{ stop: "x" }, 'reactions.deny "x": it means stop already'],
  [{ approve: ["+1", ""] }, 'reactions.approve "": expected a name'],
])("emoji that can't be used are refused: %o", (reactions, message) => {
  expect(() => slackAdapter({ appToken: "xapp-1", botToken: "xoxb-1", reactions })).toThrow(
    expect.objectContaining({
      code: "CONFIG_INVALID",
      message: expect.stringContaining(message),
    }),
  );
});
