import { once } from "node:events";
import { createServer } from "node:http";

import { Routes } from "discord.js";
import { expect, test } from "vitest";

import { eventually } from "../../src/testing/adapter-suite-support.ts";
import {
  discordTwin,
  type DiscordTwinOptions,
} from "../../src/testing/discord-twin/discord-twin.ts";
import { manualClock } from "../../src/testing/manual-clock.ts";

/** The twin, and calls as a client makes them that keeps to no limit by itself. */
async function open(options: DiscordTwinOptions = {}) {
  const clock = manualClock(Date.now());
  const discord = await discordTwin({ clock, ...options });
  const call = async (method: string, route: string, body?: object) => {
    const response = await fetch(`${discord.apiUrl}/v10${route}`, {
      method,
      headers: {
        authorization: `Bot ${discord.botToken}`,
        "content-type": "application/json",
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const json: unknown = text === "" ? undefined : JSON.parse(text);
    return { status: response.status, headers: response.headers, json };
  };
  return {
    clock,
    discord,
    call,
    commands: Routes.applicationCommands(discord.applicationId),
    [Symbol.asyncDispose]: () => discord[Symbol.asyncDispose](),
  };
}

const command = (more: object = {}): object => ({
  type: 1,
  name: "ops",
  description: "x",
  ...more,
});
const option = (index: number, more: object = {}): object => ({
  type: 3,
  name: `o${index}`,
  description: "x",
  ...more,
});
const many = <T>(length: number, make: (index: number) => T): readonly T[] =>
  Array.from({ length }, (_, index) => make(index));

test("50 calls a second over all routes: the next one is told so, globally, and interactions are not bound to it", async () => {
  await using opened = await open();
  const { call, discord } = opened;
  const routes = many(50, (index) => (index % 2 === 0 ? "/users/@me" : "/applications/@me"));
  const answers = await Promise.all(routes.map((route) => call("GET", route)));
  expect(answers.every(({ status }) => status === 200)).toBe(true);
  const next = await call("GET", Routes.channelMessages(discord.channels["ops"] ?? ""));
  expect(next).toMatchObject({
    status: 429,
    json: { global: true, retry_after: expect.any(Number) },
  });
  expect(next.headers.get("x-ratelimit-scope")).toBe("global");
  const interaction = await call("POST", Routes.interactionCallback("1", "t"), { type: 5 });
  expect(interaction).toMatchObject({ status: 404, json: { code: 10_062 } });
});

test("X-RateLimit headers tell each bucket: what is left, and when there is more", async () => {
  await using opened = await open();
  const { call, discord, clock } = opened;
  const send = (channel: string) =>
    call("POST", Routes.channelMessages(discord.channels[channel] ?? ""), { content: "x" });
  const [first, other] = [await send("ops"), await send("web")];
  const left = ({ headers }: { readonly headers: Headers }) => headers.get("x-ratelimit-remaining");
  expect([left(first), left(other)]).toEqual(["4", "4"]);
  for (let count = 0; count < 4; count += 1) await send("ops");
  expect(await send("ops")).toMatchObject({ status: 429, json: { global: false } });
  await clock.advance(5000);
  expect((await send("ops")).status).toBe(200);
});

test("a command has 25 options, 25 choices, 8,000 letters, and what is required first", async () => {
  await using opened = await open({ rateLimits: false });
  const { call, commands } = opened;
  const choices = (count: number): readonly object[] =>
    many(count, (index) => ({ name: `c${index}`, value: `c${index}` }));
  const sub = (options: readonly object[]): object =>
    command({ options: [{ type: 1, name: "ask", description: "x", options }] });
  const long = { description: "x".repeat(100), choices: choices(25) };
  const bad = [
    command({ options: many(26, (index) => option(index)) }),
    command({ options: [option(1, { choices: choices(26) })] }),
    command({ options: many(25, (index) => option(index, long)) }),
    command({ options: [option(1, { description: "x".repeat(101) })] }),
    sub([option(1), option(2, { required: true })]),
  ];
  for (const body of bad)
    expect(await call("POST", commands, body)).toMatchObject({
      status: 400,
      json: { code: 50_035 },
    });
  const good = sub([option(1, { required: true }), option(2, { choices: choices(25) })]);
  expect((await call("POST", commands, good)).status).toBe(200);
});

test("100 commands in a place, and 200 new ones a day; the same one again is none", async () => {
  await using opened = await open({ rateLimits: false });
  const { call, commands, discord, clock } = opened;
  const make = (route: string, name: string) => call("POST", route, command({ name }));
  for (let index = 0; index < 100; index += 1) await make(commands, `c${index}`);
  expect(await make(commands, "c101")).toMatchObject({ status: 400, json: { code: 30_032 } });
  expect((await make(commands, "c1")).status).toBe(200);

  const guild = Routes.applicationGuildCommands(discord.applicationId, discord.guildId);
  const makeAndRemove = async (): Promise<unknown> => {
    const made = await make(guild, "one");
    const id = String(Reflect.get(Object(made.json), "id"));
    await call("DELETE", `${guild}/${id}`);
    return made.json;
  };
  for (let count = 0; count < 200; count += 1) await makeAndRemove();
  expect(await makeAndRemove()).toMatchObject({ code: 30_034 });
  await clock.advance(24 * 3_600_000);
  expect(await makeAndRemove()).toMatchObject({ name: "one" });
});

test("a form can't follow a deferred answer, and a press takes no second one", async () => {
  await using opened = await open({ rateLimits: false });
  const { call, commands, discord } = opened;
  const ask = { type: 1, name: "ask", description: "x" };
  await call("POST", commands, command({ options: [ask] }));
  let deferred: { id: string; token: string } | undefined;
  const server = await receiver((payload) => {
    if (payload.id !== undefined) deferred = payload;
  });
  try {
    await discord.useEndpoint(server.url);
    discord.command({ sub: "ask" });
    await eventually(() => deferred !== undefined, "the interaction");
    const route = Routes.interactionCallback(deferred?.id ?? "", deferred?.token ?? "");
    expect((await call("POST", route, { type: 5 })).status).toBe(204);
    const form = { type: 9, data: { custom_id: "x", title: "x", components: [] } };
    expect(await call("POST", route, form)).toMatchObject({ status: 400 });
  } finally {
    await server[Symbol.asyncDispose]();
  }
});

test.each([
  ["a title of 257 letters", { title: "x".repeat(257) }],
  ["a description of 4,097", { description: "x".repeat(4097) }],
  ["26 fields", { fields: many(26, () => ({ name: "x", value: "x" })) }],
  ["a field's name of 257", { fields: [{ name: "x".repeat(257), value: "x" }] }],
  ["a field's value of 1,025", { fields: [{ name: "x", value: "x".repeat(1025) }] }],
  ["a footer of 2,049", { footer: { text: "x".repeat(2049) } }],
  ["an author of 257", { author: { name: "x".repeat(257) } }],
])("an embed is refused with %s", async (_, embed) => {
  await using opened = await open();
  const { call, discord } = opened;
  const channel = Routes.channelMessages(discord.channels["ops"] ?? "");
  expect(await call("POST", channel, { embeds: [embed] })).toMatchObject({
    status: 400,
    json: { code: 50_035 },
  });
});

test("threads are archived after 60, 1,440, 4,320 or 10,080 minutes, and have a name", async () => {
  await using opened = await open({ rateLimits: false });
  const { call, discord } = opened;
  const place = discord.say({ text: "here" });
  const route = Routes.threads(place.channel, place.id);
  for (const body of [{ name: "x", auto_archive_duration: 61 }, { name: "" }, {}])
    expect((await call("POST", route, body)).status).toBe(400);
  const good = await call("POST", route, { name: "x", auto_archive_duration: 4320 });
  // The thread has its message's id.
  expect(good).toMatchObject({ status: 200, json: { id: place.id } });
});

test("SEND_MESSAGES does not allow to write in threads, SEND_MESSAGES_IN_THREADS does", async () => {
  const permissions = ["VIEW_CHANNEL", "SEND_MESSAGES"] as const;
  await using opened = await open({ permissions });
  const { call, discord } = opened;
  const place = discord.say({ text: "here" });
  discord.say({ ...place, text: "in the thread" });
  const write = (channel: string) =>
    call("POST", Routes.channelMessages(channel), { content: "x" });
  expect((await write(place.channel)).status).toBe(200);
  expect(await write(place.thread)).toMatchObject({ status: 403, json: { code: 50_013 } });
});

/** An endpoint that believes everything, but what is signed for it to refuse. */
async function receiver(take: (payload: { id: string; token: string }) => void) {
  let pings = 0;
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      const payload: { id: string; token: string; type: number } = JSON.parse(body);
      if (payload.type !== 1) {
        take(payload);
        return void response.writeHead(202).end();
      }
      pings += 1;
      const isSecond = pings === 2;
      response.writeHead(isSecond ? 401 : 200, { "content-type": "application/json" });
      response.end(isSecond ? "" : JSON.stringify({ type: 1 }));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}/`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
