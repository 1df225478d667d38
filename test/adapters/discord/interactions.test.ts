import { once } from "node:events";
import { createServer } from "node:net";

import { expect, test } from "vitest";

import type { Received } from "../../../src/adapters/adapter.ts";
import { discordAdapter, type DiscordAdapterOptions } from "../../../src/adapters/discord/index.ts";
import { silentLogger } from "../../../src/core/logger.ts";
import type { Message } from "../../../src/core/message.ts";
import {
  eventually,
  noArtifacts,
  postInto,
  recordingInbound,
} from "../../../src/testing/adapter-suite-support.ts";
import type { Acted } from "../../../src/testing/discord-twin/acting.ts";
import { manualClock } from "../../../src/testing/manual-clock.ts";
import { openDiscord } from "./open-discord.ts";

const { signal } = new AbortController();
const types = { message: 4, deferredUpdate: 6, modal: 9 };

async function started(
  options: Parameters<typeof openDiscord>[0] = {},
  answer: (message: Message) => Promise<Received> = async () => ({ status: "accepted" }),
  more: Parameters<typeof recordingInbound>[1] = {},
) {
  const opened = await openDiscord(options);
  const inbound = recordingInbound(answer, more);
  await opened.adapter.start(inbound);
  await eventually(() => opened.discord.commands().length === 2, "the commands");
  return { ...opened, inbound };
}

const answered = async (acted: Acted): Promise<Acted> => {
  await eventually(() => acted.answered !== undefined, "the answer");
  return acted;
};

const card = {
  kind: "approval",
  markdown: "**May I restart web?**",
  approval: { approvalId: "1abcde", title: "May I", facts: [], choices: ["once", "deny"] },
} as const;

test("/ops ask says for everybody who asks what, and the thread opens on that", async () => {
  await using opened = await started();
  const { discord, adapter, inbound } = opened;
  const files = [{ name: "web.log", bytes: Buffer.from("ERROR disk full\n") }];
  const request = "what *broke* @everyone?";
  const acted = await answered(
    discord.command({ sub: "ask", options: { request }, user: "UANN", files }),
  );
  const [message] = await inbound.received(1);

  expect(acted.answered?.type).toBe(types.message);
  expect(acted.isEphemeral).toBe(false);
  const thread = { channel: discord.channels["ops"] ?? "", thread: acted.messageId ?? "" };
  expect(message).toMatchObject({ kind: "command", text: request, actor: { id: "UANN" } });
  expect(message?.thread).toEqual(opened.refOf(thread));
  const [asked] = discord.thread(thread);
  expect(asked?.text).toContain("<@UANN> asks:");
  expect(asked?.calls).toEqual([]);

  await adapter.post(postInto(opened.refOf(thread), { key: "k1" }), { signal, open: noArtifacts });
  expect(discord.threadOf(thread.thread)?.name).toBe("what broke @everyone?");
  const [file] = message?.attachments ?? [];
  const chunks: Uint8Array[] = [];
  if (message && file)
    for await (const chunk of adapter.download(message.thread, file, { signal }))
      chunks.push(chunk);
  expect(Buffer.concat(chunks).toString()).toBe("ERROR disk full\n");
});

test("what is asked at great length is shown as far as a message takes it, and brought whole", async () => {
  await using opened = await started();
  const { discord, inbound } = opened;
  const form = await answered(discord.command({ sub: "ask" }));
  const text = "*_\n".repeat(1300);
  discord.submit({ form, text });
  const [message] = await inbound.received(1);
  expect(message?.text).toBe(text);
});

test("a task is completed while it is typed, and run with its input", async () => {
  await using opened = await started();
  const { discord, inbound } = opened;
  const typed = await answered(discord.complete({ sub: "run", option: "task", typed: "di" }));
  expect(typed.choices).toEqual(["diff"]);
  const any = await answered(discord.complete({ sub: "run", option: "task", typed: "" }));
  expect(any.choices).toEqual(["logs", "diff"]);

  discord.command({ sub: "run", options: { task: "logs", input: "errors since noon" } });
  const [message] = await inbound.received(1);
  expect(message?.text).toBe("logs errors since noon");
});

test("help is for one alone; a task chosen there asks for its input in a form", async () => {
  await using opened = await started();
  const { discord, inbound } = opened;
  const help = await answered(discord.command({ sub: "help" }));
  expect(help.isEphemeral).toBe(true);
  expect(discord.whispers("person").join("\n")).toMatch(/\*\*logs\*\*: Read logs/);

  const chosen = await answered(discord.choose({ of: help.messageId ?? "", value: "logs" }));
  expect(chosen.answered?.type).toBe(types.modal);
  discord.submit({ form: chosen, text: "errors\nof today" });
  const [message] = await inbound.received(1);
  expect(message).toMatchObject({ kind: "command", text: "logs errors\nof today" });
});

test("/ops ask without words opens a form", async () => {
  await using opened = await started();
  const { discord, inbound } = opened;
  const acted = await answered(discord.command({ sub: "ask" }));
  expect(acted.hasForm).toBe(true);
  discord.submit({ form: acted, text: "line one\nline two" });
  const [message] = await inbound.received(1);
  expect(message?.text).toBe("line one\nline two");
});

test("a message's menu asks about that message, in its thread, with its files, also where the bot can't read it", async () => {
  await using opened = await started({ twin: { intents: [] } });
  const { discord, inbound } = opened;
  const files = [{ name: "db.log", bytes: Buffer.from("x") }];
  const said = discord.say({ text: "look at this", user: "UBOB", files });
  const menu = await answered(
    discord.menu({ name: "Ask Opsthread", message: said.id, user: "UANN" }),
  );
  discord.submit({ form: menu, text: "why?", user: "UANN" });
  const [message] = await inbound.received(1);

  expect(message?.thread).toEqual(opened.refOf(said));
  expect(message?.text).toBe("why?\n\nAbout this message of ubob:\n> look at this");
  expect(message?.attachments.map(({ name }) => name)).toEqual(["db.log"]);
  expect(discord.threadOf(said.thread)?.name).toBe("why?");
  expect(discord.thread(said).at(-1)?.text).toContain("<@UANN> asks:\n> why?");
});

test.each([
  { status: 404, code: 10_062, message: "Unknown interaction" },
  { status: 400, code: 40_060, message: "Interaction has already been acknowledged." },
])(
  "what Discord gave up, or another process has answered, is not begun: $code",
  async (refusal) => {
    await using opened = await started();
    const { discord, inbound } = opened;
    const route = "POST /interactions/{}/{}/callback";
    discord.faults.call(route, { type: "error", ...refusal });
    discord.command({ sub: "ask", options: { request: "lost" } });
    await eventually(() => discord.calls.some((call) => call.endsWith("/callback")), "the answer");
    const next = await answered(discord.command({ sub: "ask", options: { request: "again" } }));
    await inbound.received(1);
    expect(inbound.messages.map(({ text }) => text)).toEqual(["again"]);
    expect(next.answered?.afterMs).toBeLessThan(3000);
  },
);

test("a hundred commands at once are all answered while none could be stored yet", async () => {
  let release = (): void => {};
  const stored = new Promise<void>((resolve) => {
    release = resolve;
  });
  const twin = { rateLimits: false, clock: manualClock(Date.now()) };
  await using opened = await started({ twin }, async () => {
    await stored;
    return { status: "accepted" };
  });
  const { discord, inbound } = opened;
  const all = Array.from({ length: 100 }, (_, index) =>
    discord.command({ sub: "ask", options: { request: `number ${index}` }, user: `U${index}` }),
  );
  await eventually(() => all.every((acted) => acted.answered), "all answers");
  await inbound.received(100);
  release();
  expect(new Set(inbound.messages.map(({ text }) => text)).size).toBe(100);
});

test("who may not use the bot is told so alone, and nothing is posted", async () => {
  const check = () => ({ allowed: false, reason: "You are not on the list" }) as const;
  await using opened = await started({}, undefined, { check });
  const { discord, inbound } = opened;
  const acted = await answered(discord.command({ sub: "ask", options: { request: "x" } }));
  expect(acted.isEphemeral).toBe(true);
  expect(discord.whispers("person")).toEqual(["You are not on the list"]);
  expect(inbound.messages).toEqual([]);
});

test("a press is brought as a decision; what was decided takes the place of the buttons", async () => {
  await using opened = await started();
  const { discord, adapter, inbound, refOf } = opened;
  const thread = refOf(discord.say({ text: "restart web", mention: true }));
  await inbound.received(1);
  const post = postInto(thread, { key: "k1", ...card });
  const { messageId } = await adapter.post(post, { signal, open: noArtifacts });
  expect(discord.thread(thread).at(-1)?.buttons).toEqual(["Approve once", "Deny"]);
  const acted = await answered(
    discord.press({ message: messageId, label: "Approve once", user: "UBOB" }),
  );
  const [, pressed] = await inbound.received(2);

  expect(acted.answered?.type).toBe(types.deferredUpdate);
  expect(pressed).toMatchObject({
    decision: { approvalId: "1abcde", choice: "once" },
    text: "approve 1abcde once",
    actor: { id: "UBOB" },
    thread,
  });
  const decided = { key: "k1", type: "decided", choice: "once", by: { id: "UBOB" } } as const;
  await adapter.closeApproval?.(thread, decided, { signal });
  expect(discord.thread(thread).at(-1)).toMatchObject({ buttons: [] });
  expect(discord.thread(thread).at(-1)?.text).toContain("✅ Approved once by <@UBOB>");
  expect(await adapter.findPost(thread, "k1", { signal })).toEqual({ messageId });
});

test("a question that another process asked loses its buttons, too", async () => {
  await using opened = await openDiscord();
  const { discord, adapter, refOf } = opened;
  const thread = refOf(discord.say({ text: "restart web", mention: true }));
  await adapter.post(postInto(thread, { key: "k1", ...card }), { signal, open: noArtifacts });
  const { botToken, apiUrl } = discord;
  await using next = discordAdapter({ botToken, apiUrl });
  const decided = { key: "k1", type: "decided", choice: "deny", by: { id: "UBOB" } } as const;
  await next.closeApproval?.(thread, decided, { signal });
  expect(discord.thread(thread).at(-1)?.text).toContain("⛔ Denied by <@UBOB>");
  expect(discord.thread(thread).at(-1)?.buttons).toEqual([]);
});

test.each([
  [{ type: "withdrawn", by: { id: "UANN" } }, "🚫 Withdrawn: <@UANN> asked to stop"],
  [{ type: "withdrawn" }, "🚫 Withdrawn"],
  [{ type: "expired" }, "⌛ Expired: nobody answered in time"],
] as const)("a question that is %o loses its buttons and says so, once", async (outcome, said) => {
  await using opened = await openDiscord();
  const { discord, adapter, refOf } = opened;
  const thread = refOf(discord.say({ text: "restart web", mention: true }));
  await adapter.post(postInto(thread, { key: "k1", ...card }), { signal, open: noArtifacts });
  await adapter.closeApproval?.(thread, { key: "k1", ...outcome }, { signal });
  await adapter.closeApproval?.(thread, { key: "k1", type: "expired" }, { signal });
  const { text = "", buttons } = discord.thread(thread).at(-1) ?? {};
  expect(buttons).toEqual([]);
  expect(text.endsWith(said)).toBe(true);
  expect(text.match(/Withdrawn|Expired/g)).toHaveLength(1);
});

test("a refused press is told to that person alone, and the buttons stay", async () => {
  await using opened = await started({}, async ({ decision }) =>
    decision
      ? { status: "denied", reason: "Only an approver may do this" }
      : { status: "accepted" },
  );
  const { discord, adapter, inbound, refOf } = opened;
  const thread = refOf(discord.say({ text: "restart web", mention: true }));
  await inbound.received(1);
  const { messageId } = await adapter.post(postInto(thread, { key: "k1", ...card }), {
    signal,
    open: noArtifacts,
  });
  const acted = await answered(discord.press({ message: messageId, label: "Deny", user: "UEVE" }));
  expect(acted.isEphemeral).toBe(true);
  expect(discord.whispers("UEVE")).toEqual(["Only an approver may do this"]);
  expect(discord.thread(thread).at(-1)?.buttons).toEqual(["Approve once", "Deny"]);
});

test("a reaction decides on a question that another process asked, and 🛑 stops; other signs mean nothing", async () => {
  await using first = await started();
  const { discord, inbound, refOf } = first;
  const place = discord.say({ text: "restart web", mention: true });
  await inbound.received(1);
  const { botToken, apiUrl } = discord;
  await using other = discordAdapter({ botToken, apiUrl });
  const { messageId } = await other.post(postInto(refOf(place), { key: "k1", ...card }), {
    signal,
    open: noArtifacts,
  });
  discord.react({ ...place, id: messageId }, "👍", "UBOB");
  discord.react({ ...place, id: messageId }, "✅", "UBOB");
  discord.react(place, "🛑", "UANN");
  await inbound.received(3);
  const decided = inbound.messages.find(({ decision }) => decision);
  const stopped = inbound.messages.find(({ kind }) => kind === "stop");
  expect(decided).toMatchObject({ decision: { approvalId: "1abcde", choice: "once" } });
  expect(stopped).toMatchObject({ thread: refOf(place), actor: { id: "UANN" } });
});

test("a store that is slow does not make an interaction late; what comes of it is told then", async () => {
  let release = (): void => {};
  const stored = new Promise<void>((resolve) => {
    release = resolve;
  });
  await using opened = await started({}, async ({ decision }) => {
    if (!decision) return { status: "accepted" };
    await stored;
    return { status: "denied", reason: "Only an approver may do this" };
  });
  const { discord, adapter, inbound, refOf } = opened;
  const thread = refOf(discord.say({ text: "restart web", mention: true }));
  await inbound.received(1);
  const { messageId } = await adapter.post(postInto(thread, { key: "k1", ...card }), {
    signal,
    open: noArtifacts,
  });
  const acted = await answered(discord.press({ message: messageId, label: "Deny", user: "UEVE" }));
  expect(acted.answered?.type).toBe(types.deferredUpdate);
  expect(acted.answered?.afterMs).toBeLessThan(3000);
  release();
  await eventually(() => discord.whispers("UEVE").length === 1, "the refusal");
});

test("stop says in the thread that it stops, and elsewhere where it can be used", async () => {
  await using opened = await started();
  const { discord, adapter, inbound, refOf } = opened;
  const place = discord.say({ text: "begin", mention: true });
  await inbound.received(1);
  await adapter.post(postInto(refOf(place), { key: "k1" }), { signal, open: noArtifacts });
  await answered(discord.command({ sub: "stop", channel: place.thread, user: "UANN" }));
  await answered(discord.command({ sub: "stop", user: "UBOB" }));

  const [, stopped] = await inbound.received(2);
  expect(stopped).toMatchObject({ kind: "stop", thread: refOf(place) });
  expect(discord.whispers("UANN")).toEqual(["Stopping"]);
  expect(discord.whispers("UBOB").join()).toContain("Use this in the thread");
});

test("commands are registered once: the next start changes nothing, another place moves them", async () => {
  await using opened = await openDiscord();
  const { discord } = opened;
  const changes = () =>
    discord.calls.filter((call) => /^(?:POST|PATCH|DELETE) \/applications/.test(call));
  const start = async (options: Partial<DiscordAdapterOptions>): Promise<void> => {
    const { botToken, apiUrl, publicKey } = discord;
    const endpoint = { publicKey, port: 0 };
    const shared = { botToken, apiUrl, gateway: false, endpoint };
    let isDone = (): void => {};
    const done = new Promise<void>((resolve) => {
      isDone = resolve;
    });
    const info = (_: object, message: string): void => {
      if (message === "Commands are registered") isDone();
    };
    await using adapter = discordAdapter({ ...shared, ...options, log: { ...silentLogger, info } });
    await adapter.start(recordingInbound());
    await done;
  };
  await start({});
  expect(changes()).toHaveLength(2);
  expect(discord.commands()).toEqual(["ops", "Ask Opsthread"]);

  await start({});
  expect(changes()).toHaveLength(2);

  await start({ commands: [discord.guildId] });
  expect(discord.commands(discord.guildId)).toEqual(["ops", "Ask Opsthread"]);
  expect(discord.commands()).toEqual([]);
});

test("an endpoint takes interactions that are signed, and no others", async () => {
  const port = await freePort();
  await using twin = await openDiscord();
  const { discord } = twin;
  const { botToken, apiUrl, publicKey } = discord;
  await using adapter = discordAdapter({
    botToken,
    apiUrl,
    gateway: false,
    endpoint: { publicKey, port },
  });
  const inbound = recordingInbound();
  await adapter.start(inbound);
  await eventually(() => discord.commands().length === 2, "the commands");
  const url = `http://127.0.0.1:${port}/discord/interactions`;
  await discord.useEndpoint(url);
  const acted = await answered(discord.command({ sub: "ask", options: { request: "hello" } }));

  const [message] = await inbound.received(1);
  expect(message).toMatchObject({ kind: "command", text: "hello" });
  expect(acted.answered?.type).toBe(types.message);
  expect(discord.connections()).toBe(0);
  const unsigned = await fetch(url, { method: "POST", body: '{"type":1}' });
  expect(unsigned.status).toBe(401);
  expect((await fetch(url)).status).toBe(404);
});

/** One that nobody uses now. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address ? address.port : 0;
}
