import { APIConnectionError, APIError } from "openai";
import type { ResponseStreamEvent } from "openai/resources/responses/responses";
import { expect, test } from "vitest";

import {
  cut,
  drop,
  fail,
  failed,
  incomplete,
  lost,
  stall,
  streamError,
} from "../../src/testing/twins/openai/faults.ts";
import { say } from "../../src/testing/twins/openai/steps.ts";
import { model, open, refusal } from "./openai-client.ts";

const streaming = { model, input: "hi", stream: true } as const;

test("an error has its status, body and headers", async () => {
  const headers = {
    "retry-after": "2",
    "retry-after-ms": "1500",
    "x-ratelimit-remaining-tokens": "0",
  };
  await using api = await open([
    fail(429, { headers }),
    fail(500),
    fail(503),
    fail(429, { code: "insufficient_quota", type: "insufficient_quota", message: "Pay" }),
    say("ok"),
  ]);
  const error = await api.create({ input: "hi" }).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(APIError);
  expect(error).toMatchObject({ status: 429, code: "rate_limit_exceeded", requestID: "req_0" });
  expect(Object.fromEntries((error as APIError).headers ?? [])).toMatchObject(headers);
  expect(await refusal(api.create({ input: "hi" }))).toMatchObject({ status: 500 });
  expect(await refusal(api.create({ input: "hi" }))).toMatchObject({ status: 503 });
  const quota = await refusal(api.create({ input: "hi" }));
  expect(quota).toMatchObject({ status: 429, code: "insufficient_quota" });
  expect((await api.create({ input: "hi" })).output_text).toBe("ok");
});

test("a dropped request left nothing, a lost reply left its response", async () => {
  await using api = await open([drop(), lost(say("a")), say("b")]);
  await expect(api.create({ input: "hi" })).rejects.toThrow(APIConnectionError);
  expect(api.twin.responses).toEqual([]);
  await expect(api.create({ input: "hi", metadata: { step: "7" } })).rejects.toThrow(
    APIConnectionError,
  );
  const [stored] = api.twin.responses;
  expect(stored).toMatchObject({ status: "completed", metadata: { step: "7" } });
  const next = await api.create({ input: "hi", previous_response_id: stored?.id });
  expect(next.output_text).toBe("b");
});

test("a lost background reply left its response too", async () => {
  await using api = await open([lost(say("a"))]);
  await expect(api.create({ input: "hi", background: true })).rejects.toThrow(APIConnectionError);
  const [stored] = api.twin.responses;
  expect(stored?.status).toBe("queued");
  const found = await api.client.responses.retrieve(stored?.id ?? "");
  expect(found.status).toBe("in_progress");
});

test("a plain stream that is cut is gone", async () => {
  await using api = await open([cut(say("Hello you"), 5)]);
  const events: ResponseStreamEvent[] = [];
  await expect(async () => {
    for await (const event of await api.client.responses.create(streaming)) events.push(event);
  }).rejects.toThrow("terminated");
  expect(events.map(({ sequence_number: n }) => n)).toEqual([0, 1, 2, 3, 4]);
  const [created] = events;
  const id = created?.type === "response.created" ? created.response.id : "";
  expect(await refusal(api.client.responses.retrieve(id))).toMatchObject({ status: 404 });
});

test("a stalled stream waits for its release", async () => {
  await using api = await open([stall(say("Hello you"), 4, 6)]);
  const seen: number[] = [];
  for await (const event of await api.client.responses.create(streaming)) {
    seen.push(event.sequence_number);
    if (event.sequence_number === 3 || event.sequence_number === 5) api.twin.release();
  }
  expect(seen).toHaveLength(10);
});

test("who leaves a stalled stream can't come back", async () => {
  await using api = await open([stall(say("Hello"), 3), stall(say("Hello"), 3)]);
  let id = "";
  for await (const event of await api.client.responses.create(streaming)) {
    if (event.type === "response.created") id = event.response.id;
    if (event.sequence_number === 2) break;
  }
  expect(await refusal(api.client.responses.retrieve(id))).toMatchObject({ status: 404 });
  const leaving = new AbortController();
  const left = api.client.responses.create({ model, input: "hi" }, { signal: leaving.signal });
  while (api.twin.requests.length < 3) await new Promise(setImmediate);
  leaving.abort();
  await expect(left).rejects.toThrow("aborted");
  expect(api.twin.responses).toEqual([]);
});

test("a response fails in its stream, or as a whole", async () => {
  await using api = await open([failed(say("a")), failed(say("a"), "rate_limit_exceeded", "Slow")]);
  const events: ResponseStreamEvent[] = [];
  for await (const event of await api.client.responses.create(streaming)) events.push(event);
  expect(events.at(-1)).toMatchObject({
    type: "response.failed",
    response: { status: "failed", error: { code: "server_error" } },
  });
  expect(await api.create({ input: "hi" })).toMatchObject({
    status: "failed",
    error: { code: "rate_limit_exceeded", message: "Slow" },
  });
});

test("a stream may end in an error event", async () => {
  const step = streamError(say("Hello"), 4, { code: "server_error", message: "Sorry" });
  await using api = await open([step, step]);
  const events: ResponseStreamEvent[] = [];
  for await (const event of await api.client.responses.create(streaming)) events.push(event);
  expect(events).toHaveLength(5);
  expect(events.at(-1)).toMatchObject({ type: "error", code: "server_error", message: "Sorry" });
  expect(api.twin.responses).toEqual([]);
  const whole = await refusal(api.create({ input: "hi" }));
  expect(whole).toMatchObject({ status: 500, code: "server_error" });
});

test("a response may end early", async () => {
  await using api = await open([incomplete(say("Half"), "max_output_tokens")]);
  expect(await api.create({ input: "hi" })).toMatchObject({
    status: "incomplete",
    incomplete_details: { reason: "max_output_tokens" },
    output_text: "Half",
  });
});

test("any request may have a fault, and the state may be gone at any time", async () => {
  await using api = await open([say("a")], {
    faults: ({ index, method }) => {
      if (index === 1) return fail(500);
      if (method === "DELETE") return drop();
      return undefined;
    },
  });
  const { responses } = api.client;
  const { id } = await api.create({ input: "hi" });
  expect(await refusal(responses.retrieve(id))).toMatchObject({ status: 500 });
  expect((await responses.retrieve(id)).id).toBe(id);
  await expect(responses.delete(id)).rejects.toThrow(APIConnectionError);
  api.twin.forget();
  expect(await refusal(responses.retrieve(id))).toMatchObject({ status: 404 });
});
