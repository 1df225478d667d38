import { expect, test } from "vitest";

import { cut, failed, stall } from "../../src/testing/twins/openai/faults.ts";
import { say } from "../../src/testing/twins/openai/steps.ts";
import { collect, model, open, refusal } from "./openai-client.ts";

const background = { model, input: "hi", background: true } as const;
const streaming = { ...background, stream: true } as const;

test("a background response moves on each time that it is looked at", async () => {
  await using api = await open([say("done")]);
  const { responses } = api.client;
  const { id, status, output } = await responses.create(background);
  expect({ status, output }).toEqual({ status: "queued", output: [] });
  const next = await refusal(api.create({ input: "more", previous_response_id: id }));
  expect(next).toMatchObject({ status: 400, param: "previous_response_id" });
  expect(await responses.retrieve(id)).toMatchObject({ status: "in_progress", usage: null });
  expect(await responses.retrieve(id)).toMatchObject({ status: "completed", output_text: "done" });
  expect(await responses.retrieve(id)).toMatchObject({ status: "completed" });
});

test("a stalled background response waits for its release", async () => {
  await using api = await open([stall(say("done"), 4)]);
  const { responses } = api.client;
  const { id } = await responses.create(background);
  for (let poll = 0; poll < 4; poll += 1) {
    expect(await responses.retrieve(id)).toMatchObject({ status: "in_progress" });
  }
  api.twin.release();
  expect(await responses.retrieve(id)).toMatchObject({ status: "completed" });
});

test("a failed background response says why", async () => {
  await using api = await open([failed(say("a"), "rate_limit_exceeded")]);
  const { responses } = api.client;
  const { id } = await responses.create(background);
  await responses.retrieve(id);
  expect(await responses.retrieve(id)).toMatchObject({
    status: "failed",
    error: { code: "rate_limit_exceeded" },
  });
});

test("a background stream is queued first, and can be resumed after any event", async () => {
  await using api = await open([say("Hello you")]);
  const { responses } = api.client;
  const events = await collect(await responses.create(streaming));
  expect(events.slice(0, 3)).toMatchObject([
    { type: "response.created", response: { status: "queued" } },
    { type: "response.queued" },
    { type: "response.in_progress", response: { status: "in_progress" } },
  ]);
  const [created] = events;
  const id = created?.type === "response.created" ? created.response.id : "";
  const rest = await responses.retrieve(id, { stream: true, starting_after: 4 });
  expect(await collect(rest)).toEqual(events.slice(5));
  expect(await collect(await responses.retrieve(id, { stream: true }))).toEqual(events);
});

test("a background stream that is cut goes on, and so does who resumes it", async () => {
  await using api = await open([cut(say("Hello you"), 5, 7)]);
  const { responses } = api.client;
  const seen: number[] = [];
  let id = "";
  await expect(async () => {
    for await (const event of await responses.create(streaming)) {
      if (event.type === "response.created") id = event.response.id;
      seen.push(event.sequence_number);
    }
  }).rejects.toThrow("terminated");
  expect(seen).toEqual([0, 1, 2, 3, 4]);
  await expect(async () => {
    for await (const event of await responses.retrieve(id, { stream: true, starting_after: 4 })) {
      seen.push(event.sequence_number);
    }
  }).rejects.toThrow("terminated");
  for await (const event of await responses.retrieve(id, { stream: true, starting_after: 6 })) {
    seen.push(event.sequence_number);
  }
  expect(seen).toEqual(Array.from({ length: 11 }, (_, index) => index));
  expect((await responses.retrieve(id)).status).toBe("completed");
});

test("who resumes a stalled stream waits for what is to come", async () => {
  await using api = await open([stall(say("Hello you"), 6)]);
  const { responses } = api.client;
  const first = await responses.create(streaming);
  let id = "";
  for await (const event of first) {
    if (event.type === "response.created") id = event.response.id;
    if (event.sequence_number === 5) break;
  }
  const resumed = await responses.retrieve(id, { stream: true, starting_after: 3 });
  const numbers: number[] = [];
  for await (const event of resumed) {
    numbers.push(event.sequence_number);
    if (event.sequence_number === 5) api.twin.release();
  }
  expect(numbers).toEqual([4, 5, 6, 7, 8, 9, 10]);
});

test("only what was created to be streamed in the background can be resumed", async () => {
  await using api = await open([say("a"), say("b")]);
  const { responses } = api.client;
  const refused = { status: 400, param: "stream" };
  const polled = await responses.create(background);
  expect(await refusal(responses.retrieve(polled.id, { stream: true }))).toMatchObject(refused);
  const plain = await responses.create({ model, input: "hi" });
  expect(await refusal(responses.retrieve(plain.id, { stream: true }))).toMatchObject(refused);
  const bare = responses.retrieve(plain.id, { starting_after: 1 });
  expect(await refusal(bare)).toMatchObject({ status: 400, param: "starting_after" });
});

test("a background response is cancelled once", async () => {
  await using api = await open([stall(say("a"), 5), say("b"), say("c")]);
  const { responses } = api.client;
  const stream = await responses.create(streaming);
  let id = "";
  for await (const event of stream) {
    if (event.type === "response.created") id = event.response.id;
    if (event.sequence_number === 4) await responses.cancel(id);
  }
  expect(await responses.cancel(id)).toMatchObject({ status: "cancelled" });
  expect(await responses.retrieve(id)).toMatchObject({ status: "cancelled", output: [] });
  const done = await responses.create(background);
  await responses.retrieve(done.id);
  await responses.retrieve(done.id);
  expect(await responses.cancel(done.id)).toMatchObject({ status: "completed" });
  const plain = await responses.create({ model, input: "hi" });
  expect(await refusal(responses.cancel(plain.id))).toMatchObject({ status: 400 });
  expect(await refusal(responses.cancel("resp_unknown"))).toMatchObject({ status: 404 });
});
