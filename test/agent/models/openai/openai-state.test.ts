import { expect, test } from "vitest";

import type { Item } from "../../../../src/agent/model.ts";
import { fail } from "../../../../src/testing/twins/openai/faults.ts";
import { all, call, say, think } from "../../../../src/testing/twins/openai/steps.ts";
import { fenced } from "../fenced.ts";
import { ask, open, requestOf, settle, user } from "./twin-model.ts";

const counting = [
  all(think("Two files"), call("count", { file: "a" }), call("count", { file: "b" })),
  say("3 and 4."),
  say("7."),
];

test("the server is sent what it has not seen yet", async () => {
  await using api = await open(counting);
  const items: Item[] = [user("Count a and b.", ["in/a.txt", "in/b.txt"])];
  settle(items, (await ask(api.model, requestOf(items))).response, [
    { output: "3" },
    { output: "4" },
  ]);
  items.push({ type: "note", text: "The budget is nearly spent." });
  const second = (await ask(api.model, requestOf(items, { instructions: "Be brief." }))).response;
  expect(second.text).toBe("3 and 4.");
  settle(items, second);
  items.push(user("And together?"));
  await ask(api.model, requestOf(items));

  const [first, next, last] = api.bodies();
  const [one, two] = api.twin.responses;
  expect(first).not.toHaveProperty("previous_response_id");
  expect(first?.["input"]).toEqual([
    {
      type: "message",
      role: "user",
      content: "Ada: Count a and b.\n\nFiles that came with it:\n- in/a.txt\n- in/b.txt",
    },
  ]);
  expect(next).toMatchObject({
    instructions: "Be brief.",
    previous_response_id: one?.id,
    input: [
      { type: "function_call_output", output: fenced("3") },
      { type: "function_call_output", output: fenced("4") },
      { type: "message", role: "developer", content: "The budget is nearly spent." },
    ],
  });
  expect(last).toMatchObject({
    previous_response_id: two?.id,
    input: [{ type: "message", role: "user", content: "Ada: And together?" }],
  });
  expect(last?.["input"]).toHaveLength(1);
});

test("a request says who asks and for what, and nothing that names a person", async () => {
  await using api = await open([say("ok")], {
    extra: { service_tier: "flex" },
    maxOutputTokens: 900,
  });
  await ask(api.model, requestOf([user("Hi")]));
  expect(api.bodies()[0]).toMatchObject({
    model: "gpt-5.6-luna",
    store: true,
    stream: true,
    service_tier: "flex",
    max_output_tokens: 900,
    prompt_cache_key: "k",
    safety_identifier: expect.stringMatching(/^[0-9a-f]{64}$/),
    metadata: { step: "s" },
    include: ["reasoning.encrypted_content"],
  });
});

test("what the server has forgotten is said again, word for word, in the same call", async () => {
  await using api = await open(counting);
  const items: Item[] = [user("Count a and b.")];
  const first = (await ask(api.model, requestOf(items))).response;
  settle(items, first);
  api.twin.forget();
  const { response, events } = await ask(api.model, requestOf(items));
  expect(response.text).toBe("3 and 4.");
  expect(events.filter(({ type }) => type === "text-delta").length).toBeGreaterThan(0);
  const [, refused, whole] = api.bodies();
  expect(refused).toHaveProperty("previous_response_id");
  expect(whole).not.toHaveProperty("previous_response_id");
  const { output } = first.provider as { output: readonly object[] };
  expect(whole?.["input"]).toEqual([
    expect.objectContaining({ role: "user" }),
    ...output,
    expect.objectContaining({ type: "function_call_output" }),
    expect.objectContaining({ type: "function_call_output" }),
  ]);
  expect(output.map((item) => "type" in item && item.type)).toEqual([
    "reasoning",
    "function_call",
    "function_call",
  ]);
  // From there on the server has the conversation again.
  settle(items, response);
  items.push(user("And together?"));
  await ask(api.model, requestOf(items));
  expect(api.bodies()).toHaveLength(4);
  expect(api.bodies()[3]).toHaveProperty("previous_response_id");
});

test.each([
  ["a 404", { code: "previous_response_not_found" }, 404],
  ["a refusal of the state", { param: "previous_response_id" }, 400],
  ["a window that is full", { code: "context_length_exceeded" }, 400],
])("%s also makes it say the whole", async (_, error, status) => {
  await using api = await open([say("a"), fail(status, error), say("b")]);
  const items: Item[] = [user("Hi")];
  settle(items, (await ask(api.model, requestOf(items))).response);
  items.push(user("More"));
  expect((await ask(api.model, requestOf(items))).response.text).toBe("b");
  expect(api.bodies()).toHaveLength(3);
  expect(api.bodies()[2]).not.toHaveProperty("previous_response_id");
});

test("reasoning that cannot be opened any more is left out", async () => {
  const sealed = fail(400, { code: "invalid_encrypted_content" });
  await using api = await open(
    [all(think("Hm"), call("count", { file: "a" })), sealed, say("3.")],
    {
      state: "none",
    },
  );
  const items: Item[] = [user("Count a.")];
  settle(items, (await ask(api.model, requestOf(items))).response);
  expect((await ask(api.model, requestOf(items))).response.text).toBe("3.");
  const input = api.bodies()[2]?.["input"] as readonly { type: string; id?: string }[];
  expect(input.map(({ type, id }) => [type, id])).toEqual([
    ["message", undefined],
    ["function_call", undefined],
    ["function_call_output", undefined],
  ]);
});

test("without state nothing is kept, and the whole is said each time", async () => {
  await using api = await open(counting, { state: "none" });
  expect(api.model.capabilities.serverState).toBe(false);
  const items: Item[] = [user("Count a and b.")];
  for (const next of ["And?", "And together?"]) {
    settle(items, (await ask(api.model, requestOf(items))).response);
    items.push(user(next));
  }
  await ask(api.model, requestOf(items));
  expect(api.twin.responses).toEqual([]);
  for (const body of api.bodies()) {
    expect(body).toMatchObject({ store: false, include: ["reasoning.encrypted_content"] });
    expect(body).not.toHaveProperty("previous_response_id");
  }
  const last = api.bodies()[2]?.["input"] as readonly { type: string }[];
  expect(last.map(({ type }) => type).join(" ")).toBe(
    "message reasoning function_call function_call function_call_output function_call_output " +
      "message message message",
  );
});

test("a driver with state takes over from one without", async () => {
  await using api = await open([say("a"), say("b")], { state: "none" });
  const items: Item[] = [user("Hi")];
  settle(items, (await ask(api.model, requestOf(items))).response);
  items.push(user("More"));
  await ask(api.again({ state: "server" }), requestOf(items));
  expect(api.bodies()).toHaveLength(2);
  expect(api.bodies()[1]).not.toHaveProperty("previous_response_id");
});

test("answers of another family are translated, with call ids of their own", async () => {
  const models = { "gpt-5.6-luna": 400_000, "gpt-4.1": 400_000 };
  await using api = await open(
    [all(say("Let me see."), call("count", { file: "a" })), say("3.")],
    { model: "gpt-4.1" },
    { models },
  );
  const items: Item[] = [user("Count a.")];
  const first = (await ask(api.model, requestOf(items))).response;
  settle(items, first);
  await ask(api.again({ model: "gpt-5.6-luna" }), requestOf(items));
  const [, second] = api.bodies();
  const id = expect.stringMatching(/^call_[0-9a-z]{24}$/);
  expect(second?.["input"]).toEqual([
    expect.objectContaining({ role: "user" }),
    { type: "message", role: "assistant", content: "Let me see." },
    { type: "function_call", call_id: id, name: "count", arguments: '{"file":"a"}' },
    { type: "function_call_output", call_id: id, output: fenced("3") },
  ]);
  expect(api.bodies()[0]).not.toHaveProperty("include");
});

test("a call that has no result is told to be not run", async () => {
  await using api = await open([call("count", { file: "a" }), say("ok")]);
  const items: Item[] = [user("Count a.")];
  const { response } = await ask(api.model, requestOf(items));
  items.push({ type: "assistant", response: { ...response, text: "Stopped.", toolCalls: [] } });
  items.push(user("Go on."));
  await ask(api.model, requestOf(items));
  expect(api.bodies()[1]?.["input"]).toMatchObject([
    { type: "function_call_output", output: expect.stringContaining("Not run") },
    { role: "user" },
  ]);
});

test("the server compacts, and its compaction stands for all before it", async () => {
  const answers = ["a", "b", "c"].map((text) => say(text));
  await using api = await open(answers, { compactAtTokens: 300 });
  const items: Item[] = [user("x".repeat(2000))];
  const first = (await ask(api.model, requestOf(items))).response;
  settle(items, first);
  expect(api.bodies()[0]).toMatchObject({
    context_management: [{ type: "compaction", compact_threshold: 300 }],
  });
  const { output } = first.provider as { output: readonly { type: string }[] };
  expect(output.map(({ type }) => type)).toEqual(["compaction", "message"]);
  items.push(user("More"));
  api.twin.forget();
  await ask(api.model, requestOf(items));
  const input = api.bodies()[2]?.["input"] as readonly { type: string }[];
  expect(input.map(({ type }) => type)).toEqual(["compaction", "message", "message"]);
});
