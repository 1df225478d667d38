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
  /** Until people see it. */
  const shown = async (markdown: string): Promise<void> => {
    await show(markdown);
    await eventually(async () => {
      await clock.advance(1000);
      return seen().some((text) => text.startsWith(markdown.slice(0, 7)));
    }, `"${markdown}"`);
  };
  return { ...opened, clock, thread, show, shown, seen };
}

test("a line is one message that is changed, whatever goes wrong on the way", async () => {
  await using opened = await withLine();
  const { slack, clock, shown, seen } = opened;
  await shown("Reading <!channel>");
  slack.faults.call("chat.update", { type: "status", status: 500, taken: false });
  await opened.show("Comparing");
  await eventually(async () => {
    await clock.advance(1000);
    return slack.calls.includes("chat.update");
  }, "the change that fails");
  await shown("Writing");
  expect(seen()).toEqual(["Writing"]);
  expect(slack.calls.filter((method) => method === "chat.postMessage")).toHaveLength(1);
});

test("what is done at once has no message", async () => {
  await using opened = await withLine();
  const { slack, clock, show } = opened;
  await show("Reading");
  await clock.advance(999);
  await show(undefined);
  await clock.advance(5000);
  expect(slack.calls).not.toContain("chat.postMessage");
});

test("the end of a line waits as long as Slack asks", async () => {
  await using opened = await withLine();
  const { slack, clock, show, shown, seen } = opened;
  await shown("Reading");
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
  const { slack, clock, show, seen } = opened;
  let answer = (): void => {};
  const until = new Promise<void>((resolve) => {
    answer = resolve;
  });
  slack.faults.call("chat.postMessage", { type: "slow", until });
  await show("Reading");
  await eventually(async () => {
    await clock.advance(1000);
    return slack.calls.includes("chat.postMessage");
  }, "the post");
  const enough = new AbortController();
  const late = show(undefined, { signal: enough.signal });
  enough.abort(new Error("It took too long"));
  await expect(late).rejects.toThrow("It took too long");
  answer();
  await eventually(() => slack.calls.includes("chat.delete"), "the end of the line");
  expect(seen()).toEqual([]);
});

test("a line that a killed process left behind is taken away in the next turn of its thread", async () => {
  await using opened = await withLine();
  const { slack, shown, seen, thread, clock } = opened;
  await shown("Reading");
  // Another process, while the first one never gets to its end.
  const { slackAdapter } = await import("../../../src/adapters/slack/index.ts");
  const { appToken, botToken, apiUrl } = slack;
  await using next = slackAdapter({ appToken, botToken, apiUrl, clock });
  await next.showProgress(thread, { key: "turn-2", markdown: "Again" }, { signal });
  await eventually(async () => {
    await clock.advance(1000);
    return seen()[0] === "Again";
  }, "the end of the old line");
  expect(seen()).toEqual(["Again"]);
});

test.each([
  ["shows nothing new", 0, []],
  ["shows its own", 1000, ["Again"]],
])(
  "a turn that a process takes up and which %s leaves no line of the killed one",
  async (_, ms, left) => {
    await using opened = await withLine();
    const { slack, show, shown, seen, thread, clock } = opened;
    const { slackAdapter } = await import("../../../src/adapters/slack/index.ts");
    const { appToken, botToken, apiUrl } = slack;
    await using next = slackAdapter({ appToken, botToken, apiUrl, clock });
    // The one that takes over knows the thread.
    await next.showProgress(thread, { key: "turn-0", markdown: "Before" }, { signal });
    await eventually(async () => {
      await clock.advance(1000);
      return slack.calls.includes("conversations.replies");
    }, "the look into the thread");
    await next.showProgress(thread, { key: "turn-0", markdown: undefined }, { signal });
    await show(undefined);
    await shown("Reading");
    const again = { key: "turn-1", isTakenUp: true };
    await next.showProgress(thread, { ...again, markdown: "Again" }, { signal });
    await clock.advance(ms);
    if (left.length === 0)
      await next.showProgress(thread, { ...again, markdown: undefined }, { signal });
    await eventually(() => !seen().includes("Reading"), "the end of the old line");
    expect(seen()).toEqual(left);
  },
);

test("a line of which Slack never told the id is found by what it carries", async () => {
  await using opened = await withLine();
  const { slack, show, shown, seen } = opened;
  slack.faults.call("chat.postMessage", { type: "drop", taken: true });
  await shown("Reading");
  await show(undefined);
  await eventually(() => seen().length === 0, "the end of the line");
  expect(slack.calls).toContain("conversations.replies");
});
