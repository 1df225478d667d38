import { Client, GatewayIntentBits, REST, Routes } from "discord.js";
import { expect, test } from "vitest";

import { eventually } from "../../src/testing/adapter-suite-support.ts";
import {
  discordTwin,
  type DiscordTwinOptions,
} from "../../src/testing/discord-twin/discord-twin.ts";
import { manualClock } from "../../src/testing/manual-clock.ts";

/** The twin and Discord's own client, without an adapter between them. */
async function open(options: DiscordTwinOptions = {}) {
  const discord = await discordTwin(options);
  const rest = new REST({
    api: discord.apiUrl,
    retries: 0,
    rejectOnRateLimit: () => true,
    // As the adapter does, whatever else the process has loaded.
    makeRequest: (url: string, init: object) => fetch(url, init),
  });
  rest.setToken(discord.botToken);
  const place = discord.say({ text: "please", mention: true, user: "UANN" });
  return {
    discord,
    rest,
    place,
    channel: Routes.channelMessages(place.channel),
    [Symbol.asyncDispose]: () => discord[Symbol.asyncDispose](),
  };
}

const v2 = 1 << 15;
const text = (content: string, more: object = {}): object => ({ type: 10, content, ...more });

test.each([
  ["content of 2,001 letters", { content: "x".repeat(2001) }, 50_035],
  ["eleven embeds", { embeds: Array.from({ length: 11 }, () => ({ title: "x" })) }, 50_035],
  [
    "embeds of 6,001 letters",
    { embeds: [1, 2].map(() => ({ description: "x".repeat(3001) })) },
    50_035,
  ],
  ["a nonce of 26 letters", { content: "x", nonce: "x".repeat(26) }, 50_035],
  ["nothing at all", {}, 50_006],
  [
    "texts of 4,001 letters together",
    { flags: v2, components: [text("x".repeat(2001)), text("x".repeat(2000))] },
    50_035,
  ],
  ["41 components", { flags: v2, components: Array.from({ length: 41 }, () => text("x")) }, 50_035],
  ["content besides components", { flags: v2, content: "x", components: [text("x")] }, 50_035],
  ["a text without the flag for it", { components: [text("x")] }, 50_035],
  [
    "two components with one id",
    { flags: v2, components: [text("x", { id: 7 }), text("y", { id: 7 })] },
    50_035,
  ],
  [
    "a file that was not sent",
    { flags: v2, components: [{ type: 13, file: { url: "attachment://a.log" } }] },
    50_035,
  ],
  [
    "a custom id of 101 letters",
    {
      content: "x",
      components: [
        { type: 1, components: [{ type: 2, style: 1, label: "x", custom_id: "x".repeat(101) }] },
      ],
    },
    50_035,
  ],
  ["a field that there is not", { content: "x", contents: "y" }, 50_035],
])("a message is refused: %s", async (_, body, code) => {
  await using opened = await open();
  await expect(opened.rest.post(opened.channel, { body })).rejects.toMatchObject({ code });
});

test("the same nonce again is the same message, for some minutes; history does not tell it", async () => {
  const clock = manualClock(Date.now());
  await using opened = await open({ clock, rateLimits: false });
  const body = { content: "x", nonce: "abc", enforce_nonce: true };
  const send = () => opened.rest.post(opened.channel, { body });
  const first = await send();
  expect(await send()).toMatchObject({ id: idOf(first), nonce: "abc" });
  const history = await opened.rest.get(opened.channel);
  expect(history).toMatchObject([{ id: idOf(first) }, { id: opened.place.id }]);
  expect(JSON.stringify(history)).not.toContain("nonce");
  await clock.advance(6 * 60_000);
  expect(idOf(await send())).not.toBe(idOf(first));
});

test("one thread per message, names of at most 100 letters, two renames in ten minutes", async () => {
  await using opened = await open();
  const { rest, place } = opened;
  const route = Routes.threads(place.channel, place.id);
  await expect(rest.post(route, { body: { name: "x".repeat(101) } })).rejects.toMatchObject({
    code: 50_035,
  });
  await rest.post(route, { body: { name: "one" } });
  await expect(rest.post(route, { body: { name: "two" } })).rejects.toMatchObject({
    code: 160_004,
  });
  const rename = (name: string) => rest.patch(Routes.channel(place.id), { body: { name } });
  await rename("two");
  await rename("three");
  await expect(rename("four")).rejects.toMatchObject({ sublimitTimeout: expect.any(Number) });
});

test("in an archived thread only a new message is possible, in a locked one nothing", async () => {
  const clock = manualClock(Date.now());
  await using opened = await open({ clock, rateLimits: false });
  const { rest, place, discord } = opened;
  const hour = { name: "one", auto_archive_duration: 60 };
  await rest.post(Routes.threads(place.channel, place.id), { body: hour });
  const thread = Routes.channelMessages(place.id);
  const id = idOf(await rest.post(thread, { body: { content: "x" } }));
  await clock.advance(61 * 60_000);
  expect(discord.threadOf(place.id)?.archived).toBe(true);
  const message = Routes.channelMessage(place.id, id);
  await expect(rest.patch(message, { body: { content: "y" } })).rejects.toMatchObject({
    code: 50_083,
  });
  await expect(rest.put(`${message}/reactions/%F0%9F%91%8D/@me`)).rejects.toMatchObject({
    code: 50_083,
  });
  await rest.post(thread, { body: { content: "y" } });
  expect(discord.threadOf(place.id)?.archived).toBe(false);
  discord.moderate(place.id, { locked: true });
  await expect(rest.post(thread, { body: { content: "z" } })).rejects.toMatchObject({
    code: 160_005,
  });
});

test("an interaction has three seconds, one answer and fifteen minutes", async () => {
  const clock = manualClock(Date.now());
  await using opened = await open({ clock, rateLimits: false });
  const { rest, discord } = opened;
  await rest.post(Routes.applicationCommands(discord.applicationId), {
    body: {
      name: "ops",
      type: 1,
      description: "x",
      options: [{ type: 1, name: "ask", description: "x" }],
    },
  });
  const tokens: { id: string; token: string }[] = [];
  const client = new Client({ intents: [GatewayIntentBits.Guilds], rest: { api: discord.apiUrl } });
  client.on("interactionCreate", ({ id, token }) => void tokens.push({ id, token }));
  try {
    await client.login(discord.botToken);
    const begin = async (): Promise<{ id: string; token: string }> => {
      const before = tokens.length;
      // Members of guilds have ids that the client makes objects of.
      discord.command({ sub: "ask", user: "80351110224678912" });
      await eventually(() => tokens.length > before, "the interaction");
      return tokens.at(-1) ?? { id: "", token: "" };
    };
    const answer = ({ id, token }: { id: string; token: string }) =>
      rest.post(Routes.interactionCallback(id, token), {
        body: { type: 4, data: { content: "x" } },
        auth: false,
      });
    const first = await begin();
    await answer(first);
    await expect(answer(first)).rejects.toMatchObject({ code: 40_060 });
    const late = await begin();
    await clock.advance(3001);
    await expect(answer(late)).rejects.toMatchObject({ code: 10_062 });
    const follow = Routes.webhook(discord.applicationId, first.token);
    await rest.post(follow, { body: { content: "y" }, auth: false });
    await clock.advance(15 * 60_000);
    await expect(rest.post(follow, { body: { content: "z" }, auth: false })).rejects.toMatchObject({
      code: 50_027,
    });
  } finally {
    await client.destroy();
  }
});

test("what the bot may not see or do is refused, and counts towards being shut out", async () => {
  await using opened = await open({ maxInvalid: 3 });
  const { rest, discord } = opened;
  const secret = Routes.channelMessages(discord.channels["secret"] ?? "");
  await expect(rest.get(secret)).rejects.toMatchObject({ code: 50_001 });
  await expect(rest.post(secret, { body: { content: "x" } })).rejects.toMatchObject({
    code: 50_001,
  });
  const forum = Routes.channelMessages(discord.channels["help"] ?? "");
  await expect(rest.post(forum, { body: { content: "x" } })).rejects.toMatchObject({
    code: 50_008,
  });
  for (let count = 0; count < 2; count += 1) await rest.get(secret).catch(() => {}); // Refused again.
  await expect(rest.get(opened.channel)).rejects.toMatchObject({ retryAfter: expect.any(Number) });
});

test("files expire by their address, and what is too large or too many is refused", async () => {
  const clock = manualClock(Date.now());
  await using opened = await open({ clock, rateLimits: false });
  const { rest, channel } = opened;
  const file = (name: string, bytes: number) => ({ name, data: Buffer.alloc(bytes, "x") });
  const send = (...files: { name: string; data: Buffer }[]) =>
    rest.post(channel, { body: { content: "x" }, files });
  const sent = await send(file("Größe 1.log", 100));
  expect(sent).toMatchObject({ attachments: [{ filename: "Gr__e_1.log", size: 100 }] });
  const url = /"url":"([^"]+)"/.exec(JSON.stringify(sent))?.[1] ?? "";
  expect((await fetch(url)).status).toBe(200);
  expect((await fetch(url.replace("hm=", "hm=0"))).status).toBe(404);
  await clock.advance(25 * 3_600_000);
  expect((await fetch(url)).status).toBe(404);
  await expect(send(file("large.log", 10 * 1024 ** 2 + 1))).rejects.toMatchObject({ code: 40_005 });
  const eleven = Array.from({ length: 11 }, (_, index) => file(`${index}.log`, 1));
  await expect(send(...eleven)).rejects.toMatchObject({ code: 50_035 });
});

test.each([
  { intents: GatewayIntentBits.MessageContent, twin: { intents: [] }, code: 4014 },
  { intents: 1 << 30, twin: {}, code: 4013 },
] as const)(
  "identifying with intents $intents ends with $code",
  async ({ intents, twin, code }) => {
    await using opened = await open(twin);
    const client = new Client({ intents, rest: { api: opened.discord.apiUrl } });
    try {
      await expect(client.login(opened.discord.botToken)).rejects.toThrow(/intents/);
      expect(opened.discord.gateway.log).toContain(`close ${code}`);
    } finally {
      await client.destroy();
    }
  },
);

test("discord.js itself reads people, threads, roles and files of the twin", async () => {
  await using opened = await open();
  const { discord } = opened;
  const { Guilds, GuildMessages, MessageContent } = GatewayIntentBits;
  const client = new Client({
    intents: [Guilds, GuildMessages, MessageContent],
    rest: { api: discord.apiUrl },
  });
  const seen: { content: string; files: number; inThread: boolean }[] = [];
  client.on("messageCreate", ({ content, attachments, channel }) => {
    seen.push({ content, files: attachments.size, inThread: channel.isThread() });
  });
  try {
    await client.login(discord.botToken);
    await eventually(() => client.isReady(), "the client");
    const user = "80351110224678912";
    const place = discord.say({
      text: "one",
      user,
      files: [{ name: "a.log", bytes: Buffer.from("x") }],
    });
    discord.say({ ...place, text: "two", user });
    await eventually(() => seen.length === 2, "both");
    expect(seen).toEqual([
      { content: "one", files: 1, inThread: false },
      { content: "two", files: 0, inThread: true },
    ]);
    expect(client.guilds.cache.first()?.channels.cache.size).toBe(5);
  } finally {
    await client.destroy();
  }
});

function idOf(message: unknown): string {
  return String(Reflect.get(Object(message), "id"));
}
