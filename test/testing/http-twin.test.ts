import { expect, test } from "vitest";

import { Cut, httpTwin } from "../../src/testing/twins/http-twin.ts";

test("JSON goes both ways, and a client's mistake is answered", async () => {
  await using twin = await httpTwin(async ({ method, path, query, body }, reply) =>
    reply.json(201, { method, path, q: query.get("q"), body }, { "x-id": "7" }),
  );
  const answer = await fetch(`${twin.url}/v1/a?q=b`, { method: "POST", body: '{"x":1}' });
  expect(answer.status).toBe(201);
  expect(answer.headers.get("x-id")).toBe("7");
  expect(await answer.json()).toEqual({ method: "POST", path: "/v1/a", q: "b", body: { x: 1 } });
  expect((await fetch(twin.url, { method: "POST", body: "{" })).status).toBe(500);
});

test("events are streamed, until they end or are cut", async () => {
  await using twin = await httpTwin(async ({ path }, reply) =>
    reply.events(
      (async function* events() {
        yield { event: "first", data: { n: 1 } };
        if (path === "/cut") throw new Cut();
        yield { data: "[DONE]" };
      })(),
    ),
  );
  expect(await (await fetch(`${twin.url}/whole`)).text()).toBe(
    'event: first\ndata: {"n":1}\n\ndata: [DONE]\n\n',
  );
  await expect(fetch(`${twin.url}/cut`).then((answer) => answer.text())).rejects.toThrow(
    "terminated",
  );
});

test("a dropped connection is an error of the client, and a client that goes is noticed", async () => {
  let gone = (): void => {};
  const noticed = new Promise<void>((resolve) => {
    gone = resolve;
  });
  await using twin = await httpTwin(async ({ path, signal }, reply) => {
    if (path === "/drop") return reply.drop();
    signal.addEventListener("abort", gone);
    return new Promise(() => {});
  });
  await expect(fetch(`${twin.url}/drop`)).rejects.toThrow("fetch failed");
  const leaving = new AbortController();
  const left = fetch(`${twin.url}/wait`, { signal: leaving.signal });
  setImmediate(() => setTimeout(() => leaving.abort(), 50));
  await expect(left).rejects.toThrow("aborted");
  await noticed;
});
