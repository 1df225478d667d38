import { expect, test } from "vitest";

import { loading } from "../../../../src/testing/twins/chat/answers.ts";
import { fail, interrupt, say } from "../../../../src/testing/twins/scripting/step.ts";
import { dialects, sending, start, user } from "./support.ts";

const long = { items: [user("x".repeat(8_000))] };

test.each(["openai", "vllm", "llamacpp"] as const)("%s: a prompt too long", async (dialect) => {
  await using s = await start({
    dialect,
    script: [],
    models: [{ id: "local-model", contextTokens: 900 }],
  });
  expect(await s.failure(long)).toMatchObject({ failure: "context", status: 400 });
});

test("Ollama: a prompt too long, where it does not cut it in silence", async () => {
  await using s = await start({
    dialect: "ollama",
    quirks: { overflow: "error" },
    script: [],
    models: [{ id: "local-model", contextTokens: 900 }],
  });
  expect(await s.failure(long)).toMatchObject({ failure: "context" });
});

test.each(dialects)("%s: a model without tools says what to do", async (dialect) => {
  await using s = await start({
    dialect,
    script: () => say("Yes."),
    models: [{ id: "local-model", tools: false }],
  });
  expect(await s.failure()).toMatchObject({
    failure: "invalid",
    message: expect.stringMatching(
      /tool.*The model must be able to call tools: choose one that can/,
    ),
  });
  expect((await s.ask({ tools: [], toolChoice: "none" })).text).toBe("Yes.");
});

test.each(dialects)("%s: loading, broken, not there, not allowed", async (dialect) => {
  await using s = await start({
    dialect,
    apiKey: "k",
    quirks: { checksModel: true },
    script: [
      loading(),
      fail(500),
      fail(429, { retryAfterS: 3 }),
      interrupt(say("It is full."), 2, fail(500)),
    ],
  });
  expect(await s.failure()).toMatchObject({ failure: "overloaded", status: 503 });
  expect(await s.failure()).toMatchObject({ failure: "server", status: 500 });
  expect(await s.failure()).toMatchObject({ failure: "rate-limit", retryAfterMs: 3_000 });
  expect(await s.failure()).toMatchObject({ failure: "server" });
  await using other = await start(
    { dialect, script: [], models: ["other"], quirks: { checksModel: true } },
    { apiKey: "k" },
  );
  expect(await other.failure()).toMatchObject({ failure: "not-found", status: 404 });
  await using denied = await start({ dialect, script: [], apiKey: "another" });
  expect(await denied.failure()).toMatchObject({ failure: "auth", status: 401 });
});

test.each([
  [
    400,
    { object: "error", message: "prompt is too long", type: "BadRequestError", code: 400 },
    "context",
  ],
  [422, { detail: "no" }, "invalid"],
  [
    429,
    { error: { message: "You exceeded your current quota", code: "insufficient_quota" } },
    "auth",
  ],
  [500, { error: "llama runner process has terminated" }, "server"],
  [502, "<html>", "server"],
  [400, { error: { message: "No endpoints found that support tool use" } }, "invalid"],
])("status %d with %j is %s", async (status, body, failure) => {
  await using s = await sending({ status, body });
  expect(await s.failure()).toMatchObject({ failure, status });
});

test.each([
  { object: "error", message: "EngineCore died", type: "InternalServerError", code: 500 },
  { error: { message: "EngineCore died", code: 500 } },
])("an error in the stream: %j", async (data) => {
  await using s = await sending([{ data }]);
  expect(await s.failure()).toMatchObject({
    failure: "server",
    status: 500,
    message: expect.stringContaining("EngineCore died"),
  });
});

test("nobody there is a matter of the network, and no key is shown", async () => {
  await using s = await start({ script: [] }, { baseUrl: "http://127.0.0.1:9", apiKey: "hush" });
  const failure = await s.failure();
  expect(failure).toMatchObject({ failure: "network" });
  expect(JSON.stringify(failure)).not.toContain("hush");
});
