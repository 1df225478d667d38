import { expect, test } from "vitest";

import { isOpsthreadError } from "../../../src/core/errors.ts";
import {
  bytesOf,
  eventually,
  noArtifacts,
  postInto,
} from "../../../src/testing/adapter-suite-support.ts";
import { manualClock, type ManualClock } from "../../../src/testing/manual-clock.ts";
import { openSlack } from "./open-slack.ts";

const { signal } = new AbortController();

/** A Slack and an adapter with one time. */
async function withOneTime() {
  const clock = manualClock();
  return { clock, ...(await openSlack({ clock, slackClock: clock })) };
}

/** Sends as the outbox does: later, where it has to wait. */
async function sent(send: () => Promise<unknown>, clock: ManualClock): Promise<number> {
  for (let tries = 1; ; tries += 1) {
    try {
      await send();
      return tries;
    } catch (error) {
      if (!isOpsthreadError(error, "ADAPTER_RATE_LIMITED")) throw error;
      await clock.advance(Number(error.data["retryAfterMs"]));
    }
  }
}

test("twenty answers for one channel all arrive in their order, and Slack never has to say 429", async () => {
  await using opened = await withOneTime();
  const { slack, adapter, clock, refOf } = opened;
  const thread = refOf(slack.say({ text: "please", mention: true }));
  for (let count = 0; count < 20; count += 1) {
    const post = postInto(thread, { key: `k${count}`, markdown: `answer ${count}` });
    await sent(() => adapter.post(post, { signal, open: noArtifacts }), clock);
  }
  const texts = slack.thread(thread).flatMap(({ isBot, text }) => (isBot ? [text] : []));
  expect(texts).toEqual(Array.from({ length: 20 }, (_, count) => `answer ${count}`));
  expect(slack.limited).toEqual([]);
});

test("progress gives way to answers, and shows the newest text when there is room", async () => {
  await using opened = await withOneTime();
  const { slack, adapter, clock, refOf } = opened;
  const thread = refOf(slack.say({ text: "please", mention: true }));
  const seen = () => slack.thread(thread).flatMap(({ isBot, text }) => (isBot ? [text] : []));
  const show = (text: string) =>
    adapter.showProgress(thread, { key: "t", markdown: text }, { signal });
  const answer = (key: string) =>
    adapter.post(postInto(thread, { key, markdown: key }), { signal, open: noArtifacts });
  await answer("k1");
  await answer("k2");
  for (const text of ["one", "two", "three"]) await show(text);
  await answer("k3");
  await answer("k4");
  await eventually(async () => {
    await clock.advance(500);
    return seen().length === 5;
  }, "the progress");
  expect(seen()).toEqual(["k1", "k2", "k3", "k4", "three"]);
  expect(slack.limited).toEqual([]);
});

test("a line changes at most once a second, with the newest of what came meanwhile", async () => {
  await using opened = await withOneTime();
  const { slack, adapter, clock, refOf } = opened;
  const thread = refOf(slack.say({ text: "please", mention: true }));
  const show = (text: string) =>
    adapter.showProgress(thread, { key: "t", markdown: text }, { signal });
  const seen = () => slack.thread(thread).at(-1)?.text;
  await show("step 0");
  await eventually(async () => {
    await clock.advance(1000);
    return seen() === "step 0";
  }, "the first step");
  for (let step = 1; step <= 50; step += 1) await show(`step ${step}`);
  await eventually(async () => {
    await clock.advance(500);
    return seen() === "step 50";
  }, "the last step");
  const updates = slack.calls.filter((method) => method === "chat.update");
  expect(updates.length).toBeLessThanOrEqual(2);
});

test("a download waits as long as Slack asks", async () => {
  await using opened = await withOneTime();
  const { slack, adapter, clock, refOf } = opened;
  const files = [{ name: "a.log", bytes: Buffer.from("bytes") }];
  const place = slack.say({ text: "please", mention: true, files });
  const [file] = slack.thread(place)[0]?.files ?? [];
  slack.faults.call("files.info", { type: "rate-limited", retryAfterS: 7 });
  const attachment = { id: file?.id ?? "", name: "a.log" };
  let done = false;
  const read = bytesOf(adapter.download(refOf(place), attachment, { signal })).then((bytes) => {
    done = true;
    return bytes.toString();
  });
  await eventually(() => slack.calls.includes("files.info"), "the call");
  await eventually(async () => {
    await clock.advance(1000);
    return done;
  }, "the bytes");
  expect(await read).toBe("bytes");
  expect(slack.calls.filter((method) => method === "files.info")).toHaveLength(2);
});
