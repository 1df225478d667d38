import type {
  ResponseCreateParamsStreaming,
  ResponseStreamEvent,
} from "openai/resources/responses/responses";
import { expect, test } from "vitest";

import { incomplete } from "../../src/testing/twins/openai/faults.ts";
import type { Answer } from "../../src/testing/twins/openai/script.ts";
import {
  all,
  call,
  callCustom,
  patch,
  refuse,
  say,
  shell,
  think,
} from "../../src/testing/twins/openai/steps.ts";
import { collect, functionTool, model, open } from "./openai-client.ts";

const tools = [
  functionTool,
  { type: "shell" },
  { type: "apply_patch" },
  { type: "custom", name: "sql" },
];

async function streamed(
  answer: Answer,
  body: Record<string, unknown> = {},
): Promise<ResponseStreamEvent[]> {
  await using api = await open([answer]);
  const request = { model, input: "hi", tools, stream: true, ...body };
  return collect(await api.client.responses.create(request as ResponseCreateParamsStreaming));
}

const typesOf = (events: readonly ResponseStreamEvent[]): string[] =>
  events.map(({ type }) => type.replace(/^response\./, ""));

const begin = ["created", "in_progress"];

test("text comes word by word, in numbered events", async () => {
  const events = await streamed(say("Hello you"));
  expect(typesOf(events)).toEqual([
    ...begin,
    "output_item.added",
    "content_part.added",
    "output_text.delta",
    "output_text.delta",
    "output_text.done",
    "content_part.done",
    "output_item.done",
    "completed",
  ]);
  expect(events.map(({ sequence_number: n }) => n)).toEqual(events.map((_, index) => index));
  expect(events[0]).toMatchObject({ response: { status: "in_progress", output: [], usage: null } });
  expect(events[2]).toMatchObject({ item: { content: [], status: "in_progress" } });
  expect(events[4]).toMatchObject({ delta: "Hello ", content_index: 0, output_index: 0 });
  expect(events[5]).toMatchObject({ delta: "you", logprobs: [] });
  expect(events.at(-1)).toMatchObject({ response: { status: "completed", output: [{}] } });
});

test("a delta's length is hidden, unless the client does not want it", async () => {
  const [, , , , hidden] = await streamed(say("Hello"));
  expect(hidden).toHaveProperty("obfuscation");
  const options = { stream_options: { include_obfuscation: false } };
  const [, , , , plain] = await streamed(say("Hello"), options);
  expect(plain).not.toHaveProperty("obfuscation");
});

test("a call's arguments come before the item is done", async () => {
  const events = await streamed(call("ping", { host: "a b" }));
  expect(typesOf(events)).toEqual([
    ...begin,
    "output_item.added",
    "function_call_arguments.delta",
    "function_call_arguments.delta",
    "function_call_arguments.done",
    "output_item.done",
    "completed",
  ]);
  expect(events[2]).toMatchObject({ item: { name: "ping", arguments: "" } });
  expect(events[5]).toMatchObject({ name: "ping", arguments: '{"host":"a b"}' });
  expect(typesOf(await streamed(callCustom("sql", "select")))).toEqual([
    ...begin,
    "output_item.added",
    "custom_tool_call_input.delta",
    "custom_tool_call_input.done",
    "output_item.done",
    "completed",
  ]);
});

test("a reasoning's summary is streamed when it is asked for", async () => {
  const answer = all(think(["One", "Two"]), say("a"));
  const events = await streamed(answer, { reasoning: { summary: "auto" } });
  const part = [
    "reasoning_summary_part.added",
    "reasoning_summary_text.delta",
    "reasoning_summary_text.done",
    "reasoning_summary_part.done",
  ];
  expect(typesOf(events).slice(2, 12)).toEqual([
    "output_item.added",
    ...part,
    ...part,
    "output_item.done",
  ]);
  expect(events[7]).toMatchObject({ summary_index: 1, part: { text: "" } });
  expect(typesOf(await streamed(answer)).join()).not.toContain("reasoning_summary");
});

test("the built-in tools' calls are streamed", async () => {
  const events = await streamed(shell(["ls", "pwd"]));
  const command = [
    "shell_call_command.added",
    "shell_call_command.delta",
    "shell_call_command.done",
  ];
  expect(typesOf(events).slice(2, -1)).toEqual([
    "output_item.added",
    ...command,
    ...command,
    "output_item.done",
  ]);
  expect(events[2]).toMatchObject({ item: { action: { commands: [] }, status: "in_progress" } });
  expect(events[8]).toMatchObject({ command: "pwd", command_index: 1, output_index: 0 });
  const patched = await streamed(patch({ type: "update_file", path: "a", diff: "-a\n+b" }));
  expect(typesOf(patched).slice(2, -1)).toEqual([
    "output_item.added",
    "apply_patch_call_operation_diff.delta",
    "apply_patch_call_operation_diff.delta",
    "apply_patch_call_operation_diff.done",
    "output_item.done",
  ]);
  expect(patched[2]).toMatchObject({ item: { operation: { path: "a", diff: "" } } });
  const deleted = await streamed(patch({ type: "delete_file", path: "a" }));
  expect(typesOf(deleted).slice(2, -1)).toEqual(["output_item.added", "output_item.done"]);
});

test("a refusal is no text", async () => {
  const events = await streamed(refuse("No"));
  expect(typesOf(events).slice(3, 7)).toEqual([
    "content_part.added",
    "refusal.delta",
    "refusal.done",
    "content_part.done",
  ]);
});

test("the last item of an incomplete response is incomplete", async () => {
  const events = await streamed(incomplete(say("Half of"), "content_filter"));
  expect(events.at(-1)).toMatchObject({
    type: "response.incomplete",
    response: {
      status: "incomplete",
      incomplete_details: { reason: "content_filter" },
      output: [{ status: "incomplete" }],
    },
  });
});

test("what goes over max_output_tokens is cut", async () => {
  await using api = await open([all(say("word ".repeat(100)), call("ping")), say("short")]);
  const cut = await api.create({ input: "hi", tools, max_output_tokens: 20 });
  expect(cut).toMatchObject({
    status: "incomplete",
    incomplete_details: { reason: "max_output_tokens" },
    output: [{ type: "message", status: "incomplete" }],
  });
  expect(cut.output_text).toHaveLength(80);
  const fits = await api.create({ input: "hi", max_output_tokens: 100 });
  expect(fits.status).toBe("completed");
});

test("the SDK's own accumulation understands words, calls and summaries", async () => {
  await using api = await open([all(think("hm"), say("Hello"), call("ping"))]);
  const request = { model, input: "hi", tools, reasoning: { summary: "auto" } };
  const stream = api.client.responses.stream(request as ResponseCreateParamsStreaming);
  const final = await stream.finalResponse();
  expect(final.output.map(({ type }) => type)).toEqual(["reasoning", "message", "function_call"]);
});

test("a streamed response is stored by the time its last event arrives", async () => {
  await using api = await open([say("a")]);
  const stream = await api.client.responses.create({ model, input: "hi", stream: true });
  const stored: number[] = [];
  for await (const event of stream) {
    if (event.type === "response.completed") stored.push(api.twin.responses.length);
  }
  expect(stored).toEqual([1]);
});
