import { expect, test } from "vitest";

import {
  overloadedAfter,
  pause,
  refuse,
  serverCall,
  stopped,
} from "../../../../src/testing/twins/anthropic/answers.ts";
import {
  call,
  cut,
  fail,
  interrupt,
  lost,
  say,
  think,
  together,
} from "../../../../src/testing/twins/scripting/step.ts";
import { start, user } from "./support.ts";

const search = (text: string) =>
  pause(together(say(text), serverCall("web_search", { query: "df" })));

test("a pause is no end: what was said goes back, and the answer goes on", async () => {
  await using s = await start([search("I search."), search("I search on."), say("Found.")]);
  const response = await s.ask();
  expect(response.text).toBe("I search.\n\nI search on.\n\nFound.");
  expect(response.streamed).toBe(response.text);
  expect(s.twin.requests).toHaveLength(3);
  expect(s.body().messages.map(({ role }) => role)).toEqual(["user", "assistant", "assistant"]);
  const single = await start([say("x")]);
  expect(response.usage.inputTokens).toBeGreaterThan((await single.ask()).usage.inputTokens * 3);
  await single[Symbol.asyncDispose]();
  await using later = await start([say("Yes.")]);
  await later.ask({ items: [user("?"), { type: "assistant", response }, user("Sure?")] });
  expect(later.body().messages[1]?.content.map(({ type }) => type)).toEqual([
    "text",
    "server_tool_use",
    "text",
    "server_tool_use",
    "text",
  ]);
});

test("pauses without end are a failure", async () => {
  await using s = await start(() => search("I search."));
  expect(await s.failure()).toMatchObject({
    failure: "server",
    message: expect.stringContaining("paused 10 times"),
    usage: { outputTokens: expect.any(Number) },
  });
  expect(s.twin.requests).toHaveLength(11);
});

test("an answer that is cut off says so", async () => {
  await using s = await start([stopped("max_tokens", say("It is at"))], { maxOutputTokens: 2_000 });
  const response = await s.ask();
  expect(response.text).toBe(
    "It is at\n\n[Cut off here: the answer reached the limit of 2000 tokens.]",
  );
  expect(response.streamed).toBe(response.text);
});

test("a call that is cut off is dropped, whole ones stay", async () => {
  const cutOff = call("bash", '{"command":"cat > a <<E');
  await using s = await start([
    stopped("max_tokens", together(call("bash", { command: "df" }), cutOff)),
    stopped("max_tokens", together(say("I write it."), cutOff)),
    stopped("max_tokens", together(call("bash", { command: "df" }))),
    stopped("max_tokens", together(say("I look."), call("bash", ""))),
    stopped("max_tokens", cutOff),
    stopped("max_tokens", think("Hm, let me")),
  ]);
  const whole = await s.ask();
  expect(whole.toolCalls).toMatchObject([{ args: '{"command":"df"}' }]);
  expect(whole.provider).toMatchObject({ content: [{ input: { command: "df" } }] });
  const words = await s.ask();
  expect(words).toMatchObject({
    toolCalls: [],
    text: expect.stringMatching(/^I write it\.\n\n\[Cut/),
  });
  expect(words.provider).toMatchObject({ content: [{ type: "text" }] });
  expect((await s.ask()).toolCalls).toHaveLength(1);
  expect((await s.ask()).toolCalls).toEqual([]);
  for (let left = 2; left > 0; left -= 1)
    expect(await s.failure()).toMatchObject({
      failure: "server",
      message: expect.stringContaining(
        "the limit of 16000 tokens was reached before it said anything",
      ),
    });
});

test("a refusal tells why, and what it cost", async () => {
  await using s = await start([refuse({ category: "cyber", explanation: "Not this." }, say("I"))]);
  expect(await s.failure()).toMatchObject({
    failure: "refused",
    message: 'Cannot get an answer of "anthropic/claude-sonnet-5-5": it refused (cyber): Not this.',
    usage: { inputTokens: expect.any(Number) },
  });
});

test.each([
  stopped("model_context_window_exceeded", say("It is")),
  fail(413),
  fail(400, {
    message:
      "input length and `max_tokens` exceed context limit: 199000 + 16000 > 200000, decrease input length or `max_tokens` and try again",
  }),
])("too long, case %#", async (step) => {
  await using s = await start([step]);
  expect(await s.failure()).toMatchObject({ failure: "context" });
});

test("a prompt that the twin finds too long", async () => {
  await using s = await start([], {
    twin: { models: [{ id: "claude-sonnet-5-5", contextTokens: 1_000 }] },
  });
  expect(await s.failure({ items: [user("x".repeat(8_000))] })).toMatchObject({
    failure: "context",
    status: 400,
    requestId: expect.stringMatching(/^req_/),
  });
});

test.each([
  [400, "invalid"],
  [401, "auth"],
  [402, "auth"],
  [403, "auth"],
  [404, "not-found"],
  [429, "rate-limit"],
  [500, "server"],
  [502, "server"],
  [504, "timeout"],
  [529, "overloaded"],
])("status %d is %s", async (status, failure) => {
  await using s = await start([fail(status)]);
  expect(await s.failure()).toMatchObject({
    failure,
    status,
    requestId: expect.stringMatching(/^req_/),
  });
});

test("an error in the middle of the answer keeps its kind, and what was used", async () => {
  const answer = say("It is at 93 percent, and growing.");
  await using s = await start([
    overloadedAfter(answer, 4),
    interrupt(answer, 4, fail(500)),
    cut(answer, 4),
    lost(answer),
  ]);
  const usage = { inputTokens: expect.any(Number) };
  expect(await s.failure()).toMatchObject({ failure: "overloaded", usage });
  expect(await s.failure()).toMatchObject({ failure: "server", usage });
  expect(await s.failure()).toMatchObject({ failure: "network", usage });
  expect(await s.failure()).toMatchObject({ failure: "network" });
});

test("how long to wait, by the header or by the limit that is used up", async () => {
  await using s = await start([
    fail(429, { retryAfterS: 7 }),
    fail(429, {
      headers: {
        date: "Thu, 01 Jan 2026 00:00:00 GMT",
        "retry-after": "Thu, 01 Jan 2026 00:00:09 GMT",
      },
    }),
    fail(529, {
      headers: {
        date: "Thu, 01 Jan 2026 00:00:00 GMT",
        "anthropic-ratelimit-tokens-remaining": "0",
        "anthropic-ratelimit-tokens-reset": "2026-01-01T00:00:20Z",
        "anthropic-ratelimit-requests-remaining": "3",
        "anthropic-ratelimit-requests-reset": "2026-01-01T00:05:00Z",
      },
    }),
    fail(529),
  ]);
  expect(await s.failure()).toMatchObject({ retryAfterMs: 7_000 });
  expect(await s.failure()).toMatchObject({ retryAfterMs: 9_000 });
  expect(await s.failure()).toMatchObject({ retryAfterMs: 20_000 });
  expect(await s.failure()).not.toHaveProperty("retryAfterMs");
});

test("nobody there is a matter of the network, and no key is shown", async () => {
  await using s = await start([], { baseUrl: "http://127.0.0.1:9" });
  const failure = await s.failure();
  expect(failure).toMatchObject({ failure: "network", message: expect.stringContaining("broke") });
  expect(JSON.stringify(failure)).not.toContain("secret");
});
