import { expect, test } from "vitest";

import { call, say, together } from "../../../../src/testing/twins/scripting/step.ts";
import { count, editor, patch, result, said, shell, start, user } from "./support.ts";

const bare = (tools: readonly Readonly<Record<string, unknown>>[] = []) =>
  tools.map((tool) => ({ ...tool, cache_control: undefined }));

test("shell and editor are offered as the vendor's own, and told about in the instructions", async () => {
  await using s = await start([say("Yes.")]);
  expect(s.model.capabilities).toEqual({
    contextTokens: 1_000_000,
    outputTokens: 16_000,
    native: ["shell", "text_editor"],
  });
  await s.ask({ tools: [shell, patch, editor, count] });
  expect(bare(s.body().tools)).toEqual([
    { type: "bash_20250124", name: "bash" },
    { type: "text_editor_20250728", name: "str_replace_based_edit_tool" },
    {
      name: "count",
      description: "Counts lines.",
      input_schema: count.parameters,
      strict: true,
    },
  ]);
  expect(s.body().system?.[0]?.["text"]).toBe(
    "Help.\nAbout tools, which here work like this:\n- bash: Runs a command.\n- str_replace_based_edit_tool: Edits a file.",
  );
});

test("without native, all are functions", async () => {
  await using s = await start([call("shell", { command: "df" })], { native: false });
  expect(s.model.capabilities.native).toBeUndefined();
  const { toolCalls } = await s.ask({ tools: [shell, patch, editor] });
  expect(toolCalls).toMatchObject([{ tool: "shell", args: '{"command":"df"}' }]);
  expect(s.body().tools?.map((tool) => tool["name"])).toEqual(["shell", "patch", "edit_file"]);
  expect(s.body().system?.[0]?.["text"]).toBe("Help.");
});

test("the patch tool stays when there is no editor", async () => {
  await using s = await start([say("Yes.")]);
  await s.ask({ tools: [patch] });
  expect(s.body().tools).toMatchObject([{ name: "patch" }]);
});

test("a name that is taken, or that the API does not take", async () => {
  await using s = await start([together(call("shell"), call("bash"), call("a_b_2"))]);
  const { toolCalls } = await s.ask({
    tools: [
      shell,
      { ...count, name: "bash" },
      { ...count, name: "a.b" },
      { ...count, name: "a b" },
    ].toSorted((a, b) => (a.name > b.name ? 1 : -1)),
  });
  expect(s.body().tools?.map((tool) => tool["name"])).toEqual(["a_b", "a_b_1", "bash", "shell"]);
  expect(toolCalls.map(({ tool }) => tool)).toEqual(["shell", "bash", "a_b_2"]);
});

test("calls of the vendor's tools become calls of ours, and go back as they were", async () => {
  await using s = await start([
    together(
      call("bash", { command: "df -h" }),
      call("bash", { restart: true }),
      call("str_replace_based_edit_tool", { command: "view", path: "a.txt" }),
      call("bash", '{"comm'),
    ),
    say("Done."),
  ]);
  const tools = [shell, editor];
  const response = await s.ask({ tools });
  expect(response.toolCalls.map(({ tool, args }) => [tool, args])).toEqual([
    ["shell", '{"command":"df -h"}'],
    [
      "shell",
      `{"command":"echo 'There is no shell to restart: each command runs in a new one, in /workspace.'"}`,
    ],
    ["edit_file", '{"command":"view","path":"a.txt"}'],
    ["shell", '{"comm'],
  ]);
  const items = [user("?"), said(response), ...response.toolCalls.map((one) => result(one, "ok"))];
  await s.ask({ tools, items });
  expect(s.body().messages[1]?.content.map(({ name, input }) => [name, input])).toEqual([
    ["bash", { command: "df -h" }],
    ["bash", { restart: true }],
    ["str_replace_based_edit_tool", { command: "view", path: "a.txt" }],
    ["bash", { INVALID_JSON: '{"comm' }],
  ]);
});

test.each([
  ["an optional field", { ...count.parameters, required: [] }],
  ["more fields", { ...count.parameters, additionalProperties: true }],
  ["a limit", { ...count.parameters, properties: { file: { type: "string", minLength: 1 } } }],
  ["nothing at all", {}],
])("a schema with %s is not strict", async (_, parameters) => {
  await using s = await start([say("Yes.")]);
  await s.ask({ tools: [{ ...count, parameters }] });
  expect(s.body().tools?.[0]).not.toHaveProperty("strict");
});

test("an old model gets no strict tools, and at most as many tokens as it can give", async () => {
  await using s = await start([say("Yes.")], {
    model: "claude-opus-4-1-20250805",
    maxOutputTokens: 64_000,
    twin: { models: [{ id: "claude-opus-4-1-20250805", maxOutputTokens: 32_000 }] },
  });
  await s.ask({ tools: [count] });
  expect(s.body().tools?.[0]).not.toHaveProperty("strict");
  expect(s.body()["max_tokens"]).toBe(32_000);
  expect(s.model.capabilities.contextTokens).toBe(200_000);
});
