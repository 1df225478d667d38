import { expect, test } from "vitest";

import type { Item } from "../../../../src/agent/model.ts";
import { redactedThinking } from "../../../../src/testing/twins/anthropic/answers.ts";
import { call, say, think, together } from "../../../../src/testing/twins/scripting/step.ts";
import { fenced } from "../fenced.ts";
import { type Body, name, result, said, shell, start, user } from "./support.ts";

const other = (...calls: { callId: string; tool: string; args: string }[]) => ({
  text: "",
  toolCalls: calls,
  usage: { inputTokens: 1, outputTokens: 1 },
  provider: { kind: "of another vendor" },
});
const bare = ({ messages }: Body) =>
  messages.map(({ role, content }) => [
    role,
    ...content.map((block) => ({ ...block, cache_control: undefined })),
  ]);

test("results stand first, in one message with what was said after them", async () => {
  await using s = await start([
    together(call("bash", { command: "df" }), call("bash", { command: "ls" })),
    say("Full."),
  ]);
  const first = await s.ask();
  const [a, b] = first.toolCalls;
  await s.ask({
    items: [
      user("Is the disk full?", ["inbox/df.txt", "inbox/ls.txt"]),
      { type: "note", text: "The budget is nearly spent." },
      said(first),
      result(a, ""),
      result(b, "no such file", "failed"),
      { type: "note", text: "Approved." },
      user("Hurry!"),
    ],
  });
  expect(bare(s.body())).toEqual([
    [
      "user",
      {
        type: "text",
        text: "Ada writes:\nIs the disk full?\nFiles that came with it:\n- inbox/df.txt\n- inbox/ls.txt",
      },
      { type: "text", text: "[Opsthread, not a person:] The budget is nearly spent." },
    ],
    [
      "assistant",
      expect.objectContaining({ type: "tool_use", id: a?.callId, input: { command: "df" } }),
      expect.objectContaining({ type: "tool_use", id: b?.callId, input: { command: "ls" } }),
    ],
    [
      "user",
      { type: "tool_result", tool_use_id: a?.callId, content: "(no output)" },
      {
        type: "tool_result",
        tool_use_id: b?.callId,
        content: fenced("no such file"),
        is_error: true,
      },
      { type: "text", text: "[Opsthread, not a person:] Approved." },
      { type: "text", text: "Ada writes:\nHurry!" },
    ],
  ]);
});

test.each(["failed", "stopped", "unknown"] as const)("a %s call is an error", async (status) => {
  await using s = await start([call("bash", { command: "df" }), say("Well.")]);
  const first = await s.ask();
  await s.ask({ items: [user("Look."), said(first), result(first.toolCalls[0], "", status)] });
  expect(s.body().messages[2]?.content[0]).toMatchObject({
    is_error: true,
    content: "(no output)",
  });
});

test("thoughts come back as they were, signatures and all", async () => {
  await using s = await start(
    [
      together(
        think("I look."),
        redactedThinking(),
        say("I look."),
        call("bash", { command: "df" }),
      ),
      call("bash", { command: "ls" }),
      say("Full."),
    ],
    { thinking: { budgetTokens: 2_000 } },
  );
  const items: Item[] = [user("Is it full?")];
  for (let step = 0; step < 2; step += 1) {
    const response = await s.ask({ items });
    items.push(said(structuredClone(response)), result(response.toolCalls[0], "93%"));
  }
  expect((await s.ask({ items })).text).toBe("Full.");
  expect(s.body().thinking).toEqual({ type: "enabled", budget_tokens: 2_000 });
  expect(s.body().messages[1]?.content.map(({ type }) => type)).toEqual([
    "thinking",
    "redacted_thinking",
    "text",
    "tool_use",
  ]);
});

test("a model that thinks by itself gets its thoughts back too", async () => {
  await using s = await start([
    together(think("Hm."), call("bash", { command: "df" })),
    say("Full."),
  ]);
  const response = await s.ask();
  expect(response.text).toBe("");
  await s.ask({ items: [user("?"), said(response), result(response.toolCalls[0], "93%")] });
  expect(s.body()).not.toHaveProperty("thinking");
  expect(s.body().messages[1]?.content[0]).toMatchObject({ type: "thinking", thinking: "Hm." });
});

test("thinking waits when another model has begun the turn", async () => {
  await using s = await start([say("Full."), say("Yes.")], { thinking: { budgetTokens: 2_000 } });
  const foreign = { callId: "fc_1", tool: "shell", args: '{"command":"df"}' };
  const items: Item[] = [user("Is it full?"), said(other(foreign)), result(foreign, "93%")];
  const response = await s.ask({ items });
  expect(s.body().thinking).toEqual({ type: "disabled" });
  await s.ask({ items: [...items, said(response), user("Sure?")] });
  expect(s.body().thinking).toMatchObject({ type: "enabled" });
});

test.each([
  ["adaptive", { type: "adaptive" }],
  ["off", { type: "disabled" }],
] as const)("thinking %s", async (thinking, sent) => {
  await using s = await start([say("Yes.")], { thinking });
  await s.ask();
  expect(s.body().thinking).toEqual(sent);
});

test("a budget for thoughts must fit into the answer", async () => {
  await expect(start([], { thinking: { budgetTokens: 16_000 } })).rejects.toThrow(
    "Cannot use thinking.budgetTokens: it is 16000, expected 1024 or more, and less than the 16000 tokens",
  );
  await expect(start([], { thinking: { budgetTokens: 100 } })).rejects.toThrow("1024 or more");
});

test("thoughts of another Claude are left out", async () => {
  await using s = await start([together(think("Hm."), say("Hello.")), say("Again.")], {
    twin: { models: ["claude-haiku-4-5", name] },
    model: "claude-haiku-4-5",
  });
  const response = await s.ask();
  await using later = await start([say("Again.")]);
  await later.ask({ items: [user("Hi"), said(response), user("Hi")] });
  expect(later.body().messages[1]?.content).toEqual([
    { type: "text", text: "Hello.", citations: null },
  ]);
});

test("calls of other vendors get ids that the API takes, each of its own", async () => {
  await using s = await start([say("Well.")]);
  const odd = { callId: "call:1|x", tool: "shell", args: '{"command":"df","timeoutSeconds":5}' };
  const again = { callId: "call:1|x", tool: "no.such tool", args: '{"broken' };
  await s.ask({
    items: [
      user("?"),
      said(other(odd)),
      result(odd, "93%"),
      said(other(again)),
      result(again, "no", "failed"),
    ],
  });
  expect(bare(s.body()).slice(1)).toEqual([
    ["assistant", { type: "tool_use", id: "call_1_x", name: "bash", input: { command: "df" } }],
    ["user", { type: "tool_result", tool_use_id: "call_1_x", content: fenced("93%") }],
    [
      "assistant",
      {
        type: "tool_use",
        id: "call_1_x_2",
        name: "no_such_tool",
        input: { INVALID_JSON: '{"broken' },
      },
    ],
    [
      "user",
      { type: "tool_result", tool_use_id: "call_1_x_2", content: fenced("no"), is_error: true },
    ],
  ]);
});

test("what does not fit is made to: no result, a result of nothing, an empty answer, no user", async () => {
  await using s = await start([say("Well.")]);
  const open = { callId: "a", tool: "shell", args: "{}" };
  const stray = { callId: "b", tool: "shell", args: "{}" };
  await s.ask({
    items: [
      said(other(open)),
      result(stray, "93%"),
      said(other()),
      user(" "),
      said({ ...other(), text: "Yes." }),
    ],
  });
  expect(bare(s.body())).toEqual([
    [
      "user",
      { type: "text", text: "[Opsthread, not a person:] What came before this is not shown." },
    ],
    ["assistant", { type: "tool_use", id: "a", name: "bash", input: {} }],
    [
      "user",
      {
        type: "tool_result",
        tool_use_id: "a",
        content: "There is no result of this call.",
        is_error: true,
      },
      {
        type: "text",
        text: expect.stringMatching(
          /^\[Opsthread, not a person:\] A tool gave:\n<(data-\w+) from="shell">\n93%\n<\/\1>$/,
        ),
      },
      { type: "text", text: "Ada writes:" },
    ],
    ["assistant", { type: "text", text: "Yes." }],
    ["user", { type: "text", text: "[Opsthread, not a person:] Go on." }],
  ]);
});

test("calls that the harness took out of an answer stay out, and its words are put in", async () => {
  await using s = await start([
    together(think("Hm."), call("bash", { command: "df" })),
    say("Ok."),
  ]);
  const response = await s.ask();
  await s.ask({
    items: [
      user("?"),
      said({ ...response, toolCalls: [], text: "I had to stop here." }),
      user("Go on."),
    ],
  });
  expect(s.body().messages[1]?.content).toMatchObject([
    { type: "thinking" },
    { type: "text", text: "I had to stop here." },
  ]);
});

test("when no tool may be called any more, those of the conversation are still defined", async () => {
  await using s = await start([call("bash", { command: "df" }), say("I stop."), say("I stop.")]);
  const response = await s.ask();
  const items = [user("?"), said(response), result(response.toolCalls[0], "93%")];
  await s.ask({ items, tools: [], toolChoice: "none" });
  expect(s.body()).toMatchObject({
    tools: [{ name: "bash", input_schema: { type: "object" } }],
    tool_choice: { type: "none" },
  });
  await s.ask({ items, tools: [shell], toolChoice: "none" });
  expect(s.body()).toMatchObject({
    tools: [{ type: "bash_20250124" }],
    tool_choice: { type: "none" },
  });
});
