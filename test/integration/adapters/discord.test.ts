import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { type BotOptions, createBot } from "opsthread";
import { discordAdapter } from "opsthread/discord";
import { slackAdapter } from "opsthread/slack";
import { type DiscordPlace, discordTwin, slackTwin, transcriptPage } from "opsthread/testing";
import { afterEach, beforeEach, expect, test } from "vitest";

import { eventually } from "../../../src/testing/adapter-suite-support.ts";
import { answering } from "../../agent/harness.ts";
import { demoTools, incident, keep, talking } from "./demo-conversation.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "opsthread-discord-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** The assembled bot, with the real discord.js, on a Discord of its own. */
async function openBot(options: Partial<BotOptions> = {}) {
  // The limits have their own tests, and would make these wait.
  const discord = await discordTwin({ rateLimits: false });
  const { botToken, apiUrl, guildId } = discord;
  const bot = await createBot({
    adapters: [discordAdapter({ botToken, apiUrl })],
    access: {
      users: [`discord:${guildId}:UANN`],
      approvers: [`discord:${guildId}:UBOB`],
      channels: [`discord:${guildId}:*`],
    },
    dataFolder: folder,
    sandbox: { driver: "virtual" },
    secrets: [botToken],
    ...options,
  });
  await bot.start();
  await eventually(() => discord.commands().length === 2, "the commands");
  const posts = (place: Pick<DiscordPlace, "channel" | "thread">) =>
    discord.thread(place).filter(({ isBot, text }) => isBot && !text.startsWith("-# ⏳"));
  return {
    discord,
    bot,
    posts,
    /** Resolves when there are so many of the bot's posts, and all is done. */
    answered: async (place: Pick<DiscordPlace, "channel" | "thread">, count = 1) => {
      await eventually(() => posts(place).length >= count, `${count} posts`);
      await bot.idle();
      return posts(place);
    },
    async [Symbol.asyncDispose]() {
      await bot.stop();
      await discord[Symbol.asyncDispose]();
    },
  };
}

const log = (service: string): { name: string; bytes: Buffer } => ({
  name: `${service}.log`,
  bytes: Buffer.from(
    `2026-11-26T10:00:00Z INFO up\n2026-11-26T10:00:01Z ERROR ${service}: @everyone disk is full\n`,
  ),
});

test("the demo conversation: a mention with two logs, answer and files in a thread, follow-up, approval, stop", async () => {
  const { tools, ran, began } = demoTools();
  await using opened = await openBot({ model: talking(), tools });
  const { discord, answered, posts } = opened;
  const place = discord.say({
    text: "orders fail since 10:01, what went wrong?",
    user: "UANN",
    mention: true,
    files: incident("@everyone"),
  });
  const inThread = (text: string) => discord.say({ text, user: "UANN", ...place });
  const isSaid = (words: string) => () => posts(place).some(({ text }) => text.includes(words));
  await eventually(isSaid("No space left on device"), "the answer");
  await answered(place);
  expect(discord.threadOf(place.thread)?.name).toBe("orders fail since 10:01, what went wrong?");
  const files = posts(place).flatMap((post) => post.files.map(({ name }) => name));
  expect(files).toContain("report.md");

  inThread("only the errors of web.log");
  await answered(place, 2);
  inThread("restart the database");
  const card = () => posts(place).find(({ buttons }) => buttons.length > 0);
  await eventually(() => card() !== undefined, "the question");
  const { id: message = "" } = card() ?? {};
  const refused = discord.press({ message, label: "Approve once", user: "UANN" });
  await eventually(() => refused.answered !== undefined, "the refusal");
  expect(discord.whispers("UANN")).toEqual(["Only an approver may do this"]);
  expect(ran).toEqual([]);

  discord.press({ message, label: "Approve once", user: "UBOB" });
  await eventually(isSaid("is up again"), "what came of it");
  await answered(place);
  expect(ran).toEqual(["restart"]);
  const decided = posts(place).find(({ id }) => id === message);
  expect(decided).toMatchObject({ buttons: [] });
  expect(decided?.text).toContain("✅ Approved once by <@UBOB>");

  inThread("watch it for a while");
  await began;
  discord.react(place, "🛑", "UANN");
  await eventually(isSaid("Stopped"), "the end");
  await answered(place);
  // Its progress has come and gone, nobody was called, and nothing was late.
  expect(discord.thread(place).some(({ text }) => text.startsWith("-# ⏳"))).toBe(false);
  expect(discord.thread(place).flatMap(({ isBot, calls }) => (isBot ? calls : []))).toEqual([]);

  const page = transcriptPage(discord.transcript("The demo conversation in Discord"));
  expect(page).toContain("pressed <b>Approve once</b>");
  await keep("discord-demo.html", page);
});

test("a task by its command reads the attached log; the report comes as a file", async () => {
  await using opened = await openBot();
  const { discord, answered } = opened;
  const completed = discord.complete({ sub: "run", option: "task", typed: "lo", user: "UANN" });
  await eventually(() => completed.choices.length > 0, "the choices");
  expect(completed.choices).toContain("logs");
  const acted = discord.command({
    sub: "run",
    options: { task: "logs" },
    files: [log("web")],
    user: "UANN",
  });
  await eventually(() => acted.messageId !== undefined, "what was asked");
  const place = { channel: discord.channels["ops"] ?? "", thread: acted.messageId ?? "" };
  const posts = await answered(place, 2);
  const answer = posts.at(-1);
  expect(answer?.text).toContain("disk is full");
  expect(posts.flatMap(({ calls }) => calls)).toEqual([]);
  expect(posts.flatMap(({ files }) => files).length).toBeGreaterThan(0);
});

test("who is not on the list is told so alone, and nothing is posted", async () => {
  await using opened = await openBot();
  const { discord, posts } = opened;
  const place = discord.say({ text: "what went wrong?", user: "UEVE", mention: true });
  await eventually(() => discord.whispers("UEVE").length === 1, "the refusal");
  expect(posts(place)).toEqual([]);
  const acted = discord.command({ sub: "ask", options: { request: "hello" }, user: "UEVE" });
  await eventually(() => acted.answered !== undefined, "the refusal of the command");
  expect(acted.isEphemeral).toBe(true);
});

test("an answer whose post was cut comes once", async () => {
  await using opened = await openBot({ model: answering("answered") });
  const { discord, answered } = opened;
  const isAnswer = ({ body }: { readonly body: unknown }): boolean =>
    JSON.stringify(body).includes("answered");
  discord.faults.call("POST /channels/{}/messages", { type: "drop", taken: true }, isAnswer);
  const place = discord.say({ text: "well?", user: "UANN", mention: true });
  await eventually(
    () => discord.calls.some((call) => call.startsWith(`GET /channels/${place.thread}/messages`)),
    "the look-up",
  );
  const posts = await answered(place);
  expect(posts.filter(({ text }) => text.includes("answered"))).toHaveLength(1);
});

test("what was written to the bot alone while it was away is answered when it is back, once", async () => {
  await using discord = await discordTwin({ rateLimits: false });
  const { botToken, apiUrl } = discord;
  const run = async (answer: string) => {
    const bot = await createBot({
      adapters: [discordAdapter({ botToken, apiUrl, commands: "nowhere" })],
      access: { users: ["discord:@me:UANN"], channels: ["discord:@me:*"] },
      dataFolder: folder,
      model: answering(answer),
      sandbox: { driver: "virtual" },
      secrets: [botToken],
    });
    await bot.start();
    return bot;
  };
  const said = (text: string) => discord.sayDirectly({ text, user: "UANN" });
  const answers = (place: DiscordPlace) =>
    discord.thread(place).filter(({ isBot, text }) => isBot && text.startsWith("answer"));
  const first = await run("answer one");
  const place = said("hello?");
  await eventually(() => answers(place).length === 1, "the first answer");
  await first.stop();
  said("and now?");
  const second = await run("answer two");
  try {
    await eventually(() => answers(place).length === 2, "the second answer");
    await second.idle();
    const lines = answers(place).map(({ text }) => text.split("\n")[0]);
    expect(lines).toEqual(["answer one", "answer two"]);
    expect(await second.store.sessions({ limit: 10 })).toHaveLength(1);
  } finally {
    await second.stop();
  }
});

test("one bot serves Slack and Discord at once, sessions apart", async () => {
  await using slack = await slackTwin();
  await using discord = await discordTwin();
  const { botToken, apiUrl } = discord;
  const bot = await createBot({
    adapters: [
      slackAdapter({ appToken: slack.appToken, botToken: slack.botToken, apiUrl: slack.apiUrl }),
      discordAdapter({ botToken, apiUrl }),
    ],
    access: {
      users: [`slack:${slack.teamId}:UANN`, `discord:${discord.guildId}:UANN`],
      channels: [`slack:${slack.teamId}:*`, `discord:${discord.guildId}:*`],
    },
    dataFolder: folder,
    model: answering("first answer", "second answer", "third answer", "fourth answer"),
    sandbox: { driver: "virtual" },
  });
  try {
    await bot.start();
    const there = slack.say({ text: "one", user: "UANN", mention: true });
    const here = discord.say({ text: "two", user: "UANN", mention: true });
    const isAnswered = (): boolean =>
      slack.thread(there).some(({ text }) => text.includes("answer")) &&
      discord.thread(here).some(({ text }) => text.includes("answer"));
    await eventually(isAnswered, "both answers");
    await bot.idle();
    expect(await bot.store.sessions({ limit: 10 })).toHaveLength(2);
    const texts = [...slack.thread(there), ...discord.thread(here)].flatMap(({ isBot, text }) =>
      isBot && text.includes("answer") ? [/\w+ answer/.exec(text)?.[0]] : [],
    );
    expect(new Set(texts)).toEqual(new Set(["first answer", "second answer"]));
    expect(texts).toHaveLength(2);
  } finally {
    await bot.stop();
  }
});
