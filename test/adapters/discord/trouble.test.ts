import { expect, test } from "vitest";

import { eventually, noArtifacts, postInto } from "../../../src/testing/adapter-suite-support.ts";
import { manualClock } from "../../../src/testing/manual-clock.ts";
import { started } from "./started.ts";

const plain = { signal: new AbortController().signal, open: noArtifacts };
const reading = ["VIEW_CHANNEL", "READ_MESSAGE_HISTORY", "USE_APPLICATION_COMMANDS"] as const;

test("a bot that may not write where it is asked says so to that person alone, once, and the post waits", async () => {
  await using opened = await started({ twin: { permissions: reading } });
  const { discord, inbound, adapter, refOf } = opened;
  const place = discord.say({ text: "please", mention: true, user: "UANN" });
  await inbound.received(1);
  for (let tries = 0; tries < 2; tries += 1)
    await expect(adapter.post(postInto(refOf(place), { key: "k1" }), plain)).rejects.toMatchObject({
      code: "ADAPTER_POST_FAILED",
    });
  await eventually(() => discord.whispers("UANN").length > 0, "the notice");
  await discord.roundTrip();
  expect(discord.whispers("UANN")).toEqual([
    `<#${place.channel}>: I can't answer in the thread that you asked in: I lack the permission to send messages there. When that has changed, the answer comes`,
  ]);
});

test("a bot that may open threads but not write in them says so to that person alone", async () => {
  await using opened = await started({
    twin: { permissions: [...reading, "SEND_MESSAGES", "CREATE_PUBLIC_THREADS"] },
  });
  const { discord, inbound, adapter, refOf } = opened;
  const place = discord.say({ text: "please", mention: true, user: "UANN" });
  await inbound.received(1);
  await expect(adapter.post(postInto(refOf(place), { key: "k1" }), plain)).rejects.toMatchObject({
    code: "ADAPTER_POST_FAILED",
  });
  await eventually(() => discord.whispers("UANN").length > 0, "the notice");
  expect(discord.whispers("UANN")[0]).toMatch(/I lack the permission to send messages there/);
});

test("who takes no direct messages is told beneath what they wrote, where the bot may speak", async () => {
  await using opened = await started();
  const { discord, inbound, adapter, refOf } = opened;
  discord.closeDirect("UANN");
  const place = discord.say({ text: "please", mention: true, user: "UANN" });
  discord.say({ ...place, text: "more", user: "UANN" });
  await inbound.received(2);
  discord.moderate(place.thread, { locked: true });
  await expect(adapter.post(postInto(refOf(place), { key: "k1" }), plain)).rejects.toMatchObject({
    code: "ADAPTER_POST_FAILED",
  });
  const told = () => discord.thread(place).filter(({ isBot }) => isBot);
  await eventually(() => told().length > 0, "the notice");
  expect(told()[0]).toMatchObject({ text: expect.stringMatching(/it is locked/), calls: [] });
});

test("after a post went through, the next trouble is told again", async () => {
  const clock = manualClock(Date.now());
  await using opened = await started({ clock });
  const { discord, inbound, adapter, refOf } = opened;
  const place = discord.say({ text: "please", mention: true, user: "UANN" });
  await inbound.received(1);
  const isPost = ({ body }: { readonly body: unknown }) => JSON.stringify(body).includes("Done");
  const refused = async (key: string): Promise<void> => {
    const refusal = { type: "error", status: 403, code: 50_013, message: "Missing" } as const;
    discord.faults.call("POST /channels/{}/messages", refusal, isPost);
    await expect(adapter.post(postInto(refOf(place), { key }), plain)).rejects.toThrow("50013");
  };
  await refused("k1");
  await eventually(() => discord.whispers("UANN").length === 1, "the first notice");
  await adapter.post(postInto(refOf(place), { key: "k1" }), plain);
  await clock.advance(61_000);
  await refused("k2");
  await eventually(() => discord.whispers("UANN").length === 2, "the second notice");
});
