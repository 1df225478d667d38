import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";

import { expect, test, vi } from "vitest";

import { slackTwin } from "../../src/testing/slack-twin/slack-twin.ts";

/** Calls a method as a client does. */
async function opened(options: { readonly scopes?: readonly string[] } = {}) {
  const slack = await slackTwin({ rateFactor: Infinity, ...options });
  const call = async (method: string, args: Readonly<Record<string, string>> = {}) => {
    const response = await fetch(`${slack.apiUrl}${method}`, {
      method: "POST",
      headers: { authorization: `Bearer ${slack.botToken}` },
      body: new URLSearchParams(args),
    });
    const answer: unknown = await response.json();
    return answer;
  };
  return { slack, call, [Symbol.asyncDispose]: () => slack[Symbol.asyncDispose]() };
}

test("channels are listed and described; private ones only to who is in them", async () => {
  await using twin = await opened();
  expect(await twin.call("conversations.list")).toMatchObject({
    ok: true,
    channels: [{ id: "C0OPS0001", is_member: true }, { id: "C0WEB0001" }, { id: "C0OTHER01" }],
  });
  expect(await twin.call("conversations.list", { types: "private_channel,im" })).toMatchObject({
    channels: [
      { id: "G0SECRET1", is_private: true },
      { id: "D0DIRECT1", is_im: true },
    ],
  });
  expect(await twin.call("conversations.info", { channel: "C0NOWHERE" })).toMatchObject({
    ok: false,
    error: "channel_not_found",
  });
});

test("a channel's history has no replies, the newest first, page by page", async () => {
  await using twin = await opened();
  const { slack, call } = twin;
  const channel = "C0OPS0001";
  const places = Array.from({ length: 60 }, (_, index) => slack.say({ text: `message ${index}` }));
  slack.say({ text: "a reply", thread: places[0]?.ts ?? "" });

  const first = await call("conversations.history", { channel, limit: "60" });
  expect(first).toMatchObject({ has_more: true, response_metadata: { next_cursor: "50" } });
  const rest = await call("conversations.history", { channel, limit: "60", cursor: "50" });
  expect(rest).toMatchObject({ has_more: false });
  const texts = [first, rest].flatMap((page) =>
    JSON.stringify(page)
      .match(/"text":"[^"]*"/g)
      ?.map((found) => found.slice(8, -1)),
  );
  expect(texts).toEqual(Array.from({ length: 60 }, (_, index) => `message ${59 - index}`));
});

test("what the bot may not do in a channel is refused until it has joined", async () => {
  await using twin = await opened();
  const channel = "C0OTHER01";
  const refused = { ok: false, error: "not_in_channel" };
  expect(await twin.call("conversations.history", { channel })).toMatchObject(refused);
  expect(await twin.call("conversations.join", { channel })).toMatchObject({ ok: true });
  expect(await twin.call("conversations.history", { channel })).toMatchObject({ messages: [] });
});

test("an emoji is put beneath a message once, seen, and taken away", async () => {
  await using twin = await opened();
  const { slack, call } = twin;
  const { channel, ts: timestamp } = slack.say({ text: "done?" });
  slack.react({ channel, ts: timestamp }, { name: "eyes", user: "UANN" });
  const emoji = { channel, timestamp, name: "eyes" };

  expect(await call("reactions.add", emoji)).toEqual(expect.objectContaining({ ok: true }));
  expect(await call("reactions.add", emoji)).toMatchObject({ error: "already_reacted" });
  expect(await call("reactions.get", { channel, timestamp })).toMatchObject({
    message: { reactions: [{ name: "eyes", users: ["UANN", slack.botUserId], count: 2 }] },
  });
  expect(await call("reactions.remove", emoji)).toMatchObject({ ok: true });
  expect(await call("reactions.remove", emoji)).toMatchObject({ error: "no_reaction" });
  const [thread] = slack.transcript().threads;
  expect(thread?.messages[0]?.reactions).toEqual([":eyes:"]);
});

test("each needs its scope", async () => {
  await using twin = await opened({ scopes: ["chat:write"] });
  for (const [method, args, needed] of [
    ["conversations.list", {}, "channels:read"],
    ["conversations.join", { channel: "C0OTHER01" }, "channels:join"],
    ["reactions.add", { channel: "C0OPS0001", timestamp: "1.2", name: "eyes" }, "reactions:write"],
    ["users.list", {}, "users:read"],
  ] as const)
    expect(await twin.call(method, args)).toMatchObject({ error: "missing_scope", needed });
});

test("people, direct conversations and addresses of messages are found", async () => {
  await using twin = await opened();
  const { slack, call } = twin;
  const { channel, ts } = slack.say({ text: "hello", user: "UANN" });

  expect(await call("users.list")).toMatchObject({ members: [{ id: "UANN", name: "uann" }, {}] });
  expect(await call("conversations.open", { users: "UANN" })).toMatchObject({
    channel: { id: "D0DIRECT1" },
  });
  expect(await call("conversations.members", { channel })).toMatchObject({
    members: ["UANN", slack.botUserId],
  });
  expect(await call("chat.getPermalink", { channel, message_ts: ts })).toMatchObject({
    permalink: `https://twin.slack.com/archives/${channel}/p${ts.replace(".", "")}`,
  });
});

test("a form is opened once by its trigger, and then changed; the app's page is published", async () => {
  await using twin = await opened();
  const { slack, call } = twin;
  const triggers: string[] = [];
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await text(request);
    const trigger = /&trigger_id=([^&]*)/.exec(body)?.[1];
    if (trigger !== undefined) triggers.push(trigger);
    response.end(/"challenge":"([^"]*)"/.exec(body)?.[1]);
  };
  const server = createServer((...exchange) => void answer(...exchange)).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  await slack.useRequestUrl(`http://127.0.0.1:${port}/`);
  const asked = slack.command({ text: "help" });
  await vi.waitFor(() => expect(triggers).toHaveLength(1));
  const [trigger_id = ""] = triggers;
  server.close();
  const plain = (words: string) => ({ type: "plain_text", text: words });
  const form = (title: string) =>
    JSON.stringify({
      type: "modal",
      callback_id: "a",
      private_metadata: "",
      title: plain(title),
      submit: plain("Ask"),
      close: plain("Cancel"),
      blocks: [{ type: "context", elements: [plain("words")] }],
    });

  expect(await call("views.open", { trigger_id, view: form("First") })).toMatchObject({ ok: true });
  expect(await call("views.push", { trigger_id, view: form("More") })).toMatchObject({
    error: "exchanged_trigger_id",
  });
  const view_id = asked.form?.id ?? "";
  expect(await call("views.update", { view_id, view: form("Second") })).toMatchObject({ ok: true });
  expect(asked.form?.title.text).toBe("Second");
  expect(await call("views.update", { view_id: "V0", view: form("No") })).toMatchObject({
    error: "not_found",
  });
  const home = JSON.stringify({ type: "home", blocks: [] });
  expect(await call("views.publish", { user_id: "UANN", view: home })).toMatchObject({ ok: true });
  expect(await call("views.publish", { user_id: "UANN", view: form("No") })).toMatchObject({
    error: "invalid_arguments",
  });
});
