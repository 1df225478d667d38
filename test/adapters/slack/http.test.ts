import { once } from "node:events";
import { createServer } from "node:http";

import { expect, test } from "vitest";

import { slackAdapter } from "../../../src/adapters/slack/index.ts";
import { eventually, recordingInbound } from "../../../src/testing/adapter-suite-support.ts";
import { manualClock } from "../../../src/testing/manual-clock.ts";
import { signatureOf } from "../../../src/testing/slack-twin/request-url.ts";
import { openSlack } from "./open-slack.ts";

const signingSecret = "twin-signing-secret";

/** An adapter that Slack reaches by HTTP, with one clock for both. */
async function openHttp(inbound = recordingInbound()) {
  const clock = manualClock();
  const opened = await openSlack({ signingSecret, clock, slackClock: clock });
  await opened.adapter.start(inbound);
  const url = `http://127.0.0.1:${opened.adapter.address?.port}/slack/events`;
  await opened.slack.useRequestUrl(url);
  const post = (body: string, headers: Readonly<Record<string, string>> = {}) =>
    fetch(url, {
      method: "POST",
      body,
      headers: {
        "content-type": "application/json",
        ...signatureOf(body, { signingSecret, now: clock.now() }),
        ...headers,
      },
    });
  return { ...opened, clock, inbound, url, post };
}

const told = JSON.stringify({
  type: "event_callback",
  team_id: "T0TWIN001",
  event: {
    type: "app_mention",
    user: "U1",
    channel: "C1",
    ts: "1.1",
    text: "<@U0BOT0001> hello",
  },
});

test.each([
  ["another secret", { "x-slack-signature": signed({ secret: "other" }) }],
  ["of another body", { "x-slack-signature": signed({ body: "{}" }) }],
  ["of an unknown version", { "x-slack-signature": signed({}).replace("v0", "v1") }],
  ["that is cut", { "x-slack-signature": signed({}).slice(0, -2) }],
  ["that is no hexadecimal", { "x-slack-signature": `v0=${"x".repeat(64)}` }],
  ["that is not there", { "x-slack-signature": "" }],
  ["without a time", { "x-slack-request-timestamp": "soon" }],
  ["that is older than five minutes", at(-301)],
  ["of more than five minutes ahead", at(301)],
])("a request with a signature %s is refused", async (_, headers) => {
  await using opened = await openHttp();
  const { status } = await opened.post(told, headers);
  expect(status).toBe(401);
  expect(opened.inbound.messages).toEqual([]);
});

test.each([at(-299), at(299)])("a clock that differs a little does not matter", async (headers) => {
  await using opened = await openHttp();
  const answered = opened.post(told, headers);
  // The mention waits for the message of the same post.
  await eventually(async () => {
    await opened.clock.advance(500);
    return opened.inbound.messages.length === 1;
  }, "the message");
  expect((await answered).status).toBe(200);
});

test("what is too large is refused before it is read, and the rest still works", async () => {
  await using opened = await openHttp();
  const { post } = opened;
  const large = JSON.stringify({ text: "x".repeat(5 * 1024 ** 2) });
  // The connection may end while it is still being sent.
  const status = await post(large).then(
    (response) => response.status,
    () => 413,
  );
  expect(status).toBe(413);
  expect((await post("not JSON")).status).toBe(400);
  expect((await post("{}")).status).toBe(200);
});

test("the check of the certificate is answered, and nothing that comes with it is read", async () => {
  await using opened = await openHttp();
  const form = new URLSearchParams({ ssl_check: "1", payload: told });
  const checked = await opened.post(form.toString(), {
    "content-type": "application/x-www-form-urlencoded",
    "x-slack-signature": "",
  });
  expect(checked.status).toBe(200);
  expect(opened.inbound.messages).toEqual([]);
});

test("only what is Slack's is answered", async () => {
  await using opened = await openHttp();
  const { url } = opened;
  expect((await fetch(url)).status).toBe(404);
  expect((await fetch(`${url}/more`, { method: "POST" })).status).toBe(404);
});

test("what is not stored in time is told again, and once is enough", async () => {
  let store = (): void => {};
  const stored = new Promise<void>((resolve) => {
    store = resolve;
  });
  const seen = new Set<string>();
  const inbound = recordingInbound(async ({ id }) => {
    const isNew = !seen.has(id);
    seen.add(id);
    if (isNew) await stored;
    return { status: isNew ? "accepted" : "duplicate" };
  });
  await using opened = await openHttp(inbound);
  const { slack, clock } = opened;
  slack.say({ text: "hello", channel: "D0DIRECT1" });
  await inbound.received(1);
  await clock.advance(2800);
  store();
  await eventually(() => slack.pending().length === 0, "the acknowledgement");
  expect(new Set(inbound.messages.map(({ id }) => id)).size).toBe(1);
  expect(slack.lost).toEqual([]);
  expect(slack.late).toEqual([]);
});

test("of many messages at once each comes, and is acknowledged", async () => {
  await using opened = await openSlack({ signingSecret });
  const { slack, adapter } = opened;
  const inbound = recordingInbound();
  await adapter.start(inbound);
  await slack.useRequestUrl(`http://127.0.0.1:${adapter.address?.port}/slack/events`);
  const places = Array.from({ length: 20 }, () => slack.say({ text: "0", mention: true }));
  for (let count = 1; count < 10; count += 1)
    for (const place of places) slack.say({ ...place, text: String(count) });
  await inbound.received(200);
  await eventually(() => slack.pending().length === 0, "the acknowledgements");
  expect(new Set(inbound.messages.map(({ id }) => id)).size).toBe(200);
  expect(slack.lost).toEqual([]);
});

test("a button's press comes by HTTP as well", async () => {
  await using opened = await openHttp();
  const { slack, adapter, inbound, refOf } = opened;
  const place = slack.say({ text: "do it", mention: true });
  const { messageId } = await adapter.post(
    {
      key: "k1",
      sessionId: "s1",
      thread: refOf(place),
      turn: 1,
      kind: "approval",
      markdown: "May I",
      artifacts: [],
      approval: { approvalId: "1abcde", title: "May I", facts: [], choices: ["once"] },
    },
    { signal: new AbortController().signal, open: async () => undefined },
  );
  slack.press({ channel: place.channel, ts: messageId, label: "Approve once", user: "U2" });
  const [, press] = await inbound.received(2);
  expect(press?.decision).toEqual({ approvalId: "1abcde", choice: "once" });
  await eventually(() => slack.pending().length === 0, "the acknowledgement");
});

test("it can be mounted in a server of one's own, and says 500 until it has started", async () => {
  await using opened = await openSlack();
  const { botToken, apiUrl } = opened.slack;
  await using adapter = slackAdapter({ botToken, apiUrl, signingSecret });
  const server = createServer(adapter.requestListener).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  const url = `http://127.0.0.1:${port}/slack/events`;
  const headers = {
    "content-type": "application/json",
    ...signatureOf(told, { signingSecret, now: Date.now() }),
  };
  expect((await fetch(url, { method: "POST", body: told, headers })).status).toBe(500);
  const inbound = recordingInbound();
  await adapter.start(inbound);
  await opened.slack.useRequestUrl(url);
  opened.slack.say({ text: "hello", mention: true });
  await inbound.received(1);
  await adapter[Symbol.asyncDispose]();
  expect((await fetch(url, { method: "POST", body: told, headers })).status).toBe(503);
  server.closeAllConnections();
  server.close();
});

test("a port that is taken is said so, and what can't be both is refused", async () => {
  await using first = await openSlack({ signingSecret });
  await first.adapter.start(recordingInbound());
  const { port = 0 } = first.adapter.address ?? {};
  await using second = await openSlack({ signingSecret, http: { port } });
  const started = second.adapter.start(recordingInbound());
  await expect(started).rejects.toThrow(
    /Cannot listen for Slack on 127\.0\.0\.1:\d+: .*EADDRINUSE/,
  );
  await expect(openSlack({ signingSecret, appToken: "xapp-1" })).rejects.toThrow(/both are set/);
  await expect(openSlack({ signingSecret: "" })).rejects.toThrow(/signingSecret: it is empty/);
});

function signed({ secret = signingSecret, body = told }): string {
  return signatureOf(body, { signingSecret: secret, now: 1_000_000 })["x-slack-signature"] ?? "";
}

function at(seconds: number): Readonly<Record<string, string>> {
  return signatureOf(told, { signingSecret, now: 1_000_000 + seconds * 1000 });
}
