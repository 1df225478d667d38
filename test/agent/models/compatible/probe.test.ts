import { expect, test } from "vitest";

import { probeCompatible } from "../../../../src/agent/models/compatible/compatible.ts";
import { chatTwin } from "../../../../src/testing/twins/chat-twin.ts";
import { httpTwin } from "../../../../src/testing/twins/http-twin.ts";
import { fail, say } from "../../../../src/testing/twins/scripting/step.ts";
import { dialects } from "./support.ts";

const { signal } = new AbortController();
const probe = async (baseUrl: string, model = "local-model") =>
  probeCompatible({ baseUrl, model, apiKey: "k", signal });

const contexts: Partial<Record<(typeof dialects)[number], number>> = {
  vllm: 32_768,
  llamacpp: 32_768,
};

test.each(dialects)(
  "%s: the models, whether they take tools, and the context if told",
  async (dialect) => {
    await using twin = await chatTwin({
      dialect,
      script: () => say("Hi"),
      models: ["local-model", { id: "old", tools: false }],
    });
    const models = ["local-model", "old"];
    const context = contexts[dialect];
    const told = context === undefined ? {} : { contextTokens: context };
    const found = { reachable: true, models, hasModel: true, ...told };
    expect(await probe(twin.url)).toEqual({ ...found, tools: "yes" });
    expect(await probe(twin.url, "old")).toEqual({ ...found, tools: "no" });
    expect(await probe(twin.url, "none")).toEqual({
      reachable: true,
      models,
      hasModel: false,
      tools: "unknown",
    });
  },
);

test("llama.cpp serves its one model by any name; a failure says nothing about tools", async () => {
  await using twin = await chatTwin({ dialect: "llamacpp", script: () => fail(503) });
  expect(await probe(twin.url, "whatever")).toMatchObject({ hasModel: true, tools: "unknown" });
});

test("nobody there, nobody allowed, no such server", async () => {
  const nothing = { models: [], hasModel: false, tools: "unknown" };
  expect(await probe("http://127.0.0.1:9")).toMatchObject({ ...nothing, reachable: false });
  await using twin = await chatTwin({ dialect: "openai", script: [], apiKey: "another" });
  expect(await probe(twin.url)).toMatchObject({
    ...nothing,
    reachable: true,
    problem: expect.stringContaining("Incorrect API key"),
  });
  await using other = await httpTwin((_, reply) => reply.json(404, {}));
  expect(await probe(other.url)).toEqual({ ...nothing, reachable: true, problem: "status 404" });
  const stopped = AbortSignal.abort(new Error("stop"));
  await expect(probeCompatible({ baseUrl: twin.url, model: "m", signal: stopped })).rejects.toThrow(
    "stop",
  );
});

test.each([
  [{ "/api/ps": { models: [{ name: "qwen3:latest", context_length: 16_384 }] } }, 16_384],
  [{ "/api/ps": { models: [] } }, 8_192],
])("what Ollama's own API tells, case %#", async (more, contextTokens) => {
  const answers: Readonly<Record<string, unknown>> = {
    "/v1/models": { data: [{ id: "qwen3:latest", owned_by: "library" }] },
    "/api/show": {
      capabilities: ["completion", "tools"],
      parameters: "stop x\nnum_ctx        8192",
      model_info: { "qwen3.context_length": 40_960 },
    },
    ...more,
  };
  await using twin = await httpTwin(({ path }, reply) => reply.json(200, answers[path]));
  expect(await probe(twin.url, "qwen3")).toEqual({
    reachable: true,
    models: ["qwen3:latest"],
    hasModel: true,
    tools: "yes",
    contextTokens,
  });
});

test("llama.cpp: what it runs with, not what the model was made for", async () => {
  const answers: Readonly<Record<string, unknown>> = {
    "/v1/models": { data: [{ id: "m", owned_by: "llamacpp", meta: { n_ctx_train: 131_072 } }] },
    "/props": { default_generation_settings: { n_ctx: 4_096 } },
    "/v1/chat/completions": { choices: [] },
  };
  await using twin = await httpTwin(({ path }, reply) => reply.json(200, answers[path]));
  expect(await probe(twin.url, "m")).toMatchObject({ tools: "yes", contextTokens: 4_096 });
});
