import { ChannelType, Client, GatewayIntentBits, type Message, Routes } from "discord.js";
import { expect, test } from "vitest";

import { eventually } from "../../src/testing/adapter-suite-support.ts";
import {
  discordTwin,
  type DiscordTwinOptions,
} from "../../src/testing/discord-twin/discord-twin.ts";
import type { PermissionName } from "../../src/testing/discord-twin/permissions.ts";

// Bots that are not ours, on discord.js as its guide has it.

const permissions: readonly PermissionName[] = [
  "VIEW_CHANNEL",
  "SEND_MESSAGES",
  "SEND_MESSAGES_IN_THREADS",
  "READ_MESSAGE_HISTORY",
  "ADD_REACTIONS",
  "ATTACH_FILES",
  "CREATE_PUBLIC_THREADS",
  "CREATE_PRIVATE_THREADS",
  "MANAGE_THREADS",
];

async function login(options: DiscordTwinOptions = {}) {
  const discord = await discordTwin({ permissions, rateLimits: false, ...options });
  const { Guilds, GuildMessages, GuildMessageReactions, MessageContent } = GatewayIntentBits;
  const client = new Client({
    intents: [Guilds, GuildMessages, GuildMessageReactions, MessageContent],
    // As the adapter does, whatever else the process has loaded.
    rest: { api: discord.apiUrl, makeRequest: (url: string, init: object) => fetch(url, init) },
  });
  const said: Message[] = [];
  client.on("messageCreate", (message) => said.push(message));
  await client.login(discord.botToken);
  await eventually(() => client.isReady(), "the client");
  const channel = async (name: string) => client.channels.fetch(discord.channels[name] ?? "");
  const text = async () => {
    const found = await channel("ops");
    if (found?.type !== ChannelType.GuildText) throw new Error("No text channel");
    return found;
  };
  return {
    discord,
    client,
    said,
    channel,
    text,
    async [Symbol.asyncDispose]() {
      await client.destroy();
      await discord[Symbol.asyncDispose]();
    },
  };
}

test("threads that begin at nothing, private ones and forum posts: opened, archived, deleted", async () => {
  await using opened = await login();
  const { discord } = opened;
  const threads = (await opened.text()).threads;
  const open = await threads.create({ name: "open" });
  const hidden = await threads.create({ name: "hidden", type: ChannelType.PrivateThread });
  expect([open.type, hidden.type]).toEqual([ChannelType.PublicThread, ChannelType.PrivateThread]);
  await open.setArchived(true);
  const archived = await threads.fetchArchived();
  expect(archived.threads.map(({ name }) => name)).toEqual(["open"]);
  await open.send("still here");
  expect(discord.threadOf(open.id)?.archived).toBe(false);
  await hidden.delete();
  expect(discord.threadOf(hidden.id)).toBeUndefined();

  const forum = await opened.channel("help");
  if (forum?.type !== ChannelType.GuildForum) throw new Error("No forum");
  const post = await forum.threads.create({ name: "Web is slow", message: { content: "why?" } });
  const place = { channel: forum.id, thread: post.id };
  expect(discord.thread(place).map(({ text, id }) => [text, id])).toEqual([["why?", post.id]]);
});

test("a voice channel's chat has no threads, an announcement channel's are of their own type", async () => {
  await using opened = await login({
    channels: [
      { name: "Standup", kind: "voice" },
      { name: "news", kind: "announcement" },
    ],
  });
  const { discord, said, client } = opened;
  for (const name of ["Standup", "news"])
    discord.say({ text: name, channel: discord.channels[name] ?? "" });
  await eventually(() => said.length === 2, "both");
  const [voice, news] = said;
  // The client itself does not even ask.
  const route = Routes.threads(voice?.channelId ?? "", voice?.id);
  const opening = client.rest.post(route, { body: { name: "x" } });
  await expect(opening).rejects.toMatchObject({ code: 50_024 });
  const thread = await news?.startThread({ name: "x" });
  expect(thread?.type).toBe(ChannelType.AnnouncementThread);
});

test("forwards, polls, stickers and replies are what the client takes them for", async () => {
  await using opened = await login();
  const { discord, said } = opened;
  const files = [{ name: "a.log", bytes: Buffer.from("x") }];
  const first = discord.say({ text: "look", files });
  discord.say({ text: "", forwards: first });
  discord.say({ text: "", poll: { question: "Which?", answers: ["web", "db"] } });
  discord.say({ text: "", stickers: ["wave"] });
  discord.say({ text: "yes", replyTo: first.id, user: "U2" });
  await eventually(() => said.length === 5, "all");
  const [, forward, poll, sticker, reply] = said;
  const snapshot = forward?.messageSnapshots.first();
  expect([snapshot?.content, snapshot?.attachments.first()?.name]).toEqual(["look", "a.log"]);
  expect(poll?.poll?.answers.map(({ text }) => text)).toEqual(["web", "db"]);
  expect(sticker?.stickers.first()?.name).toBe("wave");
  expect((await reply?.fetchReference())?.content).toBe("look");
  expect(reply?.mentions.repliedUser?.id).toBe("person");
});

test("a reply to what is gone is refused, unless it need not be one", async () => {
  await using opened = await login();
  const channel = await opened.text();
  const reply = (failIfNotExists: boolean) =>
    channel.send({ content: "x", reply: { messageReference: "1", failIfNotExists } });
  await expect(reply(true)).rejects.toMatchObject({ code: 50_035 });
  expect((await reply(false)).reference).toBeNull();
});

test("commands are put in place all at once; follow-ups are changed and deleted by their token", async () => {
  await using opened = await login();
  const { discord, client } = opened;
  const sub = { type: 1, name: "ask", description: "Ask" } as const;
  const command = (name: string) => ({ name, description: "x", options: [sub] });
  await client.application?.commands.set([command("one"), command("ops")]);
  await client.application?.commands.set([command("ops")]);
  expect(discord.commands()).toEqual(["ops"]);

  const done = new Promise<void>((resolve, reject) => {
    client.on("interactionCreate", (interaction) => {
      if (!interaction.isChatInputCommand()) return;
      const answer = async (): Promise<void> => {
        await interaction.reply("first");
        const more = await interaction.followUp("secnod");
        await interaction.editReply("first!");
        await interaction.webhook.editMessage(more, "second");
        const last = await interaction.followUp("third");
        await interaction.webhook.deleteMessage(last);
      };
      answer().then(resolve, reject);
    });
  });
  discord.command({ sub: "ask" });
  await done;
  const shown = (await (await opened.text()).messages.fetch()).map(({ content }) => content);
  expect(shown.toSorted()).toEqual(["first!", "second"]);
});

test("who may do what can be set for each channel, and is told", async () => {
  await using opened = await login();
  const { discord } = opened;
  const channel = await opened.text();
  await channel.send("x");
  discord.permit(channel.id, { who: discord.botRoleId, deny: ["SEND_MESSAGES"] });
  await expect(channel.send("y")).rejects.toMatchObject({ code: 50_013 });
  await eventually(() => channel.permissionOverwrites.cache.size === 1, "what is told of it");
  discord.permit(channel.id, { who: discord.botUserId, allow: ["SEND_MESSAGES"] });
  await channel.send("z");
});

test("signs are put beneath, read and taken away", async () => {
  await using opened = await login();
  const message = await (await opened.text()).send("x");
  const reaction = await message.react("✅");
  expect((await reaction.users.fetch()).size).toBe(1);
  await reaction.users.remove();
  expect((await reaction.users.fetch()).size).toBe(0);
});
