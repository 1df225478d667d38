import type { Duplex } from "node:stream";

import { expect, test } from "vitest";

import { bench, httpServer, readAll, reasonOf, statusOf, tcpServer, until } from "./harness.ts";

const get = (host = "a.example", path = "/"): string =>
  `GET http://${host}${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;

test("more requests a minute than allowed are refused, also those to hosts that are not granted, and time heals", async () => {
  let now = 0;
  await using server = await httpServer((_, response) => {
    response.end();
  });
  await using proxy = bench({
    net: ["a.example:80"],
    ports: { 80: server.port },
    limits: { requestsPerMinute: 2 },
    clock: { now: () => now, sleep: () => Promise.resolve() },
  });
  expect(statusOf(await proxy.say(get()))).toBe(200);
  expect(statusOf(await proxy.say(get("b.example")))).toBe(403);
  const answer = await proxy.say(get());
  expect(statusOf(answer)).toBe(429);
  expect(answer).toContain("this session may make 2 requests a minute");
  now += 30_000;
  expect(statusOf(await proxy.say(get()))).toBe(200);
  expect(statusOf(await proxy.say(get()))).toBe(429);
});

test("an upload over the session's limit is answered with 413 and goes no further", async () => {
  let got = 0;
  await using server = await httpServer((request) => {
    request.on("data", (chunk: Buffer) => {
      got += chunk.length;
    });
    request.on("error", () => {});
  });
  await using proxy = bench({
    net: ["a.example:80"],
    ports: { 80: server.port },
    limits: { bytesUp: 100_000 },
  });
  const body = "x".repeat(200_000);
  const answer = await proxy.say(
    `POST http://a.example/ HTTP/1.1\r\nHost: a.example\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
  expect(reasonOf(answer)).toBe("bytes-up");
  expect(statusOf(answer)).toBe(413);
  expect(got).toBeLessThanOrEqual(100_000);
  expect(reasonOf(await proxy.say(get()))).toBe("bytes-up");
});

test("a download over the session's limit is broken off, and the next is refused", async () => {
  await using server = await httpServer((_, response) => {
    response.writeHead(200, { "content-length": 1_000_000 });
    response.end(Buffer.alloc(1_000_000));
  });
  await using proxy = bench({
    net: ["a.example:80"],
    ports: { 80: server.port },
    limits: { bytesDown: 300_000 },
  });
  const answer = await proxy.say(get());
  expect(answer.length).toBeLessThanOrEqual(300_000);
  const refused = await proxy.say(get());
  expect(statusOf(refused)).toBe(429);
  expect(reasonOf(refused)).toBe("bytes-down");
  await proxy.egress[Symbol.asyncDispose]();
  expect(proxy.events.map(({ reason }) => reason)).toEqual(["bytes-down", "bytes-down"]);
});

test("the bytes of a tunnel count", async () => {
  await using server = await tcpServer((socket) => socket.pipe(socket));
  await using proxy = bench({
    net: ["a.example:5000"],
    ports: { 5000: server.port },
    limits: { bytesUp: 50_000 },
  });
  const channel = proxy.open();
  channel.write("CONNECT a.example:5000 HTTP/1.1\r\n\r\n");
  await until(channel, /200/);
  channel.write("x".repeat(60_000));
  await readAll(channel);
  expect(proxy.events.at(-1)).toMatchObject({ type: "tunnel-ended", reason: "bytes-up" });
});

test("more connections than allowed are turned away; a place that is free again can be taken", async () => {
  await using server = await httpServer((_, response) => {
    response.end("fine");
  });
  await using proxy = bench({
    net: ["a.example:80"],
    ports: { 80: server.port },
    limits: { connections: 2 },
  });
  const held = [proxy.open(), proxy.open()];
  const answer = await proxy.say("");
  expect(statusOf(answer)).toBe(429);
  expect(reasonOf(answer)).toBe("too-many-connections");
  held[0]?.destroy();
  await expect.poll(async () => statusOf(await proxy.say(get()))).toBe(200);
  held[1]?.destroy();
});

test("pipelined requests do not go around the limit of connections", async () => {
  await using server = await httpServer(() => {});
  await using proxy = bench({
    net: ["a.example:80"],
    ports: { 80: server.port },
    limits: { connections: 2 },
  });
  const channel = proxy.open();
  channel.write("GET http://a.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n".repeat(50));
  await expect.poll(() => proxy.dials.length).toBeGreaterThan(0);
  await expect.poll(() => proxy.events.length).toBeGreaterThan(0);
  expect(proxy.dials.length).toBeLessThanOrEqual(4);
  channel.destroy();
});

test("a head that does not come in time is given up, also one that drips", async () => {
  await using proxy = bench({ net: ["a.example:80"], limits: { headMs: 80 } });
  const silent = readAll(proxy.open());
  const dripping: Duplex = proxy.open();
  dripping.write("GET http://a.example/ HTTP/1.1\r\n");
  const drip = setInterval(() => {
    if (!dripping.destroyed) dripping.write("X: y\r\n");
  }, 10);
  const answers = await Promise.all([silent, readAll(dripping)]);
  clearInterval(drip);
  expect(answers.map(reasonOf)).toEqual(["head-timeout", "head-timeout"]);
  expect(proxy.dials).toEqual([]);
});

test("a connection that rests after an answer is closed without a word", async () => {
  await using server = await httpServer((_, response) => {
    response.end("fine");
  });
  await using proxy = bench({
    net: ["a.example:80"],
    ports: { 80: server.port },
    limits: { headMs: 80 },
  });
  const answer = await proxy.say("GET http://a.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n");
  expect(statusOf(answer)).toBe(200);
  expect(reasonOf(answer)).toBeUndefined();
  expect(proxy.events).toHaveLength(1);
});

test("a TLS tunnel that never begins is given up", async () => {
  await using server = await tcpServer(() => {});
  await using proxy = bench({
    net: ["a.example:443"],
    ports: { 443: server.port },
    limits: { headMs: 80 },
  });
  await proxy.say("CONNECT a.example:443 HTTP/1.1\r\n\r\n");
  expect(proxy.events.at(-1)).toMatchObject({ type: "tunnel-ended", reason: "head-timeout" });
});

test("a host that does not answer in time, or a name that does not resolve in time, is given up", async () => {
  await using proxy = bench({
    net: ["a.example:80", "slow.example:80"],
    limits: { connectMs: 60 },
    lookup: (host) =>
      host === "slow.example" ? new Promise(() => {}) : Promise.resolve(["93.184.216.34"]),
    dial: (_, { signal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
      }),
  });
  const answer = await proxy.say(get());
  expect(statusOf(answer)).toBe(504);
  expect(reasonOf(answer)).toBe("connect-timeout");
  expect(reasonOf(await proxy.say(get("slow.example")))).toBe("not-resolved");
});

test("a server that goes silent is given up", async () => {
  await using server = await httpServer(() => {});
  await using proxy = bench({
    net: ["a.example:80"],
    ports: { 80: server.port },
    limits: { idleMs: 60 },
  });
  expect(reasonOf(await proxy.say(get()))).toBe("idle");
});

test("a URL, or a head, that is too long is refused", async () => {
  await using proxy = bench({ net: ["a.example:80"], limits: { urlBytes: 100 } });
  expect(statusOf(await proxy.say(get("a.example", `/${"x".repeat(100)}`)))).toBe(414);
  const answer = await proxy.say(
    `GET http://a.example/ HTTP/1.1\r\nHost: a.example\r\nX: ${"y".repeat(20_000)}\r\n\r\n`,
  );
  expect(statusOf(answer)).toBe(431);
  expect(proxy.dials).toEqual([]);
});
