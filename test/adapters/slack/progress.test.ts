import { expect, test } from "vitest";

import { eventually } from "../../../src/testing/adapter-suite-support.ts";
import { manualClock } from "../../../src/testing/manual-clock.ts";
import { openSlack } from "./open-slack.ts";

const { signal } = new AbortController();

async function withLine() {
  const clock = manualClock();
  const opened = await openSlack({ clock });
  const { slack, adapter, refOf } = opened;
  const thread = refOf(slack.say({ text: "please", mention: true }));
  const show = (markdown: string | undefined, given = { signal }) =>
    adapter.showProgress(thread, { key: "turn-1", markdown }, given);
  const seen = () =>
    slack
      .thread(thread)
      .filter(({ isBot }) => isBot)
      .map(({ text }) => text);
  return { ...opened, clock, thread, show, seen };
}

test("a line is one message that is changed, whatever goes wrong on the way", async () => {
  await using opened = await withLine();
  const { slack, clock, show, seen } = opened;
  await show("Reading <!channel>");
  slack.faults.call("chat.update", { type: "status", status: 500, taken: false });
  const comparing = show("Comparing");
  await clock.advance(1000);
  await comparing;
  const writing = show("Writing");
  await clock.advance(1000);
  await writing;
  expect(seen()).toEqual(["Writing"]);
  expect(slack.calls.filter((method) => method === "chat.postMessage")).toHaveLength(1);
});

test("the end of a line waits as long as Slack asks", async () => {
  await using opened = await withLine();
  const { slack, clock, show, seen } = opened;
  await show("Reading");
  slack.faults.call("chat.delete", { type: "rate-limited", retryAfterS: 20 });
  const ended = show(undefined);
  await eventually(() => slack.calls.includes("chat.delete"), "the first try");
  await eventually(async () => {
    await clock.advance(20_000);
    return seen().length === 0;
  }, "the end of the line");
  await ended;
  expect(seen()).toEqual([]);
});

test("a line that came late, when nobody waited any more, is taken away, too", async () => {
  await using opened = await withLine();
  const { slack, show, seen } = opened;
  let answer = (): void => {};
  const until = new Promise<void>((resolve) => {
    answer = resolve;
  });
  slack.faults.call("chat.postMessage", { type: "slow", until });
  const enough = new AbortController();
  const late = show("Reading", { signal: enough.signal });
  await eventually(() => slack.calls.includes("chat.postMessage"), "the post");
  enough.abort(new Error("It took too long"));
  await expect(late).rejects.toThrow("It took too long");
  const ended = show(undefined);
  answer();
  await ended;
  expect(seen()).toEqual([]);
  expect(slack.calls).toContain("chat.delete");
});

test("a line that a killed process left behind is taken away in the next turn of its thread", async () => {
  await using opened = await withLine();
  const { slack, show, seen } = opened;
  await show("Reading");
  // Another process, while the first one never gets to its end.
  const { slackAdapter } = await import("../../../src/adapters/slack/index.ts");
  const { appToken, botToken, apiUrl } = slack;
  await using next = slackAdapter({ appToken, botToken, apiUrl });
  await next.showProgress(opened.thread, { key: "turn-2", markdown: "Again" }, { signal });
  await eventually(() => seen().length === 1, "the end of the old line");
  expect(seen()).toEqual(["Again"]);
});

test("a line of which Slack never told the id is found by what it carries", async () => {
  await using opened = await withLine();
  const { slack, show, seen } = opened;
  slack.faults.call("chat.postMessage", { type: "drop", taken: true });
  await show("Reading");
  expect(seen()).toEqual(["Reading"]);
  await show(undefined);
  await eventually(() => seen().length === 0, "the end of the line");
});
