import { describe, expect, test } from "vitest";

import type { ModelFailure } from "../../../../src/agent/models/model-error.ts";
import { retryAfterOf } from "../../../../src/agent/models/openai/retry-after.ts";
import { isOpsthreadError } from "../../../../src/core/errors.ts";
import { drop, fail, streamError } from "../../../../src/testing/twins/openai/faults.ts";
import type { Step } from "../../../../src/testing/twins/openai/script.ts";
import { say } from "../../../../src/testing/twins/openai/steps.ts";
import { ask, open, requestOf, user } from "./twin-model.ts";

async function failureOf(step: Step, text = "Hi"): Promise<Readonly<Record<string, unknown>>> {
  await using api = await open([step]);
  try {
    await ask(api.model, requestOf([user(text)]));
  } catch (error) {
    if (isOpsthreadError(error, "MODEL_FAILED")) return error.data;
    throw error;
  }
  throw new Error("It answered");
}

const large =
  "Request too large for gpt-5.6-luna on tokens per min (TPM): Limit 30000, Requested 42000.";

test.each<readonly [ModelFailure, Step]>([
  ["invalid", fail(400)],
  ["refused", fail(400, { code: "invalid_prompt" })],
  ["refused", fail(400, { code: "misalignment_policy_violation" })],
  ["context", fail(400, { code: "context_length_exceeded" })],
  ["auth", fail(401, { code: "invalid_api_key" })],
  ["auth", fail(403)],
  ["not-found", fail(404, { code: "model_not_found" })],
  ["timeout", fail(408)],
  ["server", fail(409)],
  ["rate-limit", fail(429)],
  ["auth", fail(429, { code: "insufficient_quota", type: "insufficient_quota" })],
  ["context", fail(429, { message: large })],
  ["server", fail(500)],
  ["server", fail(502)],
  ["overloaded", fail(503)],
  ["network", drop()],
  ["server", streamError(say("Hello"), 4)],
  ["rate-limit", streamError(say("Hello"), 4, { code: "rate_limit_exceeded" })],
  ["overloaded", streamError(say("Hello"), 4, { message: "The engine is overloaded" })],
])("it tells %s apart", async (failure, step) => {
  expect(await failureOf(step)).toMatchObject({ failure });
});

test("a prompt that is too long is found out in the stream", async () => {
  expect(await failureOf(say("x"), "x".repeat(4 * 400_001))).toMatchObject({ failure: "context" });
});

test("a failure has the request's id, its status and the wait", async () => {
  const headers = { "retry-after-ms": "1500", "retry-after": "2" };
  const data = await failureOf(fail(429, { headers }));
  expect(data).toMatchObject({ status: 429, requestId: "req_0", retryAfterMs: 1500 });
});

describe("the wait that is asked for", () => {
  test.each<readonly [Record<string, string>, number | undefined]>([
    [{}, undefined],
    [{ "retry-after": "2" }, 2000],
    [{ "retry-after": "soon" }, undefined],
    [
      { date: "Wed, 21 Oct 2026 07:28:00 GMT", "retry-after": "Wed, 21 Oct 2026 07:28:30 GMT" },
      30_000,
    ],
    [{ "x-ratelimit-reset-tokens": "6m0s" }, 360_000],
    [{ "x-ratelimit-reset-requests": "1.5s", "x-ratelimit-reset-tokens": "120ms" }, 1500],
    [{ "x-ratelimit-reset-requests": "1h2m", "x-ratelimit-remaining-requests": "9" }, undefined],
    [{ "x-ratelimit-reset-requests": "-1" }, undefined],
  ])("%j is %s ms", (headers, wait) => {
    expect(retryAfterOf(new Headers(headers), { isAtLimit: true })).toBe(wait);
  });
});
