import { expect, test } from "vitest";

import { finished } from "../../../../src/testing/twins/chat/answers.ts";
import { call, say, together } from "../../../../src/testing/twins/scripting/step.ts";
import { chunk, said, sending, start, user } from "./support.ts";

const twoCalls = together(call("shell", { command: "df" }), call("shell", { command: "ls" }));
const args = ['{"command":"df"}', '{"command":"ls"}'];

test.each([
  { calls: "pieces" },
  { calls: "whole" },
  { callIds: false, calls: "pieces" },
  { callIds: false, calls: "whole" },
  { allAtIndexZero: true, calls: "whole" },
  { allAtIndexZero: true, calls: "pieces" },
  { allAtIndexZero: true, callIds: false, calls: "whole" },
  { allAtIndexZero: true, callIds: false, calls: "pieces" },
  { args: "object" },
  { args: "object", callIds: false, allAtIndexZero: true },
  { callsFinish: "stop" },
  { emptyContent: "" },
] as const)("calls of a server with %o", async (quirks) => {
  await using s = await start({ quirks, script: [twoCalls, say("Done.")] });
  const response = await s.ask();
  expect(response.toolCalls.map((one) => one.args)).toEqual(args);
  expect(response.toolCalls.map(({ tool }) => tool)).toEqual(["shell", "shell"]);
  expect(new Set(response.toolCalls.map(({ callId }) => callId)).size).toBe(2);
  const results = response.toolCalls.map((one) => ({
    type: "tool-result" as const,
    call: one,
    result: { status: "ok" as const, output: "x", measures: {}, artifacts: [] },
  }));
  expect((await s.ask({ items: [user("?"), said(response), ...results] })).text).toBe("Done.");
});

test("ids that are made up are the same for each try of a step, and differ between steps", async () => {
  await using s = await start({ quirks: { callIds: false }, script: () => twoCalls });
  const ids = async (stepKey: string) =>
    (await s.ask({ stepKey })).toolCalls.map(({ callId }) => callId);
  const first = await ids("a");
  expect(await ids("a")).toEqual(first);
  expect(new Set([...first, ...(await ids("b"))]).size).toBe(4);
});

test("an id that the conversation has already is replaced", async () => {
  await using s = await start({ script: () => call("shell", {}, "shell") });
  const first = await s.ask();
  expect(first.toolCalls[0]?.callId).toBe("shell");
  const [again] = (await s.ask({ items: [user("?"), said(first)] })).toolCalls;
  expect(again?.callId).toMatch(/^call_/);
});

test("id and name with each piece, and no index", async () => {
  const piece = (id: string, text: string) =>
    chunk({ tool_calls: [{ id, function: { name: "shell", arguments: text } }] });
  await using s = await sending([
    piece("a", '{"com'),
    piece("a", 'mand":"df"}'),
    piece("b", '{"command":"ls"}'),
    chunk({}, "tool_calls"),
  ]);
  expect((await s.ask()).toolCalls).toEqual([
    { callId: "a", tool: "shell", args: args[0] },
    { callId: "b", tool: "shell", args: args[1] },
  ]);
});

test.each([
  ["<think>Hm.</think>It is full.", "It is full."],
  ["\n<think>\nHm, <b>\n</think>\n\nIt is full.", "It is full."],
  ["<thing> is full.", "<thing> is full."],
  ["<", "<"],
  ["It is <think>full</think>.", "It is <think>full</think>."],
  ["<think></think>", ""],
])("%j is shown as %j", async (text, shown) => {
  await using s = await start({ script: [say(text)] });
  const response = await s.ask();
  expect(response.text).toBe(shown);
  expect(response.streamed).toBe(shown);
});

test("what was cut off says so; a broken call is dropped", async () => {
  const broken = call("shell", '{"command":"cat > a');
  await using s = await start({
    script: [
      finished("length", say("It is at")),
      finished("length", together(twoCalls, broken)),
      finished("length", broken),
      finished("length", say("<think>Hm, let me")),
    ],
  });
  expect(await s.ask()).toMatchObject({
    text: "It is at\n\n[Cut off here: the answer reached the limit of tokens.]",
    streamed: expect.stringContaining("Cut off"),
  });
  expect((await s.ask()).toolCalls).toHaveLength(2);
  expect(await s.failure()).toMatchObject({ failure: "server" });
  expect(await s.failure()).toMatchObject({
    failure: "server",
    usage: { outputTokens: expect.any(Number) },
  });
});

test("a filter's stop is a refusal", async () => {
  await using s = await start({ script: [finished("content_filter", say("I"))] });
  expect(await s.failure()).toMatchObject({ failure: "refused" });
});

test("no reason to stop is fine before [DONE], and a broken stream without", async () => {
  await using done = await sending([chunk({ content: "Yes." }), { data: "[DONE]" }]);
  expect((await done.ask()).text).toBe("Yes.");
  await using open = await sending([chunk({ content: "Yes." })]);
  expect(await open.failure()).toMatchObject({ failure: "network" });
});

test("a server that does not stream, or sends its text in parts, is understood", async () => {
  const message = { role: "assistant", content: "Yes." };
  await using whole = await sending({
    status: 200,
    body: {
      choices: [{ index: 0, message, finish_reason: "stop" }],
      usage: {
        prompt_tokens: 5,
        completion_tokens: 2,
        prompt_tokens_details: { cached_tokens: 3 },
      },
    },
  });
  expect(await whole.ask()).toMatchObject({
    text: "Yes.",
    usage: { inputTokens: 5, outputTokens: 2, cachedInputTokens: 3 },
  });
  const content = [
    { type: "thinking", thinking: [] },
    { type: "text", text: "Yes." },
  ];
  await using parts = await sending([chunk({ content }, "stop")]);
  expect((await parts.ask()).text).toBe("Yes.");
});

test("what is no completion at all is told as it is", async () => {
  await using page = await sending({ status: 200, body: "<html>" });
  expect(await page.failure()).toMatchObject({ message: expect.stringContaining("<html>") });
});
