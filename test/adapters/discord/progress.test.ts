import { expect, test } from "vitest";

import { discordAdapter } from "../../../src/adapters/discord/index.ts";
import { eventually } from "../../../src/testing/adapter-suite-support.ts";
import { manualClock } from "../../../src/testing/manual-clock.ts";
import { openDiscord } from "./open-discord.ts";

const { signal } = new AbortController();

async function withThread(opening: Parameters<typeof openDiscord>[0] = {}) {
  const opened = await openDiscord(opening);
  const place = opened.discord.say({ text: "please", mention: true });
  const thread = opened.refOf(place);
  const show = (markdown: string | undefined, adapter = opened.adapter): Promise<void> =>
    adapter.showProgress(thread, { key: "turn-1", markdown }, { signal });
  const lines = () => opened.discord.thread(place).filter(({ isBot }) => isBot);
  return { ...opened, place, thread, show, lines };
}

test("of changes that come faster than they are shown, only the last is", async () => {
  await using opened = await withThread();
  const { discord } = opened;
  await opened.show("0");
  await Promise.all(Array.from({ length: 10 }, (_, index) => opened.show(String(index + 1))));
  expect(opened.lines().map(({ text }) => text)).toEqual(["-# ⏳ 10"]);
  const edits = discord.calls.filter((call) => call.startsWith("PATCH /channels"));
  expect(edits.length).toBeLessThanOrEqual(2);
});

test("a long turn shows that somebody writes, not more often than it must", async () => {
  const clock = manualClock(Date.now());
  await using opened = await withThread({ clock });
  await opened.show("one");
  await opened.show("two");
  expect(opened.discord.typing()).toEqual([]);
  for (const line of ["three", "four"]) {
    await clock.advance(10_000);
    await opened.show(line);
    await opened.show(`still ${line}`);
  }
  expect(opened.discord.typing()).toEqual([opened.thread.thread, opened.thread.thread]);
});

test("the end of a line waits as long as Discord asks, a change does not", async () => {
  const clock = manualClock(Date.now());
  await using opened = await withThread({ clock });
  const { discord } = opened;
  await opened.show("one");
  discord.faults.call("PATCH /channels/{}/messages/{}", { type: "rate-limited", retryAfterS: 5 });
  await opened.show("two");
  expect(opened.lines().map(({ text }) => text)).toEqual(["-# ⏳ one"]);
  discord.faults.call("DELETE /channels/{}/messages/{}", { type: "rate-limited", retryAfterS: 5 });
  const gone = opened.show(undefined);
  await eventually(() => discord.calls.some((call) => call.startsWith("DELETE")), "the first try");
  expect(opened.lines()).toHaveLength(1);
  await eventually(async () => {
    await clock.advance(5000);
    return opened.lines().length === 0;
  }, "the end");
  await gone;
});

test.each([
  ["nothing new", undefined, []],
  ["its own", "again", ["-# ⏳ again"]],
])(
  "a turn that a process takes up, of which it shows %s, leaves no line of the killed one",
  async (_, markdown, left) => {
    await using opened = await withThread();
    const { botToken, apiUrl } = opened.discord;
    await using next = discordAdapter({ botToken, apiUrl });
    // The one that takes over knows the thread.
    await opened.show("before", next);
    await opened.show(undefined, next);
    await opened.show("left behind");
    await next.showProgress(
      opened.thread,
      { key: "turn-1", markdown, isTakenUp: true },
      { signal },
    );
    expect(opened.lines().map(({ text }) => text)).toEqual(left);
  },
);

test("what a killed process left behind is taken away by the next one", async () => {
  await using opened = await withThread();
  const { botToken, apiUrl } = opened.discord;
  await opened.show("left behind");
  await using next = discordAdapter({ botToken, apiUrl });
  await opened.show("the next", next);
  expect(opened.lines().map(({ text }) => text)).toEqual(["-# ⏳ the next"]);
});
