import type { Response } from "openai/resources/responses/responses";
import { expect, test } from "vitest";

import { all, call, patch, say, shell, think } from "../../src/testing/twins/openai/steps.ts";
import { functionTool, open, refusal } from "./openai-client.ts";

const tools = [functionTool, { type: "shell" }, { type: "apply_patch" }];
const user = { role: "user", content: "hi" };
const answerTo = (callId: string): object => ({
  type: "function_call_output",
  call_id: callId,
  output: "pong",
});
const ids = ({ output }: Response): string[] => output.map(({ id }) => id ?? "");

test("a call is answered on top of its response", async () => {
  await using api = await open([
    all(think("hm"), call("ping", {}, { callId: "call_1" })),
    say("done"),
  ]);
  const { id } = await api.create({ input: "hi", tools });
  const input = [answerTo("call_1")];
  const done = await api.create({ input, tools, previous_response_id: id });
  expect(done).toMatchObject({ output_text: "done", previous_response_id: id });
});

test("instructions are not carried over", async () => {
  await using api = await open([say("a"), say("b")]);
  const first = await api.create({ input: "hi", instructions: "x".repeat(4000) });
  const second = await api.create({ input: "hi", previous_response_id: first.id });
  expect(second.instructions).toBeNull();
  expect(second.usage?.input_tokens).toBeLessThan(200);
  expect(first.usage?.input_tokens).toBeGreaterThan(1000);
});

test("calls and outputs belong together", async () => {
  await using api = await open([
    all(call("ping", {}, { callId: "call_1" }), call("ping", {}, { callId: "call_2" })),
    say("done"),
  ]);
  const { id } = await api.create({ input: "hi", tools });
  const next = (input: unknown): Promise<Response> =>
    api.create({ input, tools, previous_response_id: id });
  const answers = [answerTo("call_1"), answerTo("call_2")];
  expect(await refusal(next([user]))).toMatchObject({
    status: 400,
    param: "input",
    message: expect.stringContaining("No tool output found for function call call_1."),
  });
  expect((await refusal(next([answers[0]]))).message).toContain("function call call_2.");
  expect((await refusal(next([...answers, answerTo("call_3")]))).message).toContain(
    "No tool call found for function call output with call_id call_3.",
  );
  expect((await refusal(next([...answers, answers[0]]))).message).toContain("call_id call_1.");
  expect((await refusal(api.create({ input: [answers[0]] }))).message).toContain("call_id call_1.");
  expect((await next(answers)).output_text).toBe("done");
});

test("an answered call is not answered again on top of the next response", async () => {
  await using api = await open([call("ping", {}, { callId: "call_1" }), say("done"), say("more")]);
  const first = await api.create({ input: "hi", tools });
  const second = await api.create({ input: [answerTo("call_1")], previous_response_id: first.id });
  const again = api.create({ input: [answerTo("call_1")], previous_response_id: second.id });
  expect(await refusal(again)).toMatchObject({ status: 400 });
  const more = await api.create({ input: "more", previous_response_id: second.id });
  expect(more.output_text).toBe("more");
});

test("an output is of its call's kind", async () => {
  await using api = await open([
    shell(["ls"], { callId: "call_1", maxOutputLength: 9 }),
    patch({ type: "delete_file", path: "a" }, { callId: "call_2" }),
  ]);
  const first = await api.create({ input: "hi", tools });
  const wrong = api.create({ input: [answerTo("call_1")], previous_response_id: first.id });
  expect((await refusal(wrong)).message).toContain("No tool call found for function call output");
  const bare = api.create({ input: "hi", previous_response_id: first.id });
  expect((await refusal(bare)).message).toContain("No tool output found for shell call call_1.");
  const output = [{ stdout: "", stderr: "", outcome: { type: "exit", exit_code: 0 } }];
  const right = { type: "shell_call_output", call_id: "call_1", output };
  const cut = api.create({ input: [right], tools, previous_response_id: first.id });
  expect((await refusal(cut)).message).toContain("'max_output_length'");
  const input = [{ ...right, max_output_length: 9 }];
  const second = await api.create({ input, tools, previous_response_id: first.id });
  const open2 = api.create({ input: "hi", previous_response_id: second.id });
  expect((await refusal(open2)).message).toContain("found for apply patch call call_2.");
});

test("without state, all items go back as they came", async () => {
  await using api = await open([
    all(think("hm"), call("ping", {}, { callId: "call_1" })),
    say("done"),
  ]);
  const include = ["reasoning.encrypted_content"];
  const first = await api.create({ input: [user], tools, store: false, include });
  const input = [user, ...first.output, answerTo("call_1")];
  const done = await api.create({ input, tools, store: false, include });
  expect(done.output_text).toBe("done");
});

test("without state and without its content, reasoning is not found", async () => {
  await using api = await open([all(think("hm"), call("ping", {}, { callId: "call_1" }))]);
  const first = await api.create({ input: [user], tools, store: false });
  const again = api.create({ input: [user, ...first.output, answerTo("call_1")], store: false });
  expect(await refusal(again)).toMatchObject({ status: 404, param: "input" });
});

test("content that the API did not encrypt is refused", async () => {
  await using api = await open();
  const reasoning = { type: "reasoning", summary: [], encrypted_content: "made-up" };
  const code = "invalid_encrypted_content";
  expect(await refusal(api.create({ input: [reasoning] }))).toMatchObject({ status: 400, code });
  const compaction = { type: "compaction", encrypted_content: "made-up" };
  expect(await refusal(api.create({ input: [compaction] }))).toMatchObject({ status: 400, code });
});

test("reasoning and what it led to stay together", async () => {
  await using api = await open([
    all(think("hm"), call("ping", {}, { callId: "call_1" })),
    say("done"),
    say("again"),
  ]);
  const first = await api.create({ input: [user], tools });
  const [reasoning, ping] = first.output;
  const [reasoningId, pingId] = ids(first);
  const answer = answerTo("call_1");
  const alone = await refusal(api.create({ input: [user, reasoning] }));
  expect(alone).toMatchObject({ status: 400, param: "input" });
  expect(alone.message).toContain(
    `Item '${reasoningId}' of type 'reasoning' was provided without its required following item.`,
  );
  const torn = await refusal(api.create({ input: [reasoning, user, ping, answer] }));
  expect(torn.message).toContain("without its required following item");
  const dropped = await refusal(api.create({ input: [user, ping, answer] }));
  expect(dropped.message).toContain(
    `Item '${pingId}' of type 'function_call' was provided without its required 'reasoning' item: '${reasoningId}'.`,
  );
  expect((await api.create({ input: [user, reasoning, ping, answer] })).output_text).toBe("done");
  // A call without an id is one that the API did not make.
  const { id: _, ...stripped } = { id: "", ...ping };
  expect((await api.create({ input: [user, stripped, answer] })).output_text).toBe("again");
});

test("references stand for stored items, and no item comes twice", async () => {
  await using api = await open([call("ping", {}, { callId: "call_1" }), say("done")]);
  const first = await api.create({ input: [user], tools });
  const [id = ""] = ids(first);
  const unknown = api.create({ input: [{ type: "item_reference", id: "fc_unknown" }] });
  expect(await refusal(unknown)).toMatchObject({ status: 404, param: "input" });
  const twice = api.create({ input: [{ id }, { id }, answerTo("call_1")] });
  expect((await refusal(twice)).message).toContain(`Duplicate item found with id ${id}`);
  const input = [user, { type: "item_reference", id }, answerTo("call_1")];
  expect((await api.create({ input })).output_text).toBe("done");
});

test("a previous response must be there", async () => {
  await using api = await open([say("a"), say("b"), say("c")]);
  const next = (previous: string): Promise<Response> =>
    api.create({ input: "hi", previous_response_id: previous });
  const gone = { status: 400, code: "previous_response_not_found", param: "previous_response_id" };
  expect(await refusal(next("resp_unknown"))).toMatchObject(gone);
  const unstored = await api.create({ input: "hi", store: false });
  expect(await refusal(next(unstored.id))).toMatchObject(gone);
  const stored = await api.create({ input: "hi" });
  expect((await next(stored.id)).output_text).toBe("c");
  api.twin.forget();
  expect(await refusal(next(stored.id))).toMatchObject(gone);
  expect(api.twin.responses).toEqual([]);
});

test("a conversation by itself is not part of the twin", async () => {
  await using api = await open();
  const asked = api.create({ input: "hi", conversation: "conv_1" });
  expect(await refusal(asked)).toMatchObject({ status: 400, param: "conversation" });
});
