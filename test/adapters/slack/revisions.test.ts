import { expect, test } from "vitest";

import {
  eventually,
  noArtifacts,
  postInto,
  recordingInbound,
} from "../../../src/testing/adapter-suite-support.ts";
import { openSlack } from "./open-slack.ts";

const { signal } = new AbortController();

async function start() {
  const opened = await openSlack();
  const inbound = recordingInbound();
  await opened.adapter.start(inbound);
  const settled = () =>
    eventually(() => opened.slack.pending().length === 0, "the acknowledgements");
  return { ...opened, inbound, settled };
}

test("an edit is the message as it is now, under its old id", async () => {
  await using opened = await start();
  const { slack, inbound, settled, refOf } = opened;
  const place = slack.say({ text: "first", mention: true });
  const reply = slack.say({ ...place, text: "second" });
  slack.edit(place, "first, but better");
  slack.edit(reply, "stop");
  await settled();
  const [first, second] = inbound.messages;
  const [edited, stop] = inbound.revisions;
  expect(edited).toEqual({
    id: first?.id,
    thread: refOf(place),
    message: { ...first, text: "first, but better" },
  });
  expect(stop).toEqual({
    id: second?.id,
    thread: refOf(place),
    message: { ...second, kind: "stop", text: "stop" },
  });
  expect(inbound.messages).toHaveLength(2);
});

test("what was deleted is gone, with and without replies", async () => {
  await using opened = await start();
  const { slack, inbound, settled, refOf } = opened;
  const place = slack.say({ text: "first", mention: true });
  const reply = slack.say({ ...place, text: "second" });
  const alone = slack.say({ text: "alone", channel: "D0DIRECT1" });
  slack.remove(place);
  slack.remove(reply);
  slack.remove(alone);
  await settled();
  expect(inbound.revisions.map(({ message }) => message)).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
  expect(new Set(inbound.revisions.map(({ id }) => id))).toEqual(
    new Set([place, reply, alone].map(({ channel, ts }) => `${channel}:${ts}`)),
  );
  expect(inbound.revisions.find(({ id }) => id.endsWith(reply.ts))?.thread).toEqual(refOf(place));
});

test("a link that is unfurled, and the bot's own edits and deletions, change nothing", async () => {
  await using opened = await start();
  const { slack, adapter, inbound, settled, refOf } = opened;
  const place = slack.say({ text: "see https://a.example", mention: true });
  slack.unfurl(place);
  const thread = refOf(place);
  await adapter.post(postInto(thread, { key: "k1" }), { signal, open: noArtifacts });
  await adapter.showProgress(thread, { key: "t", markdown: "Reading" }, { signal });
  await adapter.showProgress(thread, { key: "t", markdown: "Still" }, { signal });
  await adapter.showProgress(thread, { key: "t", markdown: undefined }, { signal });
  await settled();
  expect(inbound.messages).toHaveLength(1);
  expect(inbound.revisions).toEqual([]);
});
