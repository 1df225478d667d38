import { expect, test } from "vitest";

import { compatibleModel } from "../../../../src/agent/models/compatible/compatible.ts";
import { call, say, think, together } from "../../../../src/testing/twins/scripting/step.ts";
import { dialects, result, said, shell, start, user } from "./support.ts";

test.each(dialects)("%s: the conversation as the server wants it", async (dialect) => {
  await using s = await start({
    dialect,
    script: [
      together(
        think("Hm."),
        say("I look."),
        call("shell", { command: "df" }),
        call("shell", '{"com'),
      ),
      say("Full."),
    ],
  });
  const response = await s.ask();
  expect(response).toMatchObject({
    text: "I look.",
    toolCalls: [{ args: '{"command":"df"}' }, { args: '{"com' }],
  });
  const [a, b] = response.toolCalls;
  if (a === undefined || b === undefined) throw new Error("No calls");
  await s.ask({
    items: [
      user("Is it full?"),
      { type: "note", text: "The budget is nearly spent." },
      said(response),
      result(a, ""),
      { type: "note", text: "Approved." },
      user("Hurry!"),
    ],
  });
  expect(s.body().messages).toEqual([
    { role: "system", content: "Help." },
    {
      role: "user",
      content: "Ada writes:\nIs it full?\n\n[Opsthread, not a person:] The budget is nearly spent.",
    },
    {
      role: "assistant",
      content: "I look.",
      tool_calls: [
        {
          id: a.callId,
          type: "function",
          function: { name: "shell", arguments: '{"command":"df"}' },
        },
        {
          id: b.callId,
          type: "function",
          function: { name: "shell", arguments: '{"INVALID_JSON":"{\\"com"}' },
        },
      ],
    },
    { role: "tool", tool_call_id: a.callId, content: "(no output)" },
    { role: "tool", tool_call_id: b.callId, content: "There is no result of this call." },
    { role: "user", content: "[Opsthread, not a person:] Approved.\n\nAda writes:\nHurry!" },
  ]);
});

test.each(dialects)("%s: to answer in words, tools are left out", async (dialect) => {
  await using s = await start({ dialect, script: () => say("I stop.") });
  for (const tools of [[], [shell]]) {
    const { text } = await s.ask({ tools, toolChoice: "none" });
    expect(text).toBe("I stop.");
    expect(s.body()).not.toHaveProperty("tools");
    expect(s.body()).not.toHaveProperty("tool_choice");
  }
});

test("limits and what is extra are passed on", async () => {
  await using s = await start(
    { script: [say("Yes.")] },
    { maxOutputTokens: 500, contextTokens: 32_768, extra: { temperature: 0, model: "other" } },
  );
  await s.ask();
  expect(s.body()).toMatchObject({ model: "local-model", max_tokens: 500, temperature: 0 });
  expect(s.model).toMatchObject({
    name: "compatible/local-model",
    capabilities: { contextTokens: 32_768 },
  });
});

test("names of tools that are not taken are put right, and back", async () => {
  await using s = await start({ script: [together(call("a_b"), call("a_b_1"))] });
  const { toolCalls } = await s.ask({
    tools: [
      { ...shell, name: "a.b" },
      { ...shell, name: "a b" },
    ],
  });
  expect(toolCalls.map(({ tool }) => tool)).toEqual(["a.b", "a b"]);
});

test("an address without a path gets its version, others stay", async () => {
  await using s = await start({ script: () => say("Yes.") });
  for (const path of ["", "/", "/v1", "/v1/"]) {
    const model = compatibleModel({ baseUrl: `${s.twin.url}${path}`, model: "local-model" });
    const request = {
      instructions: "",
      items: [user("?")],
      tools: [],
      toolChoice: "auto" as const,
    };
    for await (const _ of model.respond(
      { ...request, sessionKey: "k", stepKey: "s" },
      { signal: new AbortController().signal },
    ));
    expect(s.twin.requests.at(-1)?.path).toBe("/v1/chat/completions");
  }
  expect(() => compatibleModel({ baseUrl: "localhost:11434", model: "m" })).toThrow(
    'Cannot use baseUrl: it is "localhost:11434", expected an address like',
  );
});
