import { expect, test } from "vitest";

import { type EngineProgress, followEngine } from "../../../src/sandbox/docker/progress.ts";

async function* chunks(...texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield new TextEncoder().encode(text);
}

async function collect(stream: AsyncIterable<EngineProgress>): Promise<EngineProgress[]> {
  const all = [];
  for await (const progress of stream) all.push(progress);
  return all;
}

test("lines that are cut anywhere are put together, and layers add up", async () => {
  const lines = [
    '{"status":"Downloading","id":"a","progressDetail":{"current":50,"total":100}}\r\n{"sta',
    'tus":"Downloading","id":"b","progressDetail":{"current":100,"total":300}}\n',
    '{"stream":"\\n"}\n{"status":"Status: done"}',
  ];
  expect(await collect(followEngine(chunks(...lines)))).toEqual([
    { done: 0.5, text: "Downloading a" },
    { done: 0.375, text: "Downloading b" },
    { done: 0.375, text: "Status: done" },
  ]);
});

test("an error in the stream is thrown, although the request was answered with success", async () => {
  const stream = followEngine(
    chunks('{"errorDetail":{"message":"no"},"error":"manifest unknown"}\n'),
  );
  await expect(collect(stream)).rejects.toMatchObject({
    code: "SANDBOX_ENGINE",
    message: "manifest unknown",
  });
});

test("a line without end is refused", async () => {
  const stream = followEngine(chunks("x".repeat(600_000), "x".repeat(600_000)));
  await expect(collect(stream)).rejects.toMatchObject({ code: "SANDBOX_ENGINE" });
});
