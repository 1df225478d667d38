import type { Duplex } from "node:stream";
import { connect as tlsConnect, createServer as createTlsServer } from "node:tls";

import { expect, test } from "vitest";

import { createCertificateAuthority } from "../../../src/sandbox/egress/certificates.ts";
import {
  bench,
  channelPair,
  listening,
  readAll,
  reasonOf,
  statusOf,
  tcpServer,
  until,
  type Bench,
  type LocalServer,
} from "./harness.ts";

const authority = createCertificateAuthority({
  name: "test",
  now: Date.now(),
  lifetimeMs: 3_600_000,
});

function tlsServer(
  host: string,
  onData: (text: string, socket: Duplex) => void,
): Promise<LocalServer> {
  const { cert, key } = authority.issue(host);
  return listening(
    createTlsServer({ cert, key, ALPNProtocols: ["h2", "http/1.1"] }, (socket) => {
      socket.on("error", () => {});
      socket.on("data", (data: Buffer) => onData(data.toString(), socket));
    }),
  );
}

async function connected(proxy: Bench, endpoint: string): Promise<Duplex> {
  const channel = proxy.open();
  channel.write(`CONNECT ${endpoint} HTTP/1.1\r\nHost: ${endpoint}\r\n\r\n`);
  expect(statusOf(await until(channel, /\r\n\r\n/))).toBe(200);
  return channel;
}

const secure = (socket: Duplex, servername: string, ALPNProtocols = ["h2"]) =>
  tlsConnect({ socket, servername, ALPNProtocols, ca: authority.certificate }).on(
    "error",
    () => {},
  );

test("TLS to the granted host goes through unread, whatever is spoken in it", async () => {
  await using server = await tlsServer("a.example", (text, socket) => socket.end(`saw ${text}`));
  await using proxy = bench({ net: ["a.example:443"], ports: { 443: server.port } });
  const tls = secure(await connected(proxy, "a.example:443"), "a.example");
  tls.write("PRI * HTTP/2.0");
  expect(await readAll(tls)).toBe("saw PRI * HTTP/2.0");
  expect(tls.alpnProtocol).toBe("h2");
  tls.destroy();
  await expect
    .poll(() => proxy.events.map(({ type }) => type))
    .toEqual(["tunnel-opened", "tunnel-ended"]);
  expect(proxy.events[1]).toMatchObject({
    method: "CONNECT",
    host: "a.example",
    port: 443,
    decision: "allowed",
    status: 200,
  });
  expect(proxy.events[1]?.bytesUp).toBeGreaterThan(200);
  expect(proxy.events[1]?.bytesDown).toBeGreaterThan(500);
});

test.each(["evil.example", "sub.a.example", ""])(
  "TLS that names the server %j in a tunnel to another is refused",
  async (name) => {
    let reached = 0;
    await using server = await tcpServer((socket) => {
      socket.on("data", () => {
        reached += 1;
      });
    });
    await using proxy = bench({
      net: ["a.example:443", "evil.example:443"],
      ports: { 443: server.port },
    });
    const tls = secure(await connected(proxy, "a.example:443"), name);
    const error = await new Promise<Error>((resolve) => {
      tls.once("error", resolve);
    });
    expect(error.message).toMatch(/unrecognized name/i);
    await expect
      .poll(() => proxy.events.at(-1))
      .toMatchObject({ decision: "refused", reason: "server-name" });
    expect(reached).toBe(0);
  },
);

test("an address that is granted needs no server name", async () => {
  await using server = await tlsServer("93.184.216.34", (text, socket) => socket.end(text));
  await using proxy = bench({ net: ["93.184.216.34:443"], ports: { 443: server.port } });
  const socket = await connected(proxy, "93.184.216.34:443");
  const tls = tlsConnect({ socket, host: "93.184.216.34", ca: authority.certificate });
  tls.write("hello");
  expect(await readAll(tls)).toBe("hello");
  expect(proxy.lookups).toEqual([]);
});

test("what is not TLS is refused on port 443", async () => {
  let reached = 0;
  await using server = await tcpServer((socket) => {
    socket.on("data", () => {
      reached += 1;
    });
  });
  await using proxy = bench({ net: ["a.example:443"], ports: { 443: server.port } });
  const channel = await connected(proxy, "a.example:443");
  channel.write("GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n");
  expect(reasonOf(await readAll(channel))).toBe("not-tls");
  expect(reached).toBe(0);
});

test("on another port the server may speak first, and no TLS is needed", async () => {
  await using server = await tcpServer((socket) => {
    socket.write("SSH-2.0-server\r\n");
    socket.once("data", (data: Buffer) => socket.end(`saw ${data.toString()}`));
  });
  await using proxy = bench({ net: ["a.example:22"], ports: { 22: server.port } });
  const channel = await connected(proxy, "a.example:22");
  await until(channel, /SSH-2\.0-server/);
  channel.write("SSH-2.0-client\r\n");
  expect(await readAll(channel)).toMatch(/saw SSH-2\.0-client/);
});

test("TLS on another port must name the granted host as well", async () => {
  await using server = await tcpServer(() => {});
  await using proxy = bench({ net: ["a.example:8443"], ports: { 8443: server.port } });
  const tls = secure(await connected(proxy, "a.example:8443"), "evil.example");
  await new Promise((resolve) => {
    tls.once("error", resolve);
  });
  await expect.poll(() => proxy.events.at(-1)).toMatchObject({ reason: "server-name" });
});

test("what the client sends together with CONNECT is not lost", async () => {
  await using server = await tcpServer((socket) => {
    socket.once("data", (data: Buffer) => socket.end(`saw ${data.toString()}`));
  });
  await using proxy = bench({ net: ["a.example:5000"], ports: { 5000: server.port } });
  expect(await proxy.say("CONNECT a.example:5000 HTTP/1.1\r\n\r\nearly")).toMatch(/saw early/);
});

test("the server may go on after the client has ended its direction", async () => {
  await using server = await tcpServer((socket) => {
    socket.resume().once("end", () => socket.end("late answer"));
  });
  await using proxy = bench({ net: ["a.example:5000"], ports: { 5000: server.port } });
  const channel = await connected(proxy, "a.example:5000");
  channel.end("question");
  expect(await readAll(channel)).toBe("late answer");
});

test("the client may go on after the server has ended its direction", async () => {
  const got: Promise<string>[] = [];
  await using server = await tcpServer((socket) => {
    socket.end("all of it");
    got.push(readAll(socket));
  });
  await using proxy = bench({ net: ["a.example:5000"], ports: { 5000: server.port } });
  const channel = await connected(proxy, "a.example:5000");
  expect(await until(channel, /all of it/)).toBe("all of it");
  channel.end("late words");
  expect(await Promise.all(got)).toEqual(["late words"]);
});

test.each([
  ["a host that is not granted", "b.example:443", "not-granted"],
  ["a port that is not granted", "a.example:8443", "not-granted"],
  ["user information", "x@a.example:443", "bad-name"],
  ["a URL", "http://a.example:443/", "bad-name"],
  ["no port", "a.example", "bad-name"],
])("CONNECT to %s is refused before anything is dialled", async (_, endpoint, reason) => {
  await using proxy = bench({ net: ["a.example:443"] });
  const answer = await proxy.say(`CONNECT ${endpoint} HTTP/1.1\r\n\r\n`);
  expect(reasonOf(answer)).toBe(reason);
  expect(proxy.dials).toEqual([]);
});

test("CONNECT with another Host, two of them, or a body is refused", async () => {
  await using proxy = bench({ net: ["a.example:443"] });
  for (const headers of [
    "Host: b.example:443\r\n",
    "Host: a.example\r\nHost: a.example\r\n",
    "Content-Length: 3\r\n",
  ])
    expect(statusOf(await proxy.say(`CONNECT a.example:443 HTTP/1.1\r\n${headers}\r\n`))).toBe(400);
  expect(proxy.dials).toEqual([]);
});

test("update() closes the open tunnels of a host that is granted no more, and no others", async () => {
  await using server = await tcpServer((socket) => void socket.resume().write("ready"));
  await using proxy = bench({
    net: ["a.example:5000", "b.example:5000"],
    ports: { 5000: server.port },
  });
  const gone = await connected(proxy, "a.example:5000");
  const kept = await connected(proxy, "b.example:5000");
  const end = readAll(gone);
  proxy.egress.update({ net: ["b.example:5000"], secrets: [] });
  await end;
  expect(kept.destroyed).toBe(false);
  expect(proxy.events.at(-1)).toMatchObject({
    host: "a.example",
    decision: "refused",
    reason: "withdrawn",
  });
  await expect
    .poll(() => [...server.sockets].filter(({ readableEnded }) => readableEnded).length)
    .toBe(1);
});

test("a tunnel in which nothing moves is closed", async () => {
  await using server = await tcpServer(() => {});
  await using proxy = bench({
    net: ["a.example:5000"],
    ports: { 5000: server.port },
    limits: { idleMs: 60 },
  });
  await readAll(await connected(proxy, "a.example:5000"));
  expect(proxy.events.at(-1)).toMatchObject({ reason: "idle", decision: "failed" });
});

test("channelPair() is a connection as the supervisor's", async () => {
  const [one, other] = channelPair();
  one.end("word");
  expect(await until(other, /word/)).toBe("word");
  other.end("answer");
  expect(await readAll(one)).toBe("answer");
});
