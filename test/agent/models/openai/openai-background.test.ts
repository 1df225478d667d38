import { expect, test } from "vitest";

import type { Model, ModelEvent, ModelRequest } from "../../../../src/agent/model.ts";
import { Stopped } from "../../../../src/core/abort.ts";
import { cut, fail, failed, stall } from "../../../../src/testing/twins/openai/faults.ts";
import { all, say, think } from "../../../../src/testing/twins/openai/steps.ts";
import { ask, isCreate, open, requestOf, textOf, user } from "./twin-model.ts";

const background = { background: true } as const;
const request = requestOf([user("Hi")]);

/** Asks until the answer has started, then ends as `reason` says. Gives the handle. */
async function leave(model: Model, reason: unknown, asked = request): Promise<unknown> {
  const stop = new AbortController();
  let handle: unknown;
  await expect(async () => {
    for await (const event of model.respond(asked, { signal: stop.signal })) {
      if (event.type !== "started") continue;
      ({ handle } = event);
      stop.abort(reason);
    }
  }).rejects.toBe(reason);
  return handle;
}

const resumed = (handle: unknown): ModelRequest => ({
  ...request,
  resume: JSON.parse(JSON.stringify(handle)),
});

test("it is on by itself where answers take long, and needs the server's state", async () => {
  await using api = await open([]);
  const resumes = (options: Parameters<typeof api.again>[0]) =>
    api.again(options).capabilities.resumes;
  expect(resumes({})).toBe(false);
  expect(resumes({ reasoning: { effort: "medium" } })).toBe(false);
  expect(resumes({ reasoning: { effort: "high" } })).toBe(true);
  expect(resumes({ reasoning: { effort: "high" }, background: false })).toBe(false);
  expect(resumes({ reasoning: { effort: "high" }, state: "none" })).toBe(false);
  expect(() => api.again({ background: true, state: "none" })).toThrow("in the background");
});

test("a response is told before anything of it", async () => {
  await using api = await open([say("Hello")], background);
  const { events } = await ask(api.model, request);
  expect(events[0]).toEqual({
    type: "started",
    handle: {
      kind: "openai-responses",
      endpoint: `${api.twin.url}/v1`,
      responseId: api.twin.responses[0]?.id,
    },
  });
  expect(api.bodies()[0]).toMatchObject({ background: true, store: true, stream: true });
});

test("a broken stream is taken up where it broke", async () => {
  await using api = await open([cut(say("Hello you there"), 6, 7)], background);
  const { events, response } = await ask(api.model, request);
  expect(textOf(events)).toBe("Hello you there");
  expect(response.text).toBe("Hello you there");
  expect(api.twin.requests.slice(1).map(({ method, query }) => [method, query])).toEqual([
    ["GET", { stream: "true", starting_after: "5" }],
    ["GET", { stream: "true", starting_after: "6" }],
  ]);
});

test("so it is after the server failed in between", async () => {
  const step = cut(say("Hello you there"), 6);
  await using api = await open([step], background, {
    faults: ({ index }) => (index === 1 ? fail(502) : undefined),
  });
  expect(textOf((await ask(api.model, request)).events)).toBe("Hello you there");
});

test("another process takes an answer up that is still on its way", async () => {
  await using api = await open([stall(all(think("Hm"), say("Hello you")), 6)], background);
  const handle = await leave(api.model, new Stopped("shutdown"));
  expect(api.lines()).toEqual(["POST /v1/responses"]);
  const events: ModelEvent[] = [];
  const never = new AbortController().signal;
  setTimeout(() => api.twin.release(), 100);
  for await (const event of api.again().respond(resumed(handle), { signal: never }))
    events.push(event);
  expect(events.at(-1)).toMatchObject({ type: "completed", response: { text: "Hello you" } });
  expect(events.some(({ type }) => type === "started")).toBe(false);
  expect(textOf(events)).toBe("Hello you");
  expect(api.bodies()).toHaveLength(1);
});

test("and one that is done", async () => {
  await using api = await open([stall(say("Hello you"), 4)], background);
  const handle = await leave(api.model, new Stopped("lease-lost"));
  api.twin.release();
  const { events, response } = await ask(api.again(), resumed(handle));
  expect(textOf(events)).toBe("Hello you");
  expect(response.provider).toMatchObject({ responseId: api.twin.responses[0]?.id });
  expect(api.twin.requests.at(-1)?.method).toBe("GET");
  expect(api.bodies()).toHaveLength(1);
});

test.each([
  ["is gone", [say("x")], true],
  ["has failed", [failed(say("x"))], false],
] as const)("what %s is asked for anew", async (_, steps, forget) => {
  await using api = await open([...steps, say("again")], background);
  const handle = await leave(api.model, new Stopped("shutdown"));
  if (forget) api.twin.forget();
  const { events, response } = await ask(api.again(), resumed(handle));
  expect(response.text).toBe("again");
  expect(events.filter(({ type }) => type === "started")).toHaveLength(1);
});

test("what fails while it is taken up is taken back, and asked for anew", async () => {
  const half = stall(failed(say("Half")), 7);
  await using api = await open([half, say("Whole")], background);
  const handle = await leave(api.model, new Stopped("shutdown"));
  setTimeout(() => api.twin.release(), 100);
  const { events } = await ask(api.again(), resumed(handle));
  const types = events.map(({ type }) => type).join(" ");
  expect(types).toBe("text-delta retry started text-delta completed");
});

test("one that is gone while it is followed may be asked for again", async () => {
  await using api = await open([cut(say("Hello you there"), 6)], background, {
    faults: ({ method }) => (method === "GET" ? fail(404) : undefined),
  });
  const failure = await ask(api.model, request).catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: "MODEL_FAILED", data: { failure: "server" } });
});

test("a handle that is not its own is nothing to it", async () => {
  await using api = await open([say("a"), say("b")], background);
  await ask(api.model, { ...request, resume: { of: "another vendor" } });
  const elsewhere = { kind: "openai-responses", endpoint: "https://elsewhere/v1", responseId: "r" };
  await ask(api.model, { ...request, resume: elsewhere });
  expect(api.twin.requests.every(isCreate)).toBe(true);
});

test("who stops it cancels it", async () => {
  await using api = await open([stall(say("Hello"), 5)], background);
  await leave(api.model, new Stopped("stop"));
  const [response] = api.twin.responses;
  expect(api.lines()).toEqual(["POST /v1/responses", `POST /v1/responses/${response?.id}/cancel`]);
  expect(response?.status).toBe("cancelled");
});

test("who leaves it cancels it too", async () => {
  await using api = await open([stall(say("Hello"), 5)], background);
  const never = new AbortController().signal;
  for await (const event of api.model.respond(request, { signal: never })) {
    if (event.type === "started") break;
  }
  expect(api.twin.responses[0]?.status).toBe("cancelled");
});

test("what is not in the background has nothing to cancel", async () => {
  await using api = await open([stall(say("Hello you"), 7)]);
  const stop = new AbortController();
  const reason = new Stopped("stop");
  await expect(async () => {
    for await (const _ of api.model.respond(request, { signal: stop.signal })) stop.abort(reason);
  }).rejects.toBe(reason);
  expect(api.lines()).toEqual(["POST /v1/responses"]);
});
