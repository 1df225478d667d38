import { expect, test } from "vitest";

import {
  artifactsOf,
  binary,
  eventually,
  noArtifacts,
  postInto,
} from "../../../src/testing/adapter-suite-support.ts";
import { manualClock } from "../../../src/testing/manual-clock.ts";
import { started } from "./started.ts";

// What Discord demands of a bot, and what bots are known to fail at, where no other test here has it.

const { signal } = new AbortController();
const plain = { signal, open: noArtifacts };
const sending = "POST /channels/{}/messages";

test("interaction token of 15 minutes: a result that takes longer is posted with the bot's own authority", async () => {
  const clock = manualClock(Date.now());
  await using opened = await started({ commands: "everywhere", twin: { clock } });
  const { discord, inbound, adapter } = opened;
  await eventually(() => discord.commands().length === 2, "the commands");
  discord.command({ sub: "ask", options: { request: "read the logs" }, user: "UANN" });
  const [message] = await inbound.received(1);
  await clock.advance(3 * 3_600_000);
  const asked = discord.calls.length;
  await adapter.post(postInto(message?.thread ?? never(), { key: "k1" }), plain);
  const made = discord.calls.slice(asked);
  expect(made.some((call) => call.endsWith("/messages"))).toBe(true);
  expect(made.filter((call) => /webhooks|interactions/.test(call))).toEqual([]);
});

test("unknown interaction (10062), because Discord was slow: the next one is answered", async () => {
  const clock = manualClock(Date.now());
  await using opened = await started({ commands: "everywhere", twin: { clock } });
  const { discord, inbound } = opened;
  await eventually(() => discord.commands().length === 2, "the commands");
  discord.faults.call("POST /interactions/{}/{}/callback", {
    type: "error",
    status: 404,
    code: 10_062,
    message: "Unknown interaction",
  });
  discord.command({ sub: "ask", options: { request: "late" } });
  await eventually(() => discord.calls.some((call) => call.endsWith("/callback")), "the answer");
  const next = discord.command({ sub: "ask", options: { request: "in time" } });
  await inbound.received(1);
  expect(next.answered).toBeDefined();
  expect(inbound.messages.map(({ text }) => text)).toEqual(["in time"]);
});

test("double acknowledgement (40060): of every kind of interaction there is one callback", async () => {
  await using opened = await started({ commands: "everywhere" }, async ({ kind }) =>
    kind === "stop" ? { status: "denied", reason: "Not you" } : { status: "accepted" },
  );
  const { discord, inbound } = opened;
  await eventually(() => discord.commands().length === 2, "the commands");
  const place = discord.say({ text: "what is this?", user: "UBOB" });
  const deeds = [
    discord.command({ sub: "help" }),
    discord.command({ sub: "ask" }),
    discord.command({ sub: "ask", options: { request: "x" } }),
    discord.command({ sub: "stop" }),
    discord.complete({ sub: "run", option: "task", typed: "lo" }),
    discord.menu({ name: "Ask Opsthread", message: place.id }),
  ];
  await eventually(() => deeds.every(({ answered }) => answered !== undefined), "all answers");
  await inbound.received(1);
  await discord.roundTrip();
  const acks = discord.calls.filter((call) => call.endsWith("/callback"));
  expect(acks).toHaveLength(deeds.length);
  expect(new Set(acks).size).toBe(deeds.length);
});

test("thread rename limit (two in ten minutes, then a hang): threads are never renamed", async () => {
  await using opened = await started({ twin: { rateLimits: false } });
  const { discord, inbound, adapter, refOf } = opened;
  const place = discord.say({ text: "one name", mention: true });
  await inbound.received(1);
  for (let turn = 0; turn < 4; turn += 1) {
    const progress = { key: `p${turn}`, markdown: "Working on it …" };
    await adapter.showProgress(refOf(place), progress, { signal });
    await adapter.post(postInto(refOf(place), { key: `k${turn}`, turn }), plain);
    await adapter.showProgress(refOf(place), { ...progress, markdown: undefined }, { signal });
  }
  expect(discord.threadOf(place.thread)?.name).toBe("one name");
  expect(discord.calls.filter((call) => /^PATCH \/channels\/\d+$/.test(call))).toEqual([]);
});

test("archived threads refuse edits and deletions (50083): the line of a turn goes once its answer has revived the thread", async () => {
  const clock = manualClock(Date.now());
  await using opened = await started({ clock });
  const { discord, inbound, adapter, refOf } = opened;
  const place = discord.say({ text: "please", mention: true });
  await inbound.received(1);
  const thread = refOf(place);
  const lines = () => discord.thread(thread).filter(({ text }) => text.startsWith("-# ⏳"));
  await adapter.showProgress(thread, { key: "p1", markdown: "Reading" }, { signal });
  discord.moderate(thread.thread, { archived: true });
  const gone = adapter.showProgress(thread, { key: "p1", markdown: undefined }, { signal });
  await eventually(() => discord.calls.some((call) => call.startsWith("DELETE")), "the refusal");
  await adapter.post(postInto(thread, { key: "k1" }), plain);
  await eventually(async () => {
    await clock.advance(1000);
    return lines().length === 0;
  }, "the end of the line");
  await gone;
  expect(discord.threadOf(thread.thread)?.archived).toBe(false);
});

test("cap on active threads (160006): where no more may be opened, the answer goes beneath the message", async () => {
  await using opened = await started();
  const { discord, inbound, adapter, refOf } = opened;
  const place = discord.say({ text: "please", mention: true });
  await inbound.received(1);
  discord.faults.call("POST /channels/{}/messages/{}/threads", {
    type: "error",
    status: 400,
    code: 160_006,
    message: "Maximum number of active threads reached",
  });
  await adapter.post(postInto(refOf(place), { key: "k1" }), plain);
  expect(discord.threadOf(place.thread)).toBeUndefined();
  expect(discord.thread(place).filter(({ isBot }) => isBot)).toHaveLength(1);
});

test("a shared 429 is nobody's fault: it is waited for, and not counted towards being shut out", async () => {
  const clock = manualClock(Date.now());
  const twin = { maxInvalid: 2, rateLimits: false };
  await using opened = await started({ clock, maxInvalidRequests: 2, twin });
  const { discord, inbound, adapter, refOf } = opened;
  const place = discord.say({ text: "please", mention: true });
  await inbound.received(1);
  discord.say({ ...place, text: "and more" });
  for (let count = 0; count < 3; count += 1) {
    discord.faults.call(sending, { type: "rate-limited", retryAfterS: 0.01, scope: "shared" });
    await expect(adapter.post(postInto(refOf(place), { key: "k1" }), plain)).rejects.toMatchObject({
      code: "ADAPTER_RATE_LIMITED",
    });
    await clock.advance(1000);
  }
  await eventually(
    () =>
      adapter.post(postInto(refOf(place), { key: "k1" }), plain).then(
        () => true,
        () => false,
      ),
    "the post",
  );
});

test("allowed_mentions is empty in every message and every edit, and no message has more than Discord takes", async () => {
  await using opened = await started({ commands: "everywhere" });
  const { discord, inbound, adapter, refOf } = opened;
  await eventually(() => discord.commands().length === 2, "the commands");
  const bodies: unknown[] = [];
  const note = ({ body }: { readonly body: unknown }): boolean => {
    bodies.push(body);
    return false;
  };
  const drop = { type: "drop", taken: false } as const;
  for (const route of [sending, "PATCH /channels/{}/messages/{}"])
    discord.faults.call(route, drop, note);
  const place = discord.say({ text: "@everyone please", mention: true });
  await inbound.received(1);
  const thread = refOf(place);
  const loud = `<@UBOB> @everyone @here <@&1> ${"**bold** ".repeat(500)}`;
  const { artifacts, open } = artifactsOf([{ name: "@everyone.log", bytes: binary(10) }]);
  await adapter.showProgress(thread, { key: "p1", markdown: loud }, { signal });
  await adapter.showProgress(thread, { key: "p1", markdown: `still ${loud}` }, { signal });
  await adapter.post(postInto(thread, { key: "k1", markdown: loud, artifacts }), { signal, open });
  expect(bodies.length).toBeGreaterThanOrEqual(4);
  for (const body of bodies) expect(body).toMatchObject({ allowed_mentions: { parse: [] } });
  expect(discord.thread(place).flatMap(({ isBot, calls }) => (isBot ? calls : []))).toEqual([]);
});

test("close 1000 ends a session: a bot that stops says goodbye, and the next one begins anew", async () => {
  await using opened = await started();
  const { discord, adapter } = opened;
  await adapter[Symbol.asyncDispose]();
  await eventually(() => discord.connections() === 0, "the end");
  expect(discord.gateway.log).not.toContain("resume");
});

function never(): never {
  throw new Error("Nothing was brought");
}
