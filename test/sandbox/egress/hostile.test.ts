import { expect, test } from "vitest";

import {
  bench,
  httpServer,
  publicAddress,
  readAll,
  reasonOf,
  statusOf,
  tcpServer,
  until,
} from "./harness.ts";

const net = ["api.example.com:80", "*.wild.example:80", "api.example.com:443"];

test.each([
  [
    "a NUL in the URL",
    "GET http://evil.com\0.wild.example/ HTTP/1.1\r\nHost: evil.com\0.wild.example\r\n\r\n",
  ],
  ["a NUL in Host", "GET http://api.example.com/ HTTP/1.1\r\nHost: api.example.com\0\r\n\r\n"],
  ["a NUL in CONNECT", "CONNECT evil.com\0.wild.example:80 HTTP/1.1\r\n\r\n"],
  [
    "%00",
    "GET http://evil.com%00.wild.example/ HTTP/1.1\r\nHost: evil.com%00.wild.example\r\n\r\n",
  ],
  [
    "a name that only ends like a granted one",
    "GET http://evil-wild.example/ HTTP/1.1\r\nHost: evil-wild.example\r\n\r\n",
  ],
  [
    "a granted name as a label of another",
    "GET http://api.example.com.evil.com/ HTTP/1.1\r\nHost: api.example.com.evil.com\r\n\r\n",
  ],
  ["user information", "GET http://api.example.com@evil.com/ HTTP/1.1\r\nHost: evil.com\r\n\r\n"],
  [
    "user information and a port",
    "GET http://api.example.com:80@evil.com/ HTTP/1.1\r\nHost: evil.com\r\n\r\n",
  ],
  [
    "a backslash",
    "GET http://evil.com\\@api.example.com/ HTTP/1.1\r\nHost: api.example.com\r\n\r\n",
  ],
  ["a fragment", "GET http://evil.com#@api.example.com/ HTTP/1.1\r\nHost: api.example.com\r\n\r\n"],
  ["another Host", "GET http://api.example.com/ HTTP/1.1\r\nHost: evil.com\r\n\r\n"],
  [
    "another port in Host",
    "GET http://api.example.com/ HTTP/1.1\r\nHost: api.example.com:81\r\n\r\n",
  ],
  [
    "two Hosts",
    "GET http://api.example.com/ HTTP/1.1\r\nHost: api.example.com\r\nHost: evil.com\r\n\r\n",
  ],
  [
    "two equal Hosts",
    "GET http://api.example.com/ HTTP/1.1\r\nHost: api.example.com\r\nHost: api.example.com\r\n\r\n",
  ],
  ["no Host", "GET http://api.example.com/ HTTP/1.1\r\n\r\n"],
  ["a path only", "GET / HTTP/1.1\r\nHost: api.example.com\r\n\r\n"],
  [
    "https by a plain request",
    "GET https://api.example.com/ HTTP/1.1\r\nHost: api.example.com\r\n\r\n",
  ],
  [
    "plain HTTP to the port of https",
    "GET http://api.example.com:443/ HTTP/1.1\r\nHost: api.example.com:443\r\n\r\n",
  ],
  ["ftp", "GET ftp://api.example.com/ HTTP/1.1\r\nHost: api.example.com\r\n\r\n"],
  ["an asterisk", "OPTIONS * HTTP/1.1\r\nHost: api.example.com\r\n\r\n"],
  ["a dot at the end", "GET http://api.example.com./ HTTP/1.1\r\nHost: api.example.com.\r\n\r\n"],
  ["a decimal address", "GET http://2130706433/ HTTP/1.1\r\nHost: 2130706433\r\n\r\n"],
  ["an octal address", "GET http://0177.0.0.1/ HTTP/1.1\r\nHost: 0177.0.0.1\r\n\r\n"],
  ["an address", "GET http://93.184.216.34/ HTTP/1.1\r\nHost: 93.184.216.34\r\n\r\n"],
  [
    "a mapped address",
    "GET http://[::ffff:169.254.169.254]/ HTTP/1.1\r\nHost: [::ffff:169.254.169.254]\r\n\r\n",
  ],
  [
    "a length and chunks",
    "POST http://api.example.com/ HTTP/1.1\r\nHost: api.example.com\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  ],
  [
    "chunks and a length",
    "POST http://api.example.com/ HTTP/1.1\r\nHost: api.example.com\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
  ],
  [
    "two lengths",
    "POST http://api.example.com/ HTTP/1.1\r\nHost: api.example.com\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
  ],
  [
    "a length with a sign",
    "POST http://api.example.com/ HTTP/1.1\r\nHost: api.example.com\r\nContent-Length: +1\r\n\r\nx",
  ],
  [
    "another transfer encoding",
    "POST http://api.example.com/ HTTP/1.1\r\nHost: api.example.com\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
  ],
  [
    "chunked twice",
    "POST http://api.example.com/ HTTP/1.1\r\nHost: api.example.com\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  ],
  [
    "chunks in HTTP/1.0",
    "POST http://api.example.com/ HTTP/1.0\r\nHost: api.example.com\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  ],
  [
    "a folded header",
    "GET http://api.example.com/ HTTP/1.1\r\nHost: api.example.com\r\nX: a\r\n b\r\n\r\n",
  ],
  ["a bare LF", "GET http://api.example.com/ HTTP/1.1\r\nHost: api.example.com\nX: a\r\n\r\n"],
  ["bare LFs only", "GET http://api.example.com/ HTTP/1.1\nHost: api.example.com\n\n"],
  ["a bare CR", "GET http://api.example.com/ HTTP/1.1\r\nHost: api.example.com\rX: a\r\n\r\n"],
  [
    "a space before the colon",
    "GET http://api.example.com/ HTTP/1.1\r\nHost : api.example.com\r\n\r\n",
  ],
  ["HTTP/0.9", "GET http://api.example.com/\r\n\r\n"],
  ["HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
  ["TRACE", "TRACE http://api.example.com/ HTTP/1.1\r\nHost: api.example.com\r\n\r\n"],
  ["SOCKS", "\x05\x01\x00"],
  ["TLS to the proxy", "\x16\x03\x01\x00\x05hello"],
])("%s is refused, and nothing is resolved or dialled", async (_, text) => {
  await using proxy = bench({ net });
  const answer = await proxy.say(text);
  expect(statusOf(answer)).toBeGreaterThanOrEqual(400);
  expect(statusOf(answer)).toBeLessThan(502);
  expect(reasonOf(answer)).toBeDefined();
  expect(proxy.lookups).toEqual([]);
  expect(proxy.dials).toEqual([]);
  expect(proxy.events).toMatchObject([{ decision: "refused" }]);
});

test("more than 2000 headers hide nothing", async () => {
  await using proxy = bench({ net });
  const answer = await proxy.say(
    `GET http://api.example.com/ HTTP/1.1\r\nHost: api.example.com\r\n${"a:\r\n".repeat(2_500)}Host: evil.com\r\n\r\n`,
  );
  expect(statusOf(answer)).toBe(400);
  expect(proxy.dials).toEqual([]);
});

test.each([
  ["a private address", ["10.0.0.1"]],
  ["the loopback", ["127.0.0.1"]],
  ["the metadata service", ["169.254.169.254"]],
  ["a mapped metadata address", ["::ffff:169.254.169.254"]],
  ["the machine itself", ["93.184.216.99"]],
  ["a public and a private address", [publicAddress, "10.0.0.1"]],
  ["a name in the place of an address", ["localhost"]],
])("a granted name that resolves to %s is not dialled", async (_, answers) => {
  await using proxy = bench({ net, addresses: { "api.example.com": answers } });
  const answer = await proxy.say("CONNECT api.example.com:443 HTTP/1.1\r\n\r\n");
  expect(statusOf(answer)).toBe(403);
  expect(reasonOf(answer)).toBe("address-refused");
  expect(proxy.dials).toEqual([]);
  expect(proxy.events).toMatchObject([
    { decision: "refused", reason: "address-refused", address: expect.any(String) },
  ]);
});

test.each([
  "169.254.169.254:80",
  "10.0.0.1:80",
  "127.0.0.1:80",
  "[::1]:80",
  "[::ffff:10.0.0.1]:80",
])("%s is not dialled although it is granted, unless an administrator opens it", async (grant) => {
  const request = `GET http://${grant}/ HTTP/1.1\r\nHost: ${grant}\r\n\r\n`;
  await using closed = bench({ net: [grant] });
  expect(reasonOf(await closed.say(request))).toBe("address-refused");
  expect(closed.dials).toEqual([]);
  await using open = bench({ net: [grant], allowPrivate: [grant] });
  expect(reasonOf(await open.say(request))).toBe("connect-failed");
  expect(open.dials).toHaveLength(1);
});

test("a name whose second answer would be another is resolved once, and what was checked is dialled", async () => {
  await using server = await httpServer((_, response) => {
    response.end("fine");
  });
  const answers = [[publicAddress], ["169.254.169.254"]];
  const dialled: string[] = [];
  let asked = 0;
  await using proxy = bench({
    net,
    lookup: async () => answers[asked++] ?? [],
    dial: async ({ address }) => {
      dialled.push(address);
      const { connectLocal } = await import("./harness.ts");
      return connectLocal(server.port);
    },
  });
  const request =
    "GET http://api.example.com/ HTTP/1.1\r\nHost: api.example.com\r\nConnection: close\r\n\r\n";
  expect(statusOf(await proxy.say(request))).toBe(200);
  expect([asked, dialled]).toEqual([1, [publicAddress]]);
  expect(reasonOf(await proxy.say(request))).toBe("address-refused");
  expect(dialled).toEqual([publicAddress]);
});

test("when the first address does not answer, only another checked one is tried", async () => {
  await using server = await httpServer((_, response) => {
    response.end("fine");
  });
  const dialled: string[] = [];
  await using proxy = bench({
    net,
    addresses: { "api.example.com": ["93.184.216.1", "93.184.216.2"] },
    dial: async ({ address }) => {
      dialled.push(address);
      if (address.endsWith(".1")) throw new Error("connect ECONNREFUSED");
      const { connectLocal } = await import("./harness.ts");
      return connectLocal(server.port);
    },
  });
  const answer = await proxy.say(
    "GET http://api.example.com/ HTTP/1.1\r\nHost: api.example.com\r\nConnection: close\r\n\r\n",
  );
  expect(statusOf(answer)).toBe(200);
  expect(dialled).toEqual(["93.184.216.1", "93.184.216.2"]);
});

test("what follows a refused request on its connection is not read as a request", async () => {
  const seen: unknown[] = [];
  await using server = await httpServer((request, response) => {
    seen.push(request.url);
    response.end();
  });
  await using proxy = bench({ net, ports: { 80: server.port } });
  const body = "GET http://api.example.com/smuggled HTTP/1.1\r\nHost: api.example.com\r\n\r\n";
  await proxy.say(
    `POST http://evil.com/ HTTP/1.1\r\nHost: evil.com\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n${body}`,
  );
  await proxy.say(
    `POST http://evil.com/ HTTP/1.1\r\nHost: evil.com\r\nContent-Length: 1000\r\n\r\n${body}`,
  );
  expect(seen).toEqual([]);
});

test("garbage behind a request does not get into its answer", async () => {
  await using server = await httpServer((_, response) => {
    response.writeHead(200, { "content-length": "1000" });
    response.write("begun");
  });
  await using proxy = bench({ net, ports: { 80: server.port } });
  const channel = proxy.open();
  channel.write("GET http://api.example.com/ HTTP/1.1\r\nHost: api.example.com\r\n\r\n");
  await until(channel, /begun/);
  const rest = readAll(channel);
  channel.write("garbage\r\n\r\n");
  expect(await rest).toBe("");
});

test("10,000 connections at once are bounded, answered, audited in few events, and all gone afterwards", async () => {
  await using server = await tcpServer(() => {});
  await using proxy = bench({ net, ports: { 443: server.port }, limits: { connections: 32 } });
  const answers = await Promise.all(
    Array.from({ length: 10_000 }, async (_, at) => {
      const channel = proxy.open();
      channel.write("CONNECT api.example.com:443 HTTP/1.1\r\n\r\n");
      if (at < 32) {
        setTimeout(() => channel.destroy(), 1_500);
        return readAll(channel);
      }
      return readAll(channel);
    }),
  );
  expect(answers.filter((answer) => statusOf(answer) === 429)).toHaveLength(10_000 - 32);
  expect(proxy.dials.length).toBeLessThanOrEqual(32);
  const turnedAway = proxy.events.filter(({ reason }) => reason === "too-many-connections");
  expect(turnedAway.length).toBeLessThan(20);
  await expect.poll(() => proxy.say("GET / HTTP/1.1\r\n\r\n").then(statusOf)).toBe(400);
}, 20_000);
