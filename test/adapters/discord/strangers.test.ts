import { expect, test } from "vitest";

import { discordAdapter } from "../../../src/adapters/discord/index.ts";
import {
  eventually,
  noArtifacts,
  postInto,
  recordingInbound,
} from "../../../src/testing/adapter-suite-support.ts";
import { manualClock } from "../../../src/testing/manual-clock.ts";
import { openDiscord } from "./open-discord.ts";
import { started } from "./started.ts";

// What Discord, and what stands before it, is known to answer at times.

const plain = { signal: new AbortController().signal, open: noArtifacts };
const sending = "POST /channels/{}/messages";
const callback = "POST /interactions/{}/{}/callback";
const listing = "GET /applications/{}/commands";
const error = (status: number, code: number) =>
  ({ type: "error", status, code, message: "So it is" }) as const;

async function asked(options: Parameters<typeof openDiscord>[0] = {}) {
  const opened = await started(options);
  const place = opened.discord.say({ text: "please", mention: true, user: "UANN" });
  await opened.inbound.received(1);
  const thread = opened.refOf(place);
  const post = (key: string) => opened.adapter.post(postInto(thread, { key }), plain);
  return { ...opened, place, thread, post };
}

test.each([true, false])(
  "a command whose answer is cut is begun once, whether Discord took it (%s) or not",
  async (taken) => {
    await using opened = await started({ commands: "everywhere" });
    const { discord, inbound, refOf } = opened;
    await eventually(() => discord.commands().length === 2, "the commands");
    discord.faults.call(callback, { type: "drop", taken });
    const acted = discord.command({ sub: "ask", options: { request: "x" }, user: "UANN" });
    const [message] = await inbound.received(1);
    const { messageId: thread = "" } = acted;
    expect(message?.thread).toEqual(refOf({ channel: discord.channels["ops"] ?? "", thread }));
    expect(discord.thread({ channel: discord.channels["ops"] ?? "", thread })).toHaveLength(1);
    await discord.roundTrip();
    expect(inbound.messages).toHaveLength(1);
  },
);

test("who may not use the bot is told no tasks, neither while typing nor by help", async () => {
  await using opened = await openDiscord();
  const { discord, adapter } = opened;
  const reason = "You are not on the list";
  await adapter.start(recordingInbound(undefined, { check: () => ({ allowed: false, reason }) }));
  await eventually(() => discord.commands().length === 2, "the commands");
  const typed = discord.complete({ sub: "run", option: "task", typed: "" });
  const help = discord.command({ sub: "help" });
  await eventually(() => [typed, help].every(({ answered }) => answered), "the answers");
  expect(typed.choices).toEqual([]);
  expect(discord.whispers("person")).toEqual([reason]);
});

test("a server that lets the app have no commands keeps them from no other; what passes is waited for", async () => {
  const clock = manualClock(Date.now());
  await using opened = await openDiscord({
    clock,
    twin: { guilds: ["Other"] },
    commands: ["900000000000000001", "900000000000000002"],
  });
  const { discord, adapter } = opened;
  discord.faults.call("GET /applications/{}/guilds/{}/commands", error(403, 50_001));
  discord.faults.call(listing, { type: "status", status: 502, taken: false });
  await adapter.start(recordingInbound());
  await eventually(async () => {
    await clock.advance(1000);
    return discord.commands("900000000000000002").length === 2;
  }, "the commands");
  expect(discord.commands("900000000000000001")).toEqual([]);
});

test.each([
  [{ commandName: "Ops" }, /commandName "Ops": expected 1 to 32 small letters/],
  [{ commandName: "/ops" }, /commandName "\/ops"/],
  [{ commands: ["my server"] }, /"my server" is no id of a server/],
])("%o is refused before anything is asked", (options, message) => {
  expect(() => discordAdapter({ botToken: "a.b.c", ...options })).toThrow(message);
});

test("shut out by what stands before Discord, which answers in HTML: nothing is asked until it is over", async () => {
  const clock = manualClock(Date.now());
  await using opened = await asked({ clock, twin: { maxInvalid: 0, clock } });
  const { discord, adapter, refOf } = opened;
  discord.faults.call("POST /channels/{}/messages/{}/threads", error(403, 50_013));
  // The refusal was one too many.
  await expect(opened.post("k1")).rejects.toMatchObject({
    code: "ADAPTER_RATE_LIMITED",
    data: { retryAfterMs: 3_600_000 },
  });
  const count = discord.calls.length;
  const elsewhere = refOf(discord.say({ text: "x", channel: discord.channels["web"] ?? "" }));
  await expect(adapter.post(postInto(elsewhere, { key: "k2" }), plain)).rejects.toMatchObject({
    code: "ADAPTER_RATE_LIMITED",
  });
  expect(discord.calls).toHaveLength(count);
  await clock.advance(3_600_000);
  await opened.post("k1");
  expect(discord.thread(opened.place).filter(({ isBot }) => isBot)).toHaveLength(1);
});

test.each([
  [{ type: "status", status: 500, taken: false }, "ADAPTER_POST_UNKNOWN"],
  [error(503, 130_000), "ADAPTER_POST_UNKNOWN"],
  [error(429, 20_028), "ADAPTER_RATE_LIMITED"],
  [error(400, 20_016), "ADAPTER_POST_FAILED"],
  [error(403, 40_333), "ADAPTER_POST_FAILED"],
  [error(403, 50_007), "ADAPTER_POST_FAILED"],
  [{ type: "status", status: 403, taken: false }, "ADAPTER_POST_FAILED"],
  [{ type: "status", status: 400, taken: false }, "ADAPTER_POST_REJECTED"],
] as const)("%o is %s", async (fault, code) => {
  await using opened = await asked({ timeoutMs: 3000 });
  const { discord } = opened;
  discord.say({ ...opened.place, text: "in the thread", user: "UANN" });
  discord.faults.call(sending, fault, ({ path }) => path.includes(opened.thread.thread));
  await expect(opened.post("k1")).rejects.toMatchObject({ code });
});

test.each([
  [error(400, 200_000), "ADAPTER_POST_REJECTED", /AutoMod blocks what I have to say/],
  [error(400, 30_033), "ADAPTER_POST_FAILED", /as many members as a thread may have/],
  [error(400, 160_006), "ADAPTER_POST_FAILED", /as many threads as it may have/],
  [error(400, 50_083), "ADAPTER_POST_FAILED", /it is archived/],
] as const)("who asked is told why no answer comes: %o", async (fault, code, words) => {
  await using opened = await asked();
  const { discord } = opened;
  discord.say({ ...opened.place, text: "in the thread", user: "UANN" });
  discord.faults.call(sending, fault, ({ path }) => path.includes(opened.thread.thread));
  await expect(opened.post("k1")).rejects.toMatchObject({ code });
  await eventually(() => discord.whispers("UANN").length === 1, "the notice");
  expect(discord.whispers("UANN")[0]).toMatch(words);
});

test("a name that the server's AutoMod blocks is none for a thread: it has a plain one", async () => {
  await using opened = await asked();
  const { discord, thread } = opened;
  const isNamed = ({ body }: { readonly body: unknown }) => JSON.stringify(body).includes("please");
  const opening = "POST /channels/{}/messages/{}/threads";
  discord.faults.call(opening, error(400, 200_001), isNamed);
  await opened.post("k1");
  expect(discord.threadOf(thread.thread)?.name).toBe("Opsthread");
});

test("a refusal of the token is no reason to answer in the channel for ever", async () => {
  await using opened = await asked();
  const { discord, thread } = opened;
  discord.faults.call("POST /channels/{}/messages/{}/threads", error(401, 0));
  await expect(opened.post("k1")).rejects.toMatchObject({ code: "ADAPTER_POST_FAILED" });
  await opened.post("k1");
  expect(discord.threadOf(thread.thread)?.name).toBe("please");
});

test("a question that expires in an archived thread loses its buttons once that is revived", async () => {
  const clock = manualClock(Date.now());
  await using opened = await asked({ clock });
  const { discord, adapter, thread } = opened;
  const approval = { approvalId: "1abcde", title: "May I", facts: [], choices: ["once"] as const };
  const card = postInto(thread, { key: "k1", kind: "approval", approval });
  const { messageId } = await adapter.post(card, plain);
  const buttons = () => discord.thread(thread).find(({ id }) => id === messageId)?.buttons;
  discord.moderate(thread.thread, { archived: true });
  const closing = adapter.closeApproval?.(thread, { key: "k1", type: "expired" }, plain);
  await eventually(() => discord.calls.some((call) => call.startsWith("PATCH")), "the refusal");
  expect(buttons()).toEqual(["Approve once"]);
  await opened.post("k2");
  await eventually(async () => {
    await clock.advance(1000);
    return buttons()?.length === 0;
  }, "the end of the buttons");
  await closing;
});
