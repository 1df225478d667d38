import { expect, test } from "vitest";

import { slackAdapter } from "../../../src/adapters/slack/index.ts";
import { eventually, recordingInbound } from "../../../src/testing/adapter-suite-support.ts";
import { manualClock } from "../../../src/testing/manual-clock.ts";
import { openSlack, passUntil } from "./open-slack.ts";

const opens = ({ calls }: { readonly calls: readonly string[] }): number =>
  calls.filter((method) => method === "apps.connections.open").length;

test("a connection that falls silent is taken for dead, and what was told into it comes again", async () => {
  const clock = manualClock();
  await using opened = await openSlack({ clock, slackClock: clock, silenceMs: 600 });
  const { slack, adapter } = opened;
  const inbound = recordingInbound();
  await adapter.start(inbound);
  slack.freeze();
  slack.say({ text: "anybody there?", mention: true });
  expect(slack.connections()).toBe(0);
  await eventually(() => slack.connections() === 1, "the next connection");
  await passUntil(() => inbound.messages.length > 0, { slack, clock });
  expect(new Set(inbound.messages.map(({ text }) => text))).toEqual(new Set(["anybody there?"]));
  expect(slack.lost).toEqual([]);
});

test("connections that end as soon as they are there are not made without pauses", async () => {
  const clock = manualClock();
  await using opened = await openSlack({ clock });
  const { slack, adapter } = opened;
  await adapter.start(recordingInbound());
  const endAll = async (): Promise<void> => {
    slack.refresh("warning");
    await slack.roundTrip();
  };
  await eventually(async () => {
    await endAll();
    return opens(slack) === 2;
  }, "the second connection");
  for (let count = 0; count < 50; count += 1) await endAll();
  expect(opens(slack)).toBe(2);
  await eventually(async () => {
    await clock.advance(100);
    return opens(slack) === 3;
  }, "the third connection");
});

test("one connection more than Slack takes says so, and what to do", async () => {
  await using opened = await openSlack();
  const { slack } = opened;
  const { appToken, botToken, apiUrl } = slack;
  const adapters = Array.from({ length: 11 }, () => slackAdapter({ appToken, botToken, apiUrl }));
  const [last, ...others] = adapters;
  await Promise.all(others.map((adapter) => adapter.start(recordingInbound())));
  const started = last?.start(recordingInbound());
  await expect(started).rejects.toMatchObject({ code: "ADAPTER_UNAVAILABLE" });
  await expect(started).rejects.toThrow(/too_many_websockets\); end other processes/);
  await Promise.all(adapters.map((adapter) => adapter[Symbol.asyncDispose]()));
});

test("what came while another connection was made is acknowledged over the one that it came by", async () => {
  await using opened = await openSlack();
  const { slack, adapter } = opened;
  const stores: (() => void)[] = [];
  const inbound = recordingInbound(async () => {
    await new Promise<void>((resolve) => stores.push(resolve));
    return { status: "accepted" };
  });
  await adapter.start(inbound);
  const asked = slack.command({ text: "help" });
  const place = slack.say({ text: "first", mention: true });
  await inbound.received(1);
  slack.refresh("link_disabled");
  const more = slack.command({ text: "help" });
  await eventually(() => slack.connections() === 2, "the next connection");
  for (const store of stores) store();
  await eventually(() => slack.pending().length === 0, "the acknowledgements");
  expect([asked, more].map(({ shown }) => shown.length)).toEqual([1, 1]);
  expect(slack.thread(place)).toHaveLength(1);
  expect([slack.late, slack.lost]).toEqual([[], []]);
});
