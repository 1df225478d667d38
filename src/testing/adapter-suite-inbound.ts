import assert from "node:assert/strict";

import { Message } from "../core/message.ts";
import { eventually, recordingInbound } from "./adapter-suite-support.ts";
import type { AdapterCases, AdapterUnderTest } from "./adapter-suite.ts";

/** Events on their way to the bot. */
export const inboundCases: AdapterCases = {
  "a mention in a channel opens a thread": async ({ adapter, say }) => {
    const inbound = recordingInbound();
    await adapter.start(inbound);
    const before = Date.now();
    const { thread } = await say({ text: "show me the log", actorId: "U1" });
    const [message] = await inbound.received(1);

    assert.ok(message && Message.safeParse(message).success, "receives a well-formed message");
    assert.equal(message.kind, "mention");
    assert.match(message.text, /show me the log/);
    assert.equal(message.actor.id, "U1");
    assert.deepEqual(message.thread, thread);
    assert.equal(message.thread.platform, adapter.platform);
    assert.deepEqual(message.attachments, []);
    assert.ok(message.sentAt > 0 && message.sentAt <= before + 86_400_000, "says when, in ms");
  },

  "a message within a thread is of the same thread": async ({ adapter, say }) => {
    const inbound = recordingInbound();
    await adapter.start(inbound);
    const { thread } = await say({ text: "first" });
    await say({ text: "and second", thread, actorId: "U2" });
    const [, second] = await inbound.received(2);

    assert.equal(second?.kind, "thread");
    assert.equal(second.text, "and second");
    assert.equal(second.actor.id, "U2");
    assert.deepEqual(second.thread, thread);
  },

  "each mention in a channel opens a thread of its own": async ({ adapter, say }) => {
    const inbound = recordingInbound();
    await adapter.start(inbound);
    const first = await say({ text: "one" });
    const second = await say({ text: "two" });
    const messages = await inbound.received(2);

    assert.notDeepEqual(first.thread, second.thread);
    assert.equal(new Set(messages.map(({ id }) => id)).size, 2);
  },

  "the word stop alone stops, within a sentence it does not": async ({ adapter, say }) => {
    const inbound = recordingInbound();
    await adapter.start(inbound);
    const { thread } = await say({ text: "begin" });
    await say({ text: "Stop", thread });
    await say({ text: "when does it stop", thread });
    const messages = await inbound.received(3);

    assert.deepEqual(
      messages.map(({ kind }) => kind),
      ["mention", "stop", "thread"],
    );
  },

  "text arrives as it was written": async ({ adapter, say }) => {
    const text = 'a < b && c > d, "quotes" `code` *stars* 漢字 👩‍👧\nsecond line\n\n    indented';
    const inbound = recordingInbound();
    await adapter.start(inbound);
    const { thread } = await say({ text: "first" });
    await say({ text, thread });
    const [, message] = await inbound.received(2);

    assert.equal(message?.text, text);
  },

  "an event is acknowledged only after receive() resolved": async ({
    adapter,
    say,
    unacknowledged,
  }) => {
    let accept = (): void => {};
    const stored = new Promise<void>((resolve) => {
      accept = resolve;
    });
    const inbound = recordingInbound(async () => {
      await stored;
      return { status: "accepted" };
    });
    await adapter.start(inbound);
    await say({ text: "hello" });
    await inbound.received(1);

    assert.equal(await unacknowledged(), 1);
    accept();
    await eventually(async () => (await unacknowledged()) === 0, "the acknowledgement");
  },

  "an event that receive() rejected comes again, the same": async (subject) => {
    const { adapter, say, unacknowledged, redeliver } = subject;
    let failures = 2;
    const inbound = recordingInbound(async () => {
      failures -= 1;
      if (failures >= 0) throw new Error("The store is not there");
      return { status: "accepted" };
    });
    await adapter.start(inbound);
    await say({ text: "hello" });
    const messages = await redelivered(subject, () => inbound.messages, 3);

    assert.deepEqual(messages[1], messages[0]);
    assert.deepEqual(messages[2], messages[0]);
    // What tells of it in other words may have failed with it.
    await eventually(async () => {
      if ((await unacknowledged()) === 0) return true;
      await redeliver();
      return false;
    }, "the acknowledgement");
  },

  "a duplicate has the same id": async ({ adapter, say, fault, unacknowledged }) => {
    const inbound = recordingInbound();
    await adapter.start(inbound);
    fault({ type: "event-duplicated" });
    await say({ text: "hello" });
    const [first, second] = await inbound.received(2);

    assert.deepEqual(second, first);
    await eventually(async () => (await unacknowledged()) === 0, "the acknowledgement");
  },

  "messages of a thread come in their order": async ({ adapter, say }) => {
    const inbound = recordingInbound();
    await adapter.start(inbound);
    const { thread } = await say({ text: "0" });
    for (let count = 1; count < 20; count += 1) await say({ text: String(count), thread });
    const messages = await inbound.received(20);

    assert.deepEqual(
      messages.slice(1).map(({ text }) => Number(text)),
      Array.from({ length: 19 }, (_, index) => index + 1),
    );
  },

  "what was said while the bot was away comes when it starts": async ({ adapter, say }) => {
    const { thread } = await say({ text: "are you there?" });
    await say({ text: "hello?", thread });
    const inbound = recordingInbound();
    await adapter.start(inbound);
    const [first, second] = await inbound.received(2);

    assert.match(first?.text ?? "", /are you there\?/);
    assert.equal(second?.text, "hello?");
  },

  "a denied person is told the reason": async ({ adapter, say, notes, unacknowledged }) => {
    const inbound = recordingInbound(async () => ({
      status: "denied",
      reason: "Only operators may ask",
    }));
    await adapter.start(inbound);
    const { thread } = await say({ text: "hello" });
    await eventually(async () => (await notes(thread)).length > 0, "the refusal");

    assert.match((await notes(thread)).join("\n"), /Only operators may ask/);
    await eventually(async () => (await unacknowledged()) === 0, "the acknowledgement");
    assert.equal(inbound.messages.length, 1);
  },

  "ignored messages and duplicates are acknowledged, and nobody is told": async ({
    adapter,
    say,
    notes,
    unacknowledged,
  }) => {
    const inbound = recordingInbound(async ({ kind }) => ({
      status: kind === "mention" ? "ignored" : "duplicate",
    }));
    await adapter.start(inbound);
    const { thread } = await say({ text: "hello" });
    await say({ text: "anyone?", thread });
    await inbound.received(2);
    await eventually(async () => (await unacknowledged()) === 0, "the acknowledgements");

    assert.deepEqual(await notes(thread), []);
  },

  "after its disposal the adapter delivers nothing": async ({ adapter, say, unacknowledged }) => {
    const inbound = recordingInbound();
    await adapter.start(inbound);
    const { thread } = await say({ text: "hello" });
    await eventually(async () => (await unacknowledged()) === 0, "the acknowledgement");
    await adapter[Symbol.asyncDispose]();
    await adapter[Symbol.asyncDispose]();
    await say({ text: "too late", thread });

    assert.equal(await unacknowledged(), 1);
    assert.equal(inbound.messages.length, 1);
  },
};

async function redelivered(
  { redeliver }: AdapterUnderTest,
  messages: () => readonly Message[],
  count: number,
): Promise<readonly Message[]> {
  await eventually(async () => {
    if (messages().length >= count) return true;
    await redeliver();
    return false;
  }, `${count} deliveries`);
  return messages();
}
