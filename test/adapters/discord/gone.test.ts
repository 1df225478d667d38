import { expect, test } from "vitest";

import { discordAdapter } from "../../../src/adapters/discord/index.ts";
import { silentLogger } from "../../../src/core/logger.ts";
import { eventually, noArtifacts, postInto } from "../../../src/testing/adapter-suite-support.ts";
import { manualClock } from "../../../src/testing/manual-clock.ts";
import { started } from "./started.ts";

// What the bot was asked in is taken away while it is at work.

const plain = { signal: new AbortController().signal, open: noArtifacts };

test("a private thread that is deleted takes its answer along: nothing of it is said in the channel", async () => {
  await using opened = await started();
  const { discord, inbound, adapter, refOf } = opened;
  const where = discord.openThread({ name: "incident", isPrivate: true, user: "UANN" });
  discord.say({ ...where, text: "who had access?", mention: true, user: "UANN" });
  await inbound.received(1);
  discord.removeChannel(where.thread);
  const post = postInto(refOf(where), { key: "k1", markdown: "eve had" });
  await expect(adapter.post(post, plain)).rejects.toMatchObject({ code: "ADAPTER_POST_REJECTED" });
  // Nor by a process that knows nothing of it, nor where threads are not allowed.
  discord.permit(where.channel, { who: discord.botRoleId, deny: ["CREATE_PUBLIC_THREADS"] });
  const { botToken, apiUrl } = discord;
  await using next = discordAdapter({ botToken, apiUrl });
  await expect(next.post(post, plain)).rejects.toMatchObject({ code: "ADAPTER_POST_REJECTED" });
  expect(JSON.stringify(discord.transcript())).not.toContain("eve had");
});

test("a thread that is deleted is opened anew on the message that it began at", async () => {
  await using opened = await started();
  const { discord, inbound, adapter, refOf } = opened;
  const place = discord.say({ text: "please", mention: true });
  await inbound.received(1);
  await adapter.post(postInto(refOf(place), { key: "k1" }), plain);
  discord.removeChannel(place.thread);
  await adapter.post(postInto(refOf(place), { key: "k2" }), plain);
  expect(discord.threadOf(place.thread)?.name).toBe("please");
});

test("the message is deleted before there was an answer: that comes where it was, beneath nothing", async () => {
  await using opened = await started();
  const { discord, inbound, adapter, refOf } = opened;
  const place = discord.say({ text: "please", mention: true });
  await inbound.received(1);
  discord.remove(place);
  const { messageId } = await adapter.post(postInto(refOf(place), { key: "k1" }), plain);
  expect(discord.transcript().threads[0]?.messages.at(-1)?.html).toContain("Done.");
  expect(messageId).not.toBe("");
});

test("a channel or a forum post that is deleted: its answers are put aside", async () => {
  await using opened = await started();
  const { discord, inbound, adapter, refOf } = opened;
  const inChannel = discord.say({ text: "please", mention: true });
  const inForum = discord.sayInForum({ title: "Web", text: "please", mention: true });
  await inbound.received(2);
  discord.removeChannel(inChannel.channel);
  discord.removeChannel(inForum.thread);
  for (const place of [inChannel, inForum])
    await expect(adapter.post(postInto(refOf(place), { key: "k1" }), plain)).rejects.toMatchObject({
      code: "ADAPTER_POST_REJECTED",
    });
});

test("a server that is gone for a while and comes back: what was said goes on", async () => {
  await using opened = await started();
  const { discord, inbound } = opened;
  const place = discord.say({ text: "before", mention: true });
  await inbound.received(1);
  discord.outage(true);
  await discord.roundTrip();
  discord.outage(false);
  discord.say({ ...place, text: "after" });
  await inbound.received(2);
  await discord.roundTrip();
  expect(inbound.messages.map(({ text }) => text)).toEqual(["before", "after"]);
});

test("where it is not known where something was said, Discord is asked until it answers", async () => {
  const clock = manualClock(Date.now());
  await using opened = await started({ clock });
  const { discord, inbound } = opened;
  const channel = discord.channels["web"] ?? "";
  const faults = [
    { type: "status", status: 503, taken: false },
    { type: "drop", taken: false },
    { type: "rate-limited", retryAfterS: 0.01 },
  ] as const;
  for (const fault of faults) discord.faults.call("GET /channels/{}", fault);
  // As of one that the client has forgotten.
  const told = { id: channel, guild_id: discord.guildId, type: 0 };
  discord.gateway.send(JSON.stringify({ op: 0, t: "CHANNEL_DELETE", s: null, d: told }));
  discord.say({ text: "still?", mention: true, channel });
  await eventually(async () => {
    await clock.advance(1000);
    return inbound.messages.length > 0;
  }, "the message");
  expect(inbound.messages[0]?.text).toBe("still?");
  const asked = discord.calls.filter((call) => call === `GET /channels/${channel}`);
  expect(asked).toHaveLength(faults.length + 1);
});

test("an end of the connection that is for good is told with what to do, and ends no process", async () => {
  const errors: object[] = [];
  const error = (data: object): void => void errors.push(data);
  await using opened = await started({ log: { ...silentLogger, error } });
  const { discord } = opened;
  discord.gateway.cut(4004);
  await eventually(() => errors.length > 0, "the error");
  expect(errors[0]).toMatchObject({ problem: expect.stringMatching(/reset it at .*\/bot/) });
  expect(discord.gateway.log.filter((each) => each === "identify")).toHaveLength(1);
});
