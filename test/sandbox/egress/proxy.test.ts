import { expect, test } from "vitest";

import { bench, httpServer, readAll, reasonOf, statusOf, until } from "./harness.ts";

const get = (url: string, headers = ""): string => {
  const host = new URL(url).host;
  return `GET ${url} HTTP/1.1\r\nHost: ${host}\r\n${headers}Connection: close\r\n\r\n`;
};

test("a request to a granted host is carried, its answer too, and both are audited", async () => {
  await using server = await httpServer((request, response) => {
    response.setHeader("x-saw", `${request.method} ${request.url} ${request.headers.host}`);
    response.end("hello");
  });
  await using proxy = bench({ net: ["api.example.com:80"], ports: { 80: server.port } });
  const answer = await proxy.say(get("http://API.example.com/a/b?token=hidden"));
  expect(statusOf(answer)).toBe(200);
  expect(answer).toContain("x-saw: GET /a/b?token=hidden api.example.com\r\n");
  expect(answer).toMatch(/hello/);
  await proxy.egress[Symbol.asyncDispose]();
  expect(proxy.events).toEqual([
    {
      type: "request",
      sessionId: "session-1",
      at: expect.any(Number),
      method: "GET",
      host: "api.example.com",
      port: 80,
      path: "/a/b",
      address: "93.184.216.34",
      decision: "allowed",
      status: 200,
      bytesUp: expect.any(Number),
      bytesDown: expect.any(Number),
      ms: expect.any(Number),
      secrets: [],
    },
  ]);
  expect(proxy.events[0]?.bytesUp).toBeGreaterThan(50);
  expect(proxy.events[0]?.bytesDown).toBeGreaterThan(5);
});

test("a host that is not granted is neither resolved nor dialled, and the answer says what to do", async () => {
  await using proxy = bench({ net: ["api.example.com:80"] });
  const answer = await proxy.say(get("http://other.example.com/"));
  expect(statusOf(answer)).toBe(403);
  expect(answer).toContain("other.example.com:80 is not granted; ask for it with request_access");
  expect(proxy.lookups).toEqual([]);
  expect(proxy.dials).toEqual([]);
  expect(proxy.events).toMatchObject([{ decision: "refused", reason: "not-granted", status: 403 }]);
});

test("a body is carried both ways in order, with its framing", async () => {
  await using server = await httpServer((request, response) => {
    response.setHeader(
      "x-framing",
      request.headers["transfer-encoding"] ?? request.headers["content-length"] ?? "none",
    );
    request.pipe(response);
  });
  await using proxy = bench({ net: ["a.example:80"], ports: { 80: server.port } });
  const head = "POST http://a.example/ HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n";
  const sized = await proxy.say(`${head}Content-Length: 5\r\n\r\nhello`);
  expect(sized).toMatch(/x-framing: 5\r\n[^]*hello/);
  const chunked = await proxy.say(
    `${head}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
  );
  expect(chunked).toMatch(/x-framing: chunked\r\n[^]*hello/);
  const empty = await proxy.say(`${head}\r\n`);
  expect(empty).toMatch(/x-framing: 0\r\n/);
});

test("headers of one hop stay on it, in both directions", async () => {
  await using server = await httpServer((request, response) => {
    response.setHeader("x-saw", Object.keys(request.headers).toSorted().join(","));
    response.setHeader("proxy-authenticate", "Basic");
    response.setHeader("x-hop", "1");
    response.setHeader("connection", "close, x-hop");
    response.end();
  });
  await using proxy = bench({ net: ["a.example:80"], ports: { 80: server.port } });
  const answer = await proxy.say(
    "GET http://a.example/ HTTP/1.1\r\nHost: a.example\r\nProxy-Authorization: Basic eA==\r\nProxy-Connection: keep-alive\r\nTE: trailers\r\nX-Mine: 1\r\nX-Stays: 1\r\nConnection: close, x-mine\r\n\r\n",
  );
  expect(answer).toContain("x-saw: connection,host,x-stays\r\n");
  expect(answer).not.toMatch(/proxy-authenticate|x-hop/);
});

test("a connection serves one request after the other", async () => {
  await using server = await httpServer((request, response) => {
    response.end(`path ${request.url};`);
  });
  await using proxy = bench({ net: ["a.example:80"], ports: { 80: server.port } });
  const channel = proxy.open();
  for (const path of ["/one", "/two"]) {
    channel.write(`GET http://a.example${path} HTTP/1.1\r\nHost: a.example\r\n\r\n`);
    expect(statusOf(await until(channel, new RegExp(`path ${path};`)))).toBe(200);
  }
  channel.destroy();
});

test("a server that can't be reached, does not resolve, or breaks off is told apart", async () => {
  await using broken = await httpServer((_, response) => {
    response.destroy();
  });
  await using half = await httpServer((_, response) => {
    response.writeHead(200, { "content-length": "10" });
    response.write("12345", () => response.destroy());
  });
  await using proxy = bench({
    net: ["a.example:80", "a.example:81", "a.example:82", "nowhere.example:80"],
    ports: { 81: broken.port, 82: half.port },
    addresses: { "nowhere.example": [] },
  });
  expect(reasonOf(await proxy.say(get("http://a.example/")))).toBe("connect-failed");
  expect(reasonOf(await proxy.say(get("http://nowhere.example/")))).toBe("not-resolved");
  expect(reasonOf(await proxy.say(get("http://a.example:81/")))).toBe("upstream-failed");
  const partial = await proxy.say(get("http://a.example:82/"));
  expect(partial).toMatch(/content-length: 10\r\n[^]*12345$/);
  await proxy.egress[Symbol.asyncDispose]();
  expect(proxy.events.map(({ decision }) => decision)).toEqual(Array(4).fill("failed"));
});

test("a client may end its direction after the request and still gets the answer", async () => {
  await using server = await httpServer((_, response) => {
    setImmediate(() => response.end("hello"));
  });
  await using proxy = bench({ net: ["a.example:80"], ports: { 80: server.port } });
  expect(await proxy.say(get("http://a.example/"), { end: true })).toMatch(/hello/);
});

test("redirects are the client's to follow", async () => {
  await using server = await httpServer((_, response) => {
    response.writeHead(302, { location: "http://other.example/" }).end();
  });
  await using proxy = bench({
    net: ["a.example:80", "other.example:80"],
    ports: { 80: server.port },
  });
  expect(statusOf(await proxy.say(get("http://a.example/")))).toBe(302);
  expect(proxy.dials).toHaveLength(1);
});

test("a WebSocket by a plain proxy request is refused, another upgrade is left out", async () => {
  await using server = await httpServer((request, response) => {
    response.end(`upgrade ${request.headers.upgrade}`);
  });
  await using proxy = bench({ net: ["a.example:80"], ports: { 80: server.port } });
  const ask = (protocol: string): Promise<string> =>
    proxy.say(
      `GET http://a.example/ HTTP/1.1\r\nHost: a.example\r\nConnection: Upgrade, close\r\nUpgrade: ${protocol}\r\n\r\n`,
    );
  expect(statusOf(await ask("websocket"))).toBe(501);
  expect(await ask("h2c")).toMatch(/upgrade undefined/);
});

test("update() ends requests to a host that is granted no more, and opens new ones", async () => {
  await using server = await httpServer((request, response) => {
    if (request.url === "/slow") response.write("begun");
    else response.end("done");
  });
  await using proxy = bench({ net: ["a.example:80"], ports: { 80: server.port } });
  const channel = proxy.open();
  channel.write(get("http://a.example/slow"));
  await until(channel, /begun/);
  const rest = readAll(channel);
  proxy.egress.update({ net: ["b.example:80"], secrets: [] });
  await rest;
  await expect.poll(() => proxy.events).toMatchObject([{ reason: "withdrawn" }]);
  expect(reasonOf(await proxy.say(get("http://a.example/")))).toBe("not-granted");
  expect(statusOf(await proxy.say(get("http://b.example/")))).toBe(200);
});

test("update() with nonsense throws and leaves what was granted", async () => {
  await using server = await httpServer((_, response) => {
    response.end();
  });
  await using proxy = bench({ net: ["a.example:80"], ports: { 80: server.port } });
  expect(() => proxy.egress.update({ net: ["nonsense"], secrets: [] })).toThrow(/Cannot grant/);
  expect(statusOf(await proxy.say(get("http://a.example/")))).toBe(200);
});

test("when something fails that nobody thought of, the client does not wait, and it is audited", async () => {
  await using proxy = bench({
    net: ["a.example:80", "a.example:443"],
    ownAddresses: () => {
      throw new Error("no interfaces");
    },
  });
  expect(await proxy.say(get("http://a.example/"))).toBe("");
  expect(await proxy.say("CONNECT a.example:443 HTTP/1.1\r\n\r\n")).toBe("");
  expect(proxy.events).toMatchObject([{ decision: "failed" }, { decision: "failed" }]);
});

test("an audit that throws does not stop the request", async () => {
  await using server = await httpServer((_, response) => {
    response.end("fine");
  });
  await using proxy = bench({
    net: ["a.example:80"],
    ports: { 80: server.port },
    audit: () => {
      throw new Error("disk full");
    },
  });
  expect(await proxy.say(get("http://a.example/"))).toMatch(/fine/);
});

test("closing ends what is under way, and takes nothing more", async () => {
  await using server = await httpServer((_, response) => {
    response.write("begun");
  });
  const proxy = bench({ net: ["a.example:80"], ports: { 80: server.port } });
  const channel = proxy.open();
  channel.write(get("http://a.example/"));
  await until(channel, /begun/);
  const rest = readAll(channel);
  await proxy.egress[Symbol.asyncDispose]();
  await rest;
  expect(proxy.events).toMatchObject([{ reason: "closed" }]);
  expect(await proxy.say(get("http://a.example/"))).toBe("");
});
