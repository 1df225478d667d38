import { expect, test } from "vitest";

import { eventually, recordingInbound } from "../../../src/testing/adapter-suite-support.ts";
import { manualClock } from "../../../src/testing/manual-clock.ts";
import { openSlack } from "./open-slack.ts";

const { signal } = new AbortController();

async function withOneTime(options: Parameters<typeof openSlack>[0] = {}) {
  const clock = manualClock();
  const opened = await openSlack({ clock, slackClock: clock, ...options });
  const show = (
    key: string,
    markdown: string | undefined,
    place: { channel: string; thread: string },
  ) => opened.adapter.showProgress(opened.refOf(place), { key, markdown }, { signal });
  return { ...opened, clock, show };
}

test("a conversation that is opened offers what to ask, and is called after what is asked", async () => {
  await using opened = await openSlack({
    prompts: [{ title: "Logs", message: "what went wrong?" }],
  });
  const { slack, adapter } = opened;
  const inbound = recordingInbound();
  await adapter.start(inbound);
  const place = slack.openAssistant();
  await eventually(() => slack.assistant(place).prompts.length > 0, "the prompts");
  expect(slack.assistant(place)).toEqual({ title: undefined, prompts: ["what went wrong?"] });

  slack.say({ ...place, text: "why do orders\nfail?" });
  slack.say({ ...place, text: "and payments?" });
  await inbound.received(2);
  await eventually(() => slack.assistant(place).title !== undefined, "the title");
  expect(slack.assistant(place).title).toBe("why do orders fail?");
  expect(slack.calls.filter((method) => method === "assistant.threads.setTitle")).toHaveLength(1);
  expect(slack.lost).toEqual([]);
});

test("a token without the scope for that takes questions all the same", async () => {
  await using opened = await openSlack({
    scopes: [
      "app_mentions:read",
      "channels:history",
      "chat:write",
      "files:read",
      "files:write",
      "groups:history",
      "im:history",
    ],
  });
  const { slack, adapter } = opened;
  const inbound = recordingInbound();
  await adapter.start(inbound);
  const place = slack.openAssistant();
  slack.say({ ...place, text: "hello" });
  expect(await inbound.received(1)).toMatchObject([{ text: "hello" }]);
  await eventually(() => slack.pending().length === 0, "the acknowledgements");
});

test("a status stands below the thread as long as the turn takes, and goes with it", async () => {
  await using opened = await withOneTime();
  const { slack, clock, show } = opened;
  const place = slack.say({ text: "please", mention: true });
  await show("t", "Reading", place);
  await eventually(() => slack.status(place) !== undefined, "the status");
  // The message takes it away, and it comes again.
  await clock.advance(1000);
  await eventually(() => slack.calls.includes("chat.postMessage"), "the message");
  for (let minute = 0; minute < 10; minute += 1) {
    await clock.advance(60_000);
    await slack.roundTrip();
    await eventually(() => slack.status(place) !== undefined, "the status");
  }
  await show("t", undefined, place);
  expect(slack.status(place)).toBeUndefined();
});

test("where Slack takes no status it is not asked again, and progress goes on", async () => {
  await using opened = await withOneTime();
  const { slack, show } = opened;
  const setStatus = "assistant.threads.setStatus";
  slack.faults.call(setStatus, { type: "error", error: "unknown_method" });
  for (const key of ["t1", "t2"]) {
    const place = slack.say({ text: "please", mention: true });
    await show(key, "Reading", place);
    await eventually(() => slack.calls.includes(setStatus), "the try");
    await show(key, undefined, place);
  }
  expect(slack.calls.filter((method) => method === setStatus)).toHaveLength(1);
});

/** Steps of a turn that its person sees grow. */
async function streaming() {
  const opened = await withOneTime({ progress: "streamed" });
  const { slack, adapter, clock, show } = opened;
  const inbound = recordingInbound();
  await adapter.start(inbound);
  const place = slack.say({ text: "please", mention: true });
  await inbound.received(1);
  const step = async (text: string): Promise<void> => {
    await show("t", text, place);
    await eventually(async () => {
      await clock.advance(1000);
      return seen().some((each) => each.includes(text.slice(0, 5)));
    }, text);
  };
  const seen = () => slack.thread(place).flatMap(({ isBot, text }) => (isBot ? [text] : []));
  return { ...opened, place, step, seen };
}

test("streamed progress grows step by step in one message, and goes in the end", async () => {
  await using opened = await streaming();
  const { slack, show, step, seen, place } = opened;
  await step("Reading **web.log**");
  await step("Comparing <!channel>");
  expect(seen()).toEqual(["● Reading **web.log**\n◐ Comparing ‹!channel›"]);
  await show("t", undefined, place);
  expect(seen()).toEqual([]);
  expect(slack.calls.filter((method) => method === "chat.startStream")).toHaveLength(1);
});

test("a stream is begun anew before Slack closes it, also when it was closed unseen", async () => {
  await using opened = await streaming();
  const { slack, clock, step, seen } = opened;
  await step("one");
  await clock.advance(235_000);
  await step("two");
  expect(seen()).toEqual(["◐ two"]);
  const error = "message_not_in_streaming_state";
  slack.faults.call("chat.appendStream", { type: "error", error });
  await step("three");
  expect(seen()).toEqual(["◐ three"]);
  expect(slack.calls.filter((method) => method === "chat.startStream")).toHaveLength(3);
});

test("what a stream would need somebody for is an edited message where nobody is known", async () => {
  await using opened = await withOneTime({ progress: "streamed" });
  const { slack, clock, show } = opened;
  const place = slack.say({ text: "please", mention: true });
  await show("t", "Reading", place);
  await eventually(async () => {
    await clock.advance(1000);
    return slack.thread(place).at(-1)?.text === "Reading";
  }, "the message");
  expect(slack.calls).not.toContain("chat.startStream");
});

test("that somebody opens a conversation is acknowledged before the prompts are there", async () => {
  await using opened = await openSlack();
  const { slack, adapter } = opened;
  await adapter.start(recordingInbound());
  let answer = (): void => {};
  const until = new Promise<void>((resolve) => {
    answer = resolve;
  });
  slack.faults.call("assistant.threads.setSuggestedPrompts", { type: "slow", until });
  const place = slack.openAssistant();
  await eventually(() => slack.pending().length === 0, "the acknowledgement");
  expect(slack.assistant(place).prompts).toEqual([]);
  answer();
  await eventually(() => slack.assistant(place).prompts.length === 3, "the prompts");
});
