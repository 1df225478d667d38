import type { IncomingMessage, RequestListener } from "node:http";
import { createServer as createHttpsServer, request as httpsRequest } from "node:https";
import type { Duplex } from "node:stream";
import { connect as tlsConnect } from "node:tls";
import { gzipSync } from "node:zlib";

import { expect, test } from "vitest";

import { createCertificateAuthority } from "../../../src/sandbox/egress/certificates.ts";
import type { EgressSecret } from "../../../src/sandbox/egress/secrets.ts";
import {
  bench,
  httpServer,
  listening,
  reasonOf,
  statusOf,
  until,
  type Bench,
  type BenchOptions,
  type LocalServer,
} from "./harness.ts";

const upstreamAuthority = createCertificateAuthority({
  name: "upstream",
  now: Date.now(),
  lifetimeMs: 3_600_000,
});
const value = "ghp_0123456789abcdefSECRET";
const token: EgressSecret = {
  name: "github",
  hosts: ["api.example.com:443"],
  header: "Authorization",
  prefix: "Bearer ",
  value: () => value,
};

function httpsServer(listener: RequestListener, host = "api.example.com"): Promise<LocalServer> {
  const { cert, key } = upstreamAuthority.issue(host);
  return listening(createHttpsServer({ cert, key }, listener));
}

function secretBench(server: LocalServer, options: BenchOptions = {}): Bench {
  return bench({
    net: ["api.example.com:443", "other.example.com:443"],
    granted: ["github"],
    secrets: [token],
    caPath: "/etc/opsthread/ca.pem",
    upstreamCa: upstreamAuthority.certificate,
    ports: { 443: server.port, 80: server.port, 8080: server.port },
    ...options,
  });
}

interface Asked {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

async function tunnelled(proxy: Bench, host = "api.example.com"): Promise<Duplex> {
  const channel = proxy.open();
  channel.write(`CONNECT ${host}:443 HTTP/1.1\r\nHost: ${host}:443\r\n\r\n`);
  expect(statusOf(await until(channel, /\r\n\r\n/))).toBe(200);
  return tlsConnect({ socket: channel, servername: host, ca: proxy.egress.caCertificate });
}

interface AskOptions {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

async function ask(
  proxy: Bench,
  { path = "/", body, ...options }: AskOptions = {},
): Promise<Asked> {
  const socket = await tunnelled(proxy);
  return new Promise((resolve, reject) => {
    const request = httpsRequest(
      {
        host: "api.example.com",
        defaultPort: 443,
        path,
        createConnection: () => socket,
        ...options,
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk)).on("error", reject);
        response.on("end", () => {
          socket.destroy();
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks).toString(),
          });
        });
      },
    );
    request.on("error", reject).end(body);
  });
}

test("a granted secret is added to a request to its host, in the place of the client's own value", async () => {
  const seen: (string | undefined)[] = [];
  await using server = await httpsServer((request, response) => {
    seen.push(request.headers.authorization, request.headers.host, request.url);
    response.end("fine");
  });
  await using proxy = secretBench(server);
  const answer = await ask(proxy, {
    path: "/repos?q=1",
    headers: { authorization: "Bearer mine" },
  });
  expect(answer).toMatchObject({ status: 200, body: "fine" });
  expect(seen).toEqual([`Bearer ${value}`, "api.example.com", "/repos?q=1"]);
  await proxy.egress[Symbol.asyncDispose]();
  const request = proxy.events.find(({ type }) => type === "request");
  expect(request).toMatchObject({
    method: "GET",
    path: "/repos",
    host: "api.example.com",
    port: 443,
    secrets: ["github"],
    status: 200,
  });
  expect(JSON.stringify(proxy.events)).not.toContain(value);
});

test("a body and its answer stream through, and a connection serves several requests", async () => {
  await using server = await httpsServer((request, response) => {
    request.pipe(response);
  });
  await using proxy = secretBench(server);
  const socket = await tunnelled(proxy);
  for (const word of ["first", "second"]) {
    socket.write(
      `POST / HTTP/1.1\r\nHost: api.example.com\r\nContent-Length: ${word.length}\r\n\r\n${word}`,
    );
    expect(await until(socket, new RegExp(word))).toMatch(/^HTTP\/1\.1 200/);
  }
  socket.destroy();
});

test("an echo of the secret is masked in headers and body, in every form and across chunks", async () => {
  await using server = await httpsServer((request, response) => {
    const header = request.headers.authorization ?? "";
    const base64 = Buffer.from(value).toString("base64");
    response.writeHead(200, `OK ${value}`, {
      "x-echo": header,
      "set-cookie": [`a=${value}`, "b=2"],
    });
    response.write(`plain ${header} base64 ${base64} split ${value.slice(0, 9)}`);
    setImmediate(() => response.end(`${value.slice(9)} end`));
  });
  await using proxy = secretBench(server);
  const answer = await ask(proxy);
  expect(answer.headers["x-echo"]).toBe(`Bearer ${"*".repeat(value.length)}`);
  expect(answer.headers["set-cookie"]).toEqual([`a=${"*".repeat(value.length)}`, "b=2"]);
  const stars = "*".repeat(value.length);
  const stars64 = "*".repeat(Buffer.from(value).toString("base64").replace(/=+$/, "").length);
  expect(answer.body.replace(/\*=* split/, "* split")).toBe(
    `plain Bearer ${stars} base64 ${stars64} split ${stars} end`,
  );
});

test("the server is asked for a plain, whole answer; a compressed one is not passed on", async () => {
  const seen: Record<string, unknown>[] = [];
  await using server = await httpsServer((request, response) => {
    seen.push({ ...request.headers });
    response.setHeader("content-encoding", "gzip");
    response.end(gzipSync(request.headers.authorization ?? ""));
  });
  await using proxy = secretBench(server);
  const answer = await ask(proxy, { headers: { "accept-encoding": "gzip", range: "bytes=0-5" } });
  expect(seen[0]).toMatchObject({ "accept-encoding": "identity" });
  expect(seen[0]).not.toHaveProperty("range");
  expect(answer.status).toBe(502);
  expect(answer.headers["x-opsthread-refused"]).toBe("encoded-response");
});

test("TRACE, which echoes by design, is refused", async () => {
  await using server = await httpsServer((_, response) => {
    response.end();
  });
  await using proxy = secretBench(server);
  expect((await ask(proxy, { method: "TRACE" })).status).toBe(501);
});

test("a secret that is not granted is not added, and its host's tunnel is not read", async () => {
  const seen: (string | undefined)[] = [];
  await using server = await httpsServer((request, response) => {
    seen.push(request.headers.authorization);
    response.end();
  });
  await using proxy = secretBench(server, { granted: [] });
  const channel = proxy.open();
  channel.write("CONNECT api.example.com:443 HTTP/1.1\r\n\r\n");
  await until(channel, /\r\n\r\n/);
  const tls = tlsConnect({
    socket: channel,
    servername: "api.example.com",
    ca: upstreamAuthority.certificate,
  });
  tls.write("GET / HTTP/1.1\r\nHost: api.example.com\r\nConnection: close\r\n\r\n");
  expect(statusOf(await until(tls, /\r\n\r\n/))).toBe(200);
  expect(seen).toEqual([undefined]);
  tls.destroy();
});

test("a host without a secret is never intercepted while another has one", async () => {
  await using server = await httpsServer((_, response) => {
    response.end("theirs");
  }, "other.example.com");
  await using proxy = secretBench(server);
  const channel = proxy.open();
  channel.write("CONNECT other.example.com:443 HTTP/1.1\r\n\r\n");
  await until(channel, /\r\n\r\n/);
  const tls = tlsConnect({
    socket: channel,
    servername: "other.example.com",
    ca: upstreamAuthority.certificate,
  });
  tls.write("GET / HTTP/1.1\r\nHost: other.example.com\r\nConnection: close\r\n\r\n");
  expect(await until(tls, /theirs/)).toMatch(/200/);
  tls.destroy();
});

test("a request inside of an intercepted tunnel can go to no other host", async () => {
  const seen: unknown[] = [];
  await using server = await httpsServer((request, response) => {
    seen.push(request.headers);
    response.end();
  });
  await using proxy = secretBench(server);
  for (const request of [
    "GET / HTTP/1.1\r\nHost: other.example.com\r\n\r\n",
    "GET https://api.example.com/ HTTP/1.1\r\nHost: api.example.com\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: api.example.com:444\r\n\r\n",
    "CONNECT other.example.com:443 HTTP/1.1\r\n\r\n",
  ]) {
    const socket = await tunnelled(proxy);
    socket.write(request);
    expect(statusOf(await until(socket, /\r\n\r\n/))).toBe(400);
    socket.destroy();
  }
  expect(seen).toEqual([]);
});

test("a secret of https is not sent in the clear", async () => {
  const seen: unknown[] = [];
  await using server = await httpServer((request, response) => {
    seen.push(request.headers);
    response.end();
  });
  await using proxy = secretBench(server, {
    net: ["api.example.com:443", "api.example.com:8080"],
    secrets: [{ ...token, hosts: ["api.example.com:443", "api.example.com:8080"] }],
  });
  const plain = await proxy.say(
    "GET http://api.example.com:8080/ HTTP/1.1\r\nHost: api.example.com:8080\r\n\r\n",
  );
  expect(reasonOf(plain)).toBe("secret-scheme");
  const port443 = await proxy.say(
    "GET http://api.example.com:443/ HTTP/1.1\r\nHost: api.example.com:443\r\n\r\n",
  );
  expect(statusOf(port443)).toBe(400);
  const inTunnel = proxy.open();
  inTunnel.write(
    "CONNECT api.example.com:8080 HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\nHost: api.example.com:8080\r\n\r\n",
  );
  expect(await until(inTunnel, /refused: [a-z-]+/)).toMatch(/refused: secret-scheme/);
  inTunnel.destroy();
  expect(seen).toEqual([]);
  expect(proxy.dials).toEqual([]);
});

test("a secret for a plain host is added to a proxy request and in a tunnel", async () => {
  const seen: (string | string[] | undefined)[] = [];
  await using server = await httpServer((request, response) => {
    seen.push(request.headers["x-key"]);
    response.end("fine");
  });
  await using proxy = secretBench(server, {
    net: ["api.example.com:80", "api.example.com:8080"],
    secrets: [
      {
        ...token,
        header: "x-key",
        prefix: "",
        hosts: ["api.example.com:80", "http://api.example.com:8080"],
      },
    ],
  });
  await proxy.say(
    "GET http://api.example.com/ HTTP/1.1\r\nHost: api.example.com\r\nX-Key: mine\r\nX-KEY: mine too\r\nConnection: close\r\n\r\n",
  );
  const channel = proxy.open();
  channel.write(
    "CONNECT api.example.com:8080 HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\nHost: api.example.com:8080\r\n\r\n",
  );
  await until(channel, /fine/);
  channel.destroy();
  expect(seen).toEqual([value, value]);
  expect(proxy.egress.caCertificate).toBeUndefined();
});

test.each([
  [
    "of an authority that is not trusted",
    {
      upstreamCa: createCertificateAuthority({ name: "x", now: Date.now(), lifetimeMs: 1e6 })
        .certificate,
    },
    "api.example.com",
  ],
  ["for another host", {}, "evil.example.com"],
])("a server with a certificate %s gets no secret", async (_, options, host) => {
  const seen: unknown[] = [];
  await using server = await httpsServer((request, response) => {
    seen.push(request.headers);
    response.end();
  }, host);
  await using proxy = secretBench(server, options);
  const answer = await ask(proxy);
  expect(answer.status).toBe(502);
  expect(answer.headers["x-opsthread-refused"]).toBe("tls-failed");
  expect(seen).toEqual([]);
});

test.each([
  ["throws with itself", () => Promise.reject(new Error(`no ${value}`))],
  ["is empty", () => ""],
  ["has a line break", () => `${value}\r\nx: y`],
])("a value that %s is not sent, and not told", async (_, source) => {
  await using server = await httpsServer((_request, response) => {
    response.end();
  });
  await using proxy = secretBench(server, { secrets: [{ ...token, value: source }] });
  const answer = await ask(proxy);
  expect(answer.headers["x-opsthread-refused"]).toBe("secret-unavailable");
  expect(JSON.stringify([answer, proxy.events])).not.toContain(value);
  expect(proxy.dials).toEqual([]);
});

test("a secret in a path is not audited", async () => {
  await using server = await httpsServer((_, response) => {
    response.end();
  });
  await using proxy = secretBench(server);
  await ask(proxy, { path: `/x/${value}/y` });
  await proxy.egress[Symbol.asyncDispose]();
  expect(JSON.stringify(proxy.events)).not.toContain(value);
});

test("a client that names another server, or does not trust the authority, is told by TLS and audited", async () => {
  await using server = await httpsServer((_, response) => {
    response.end();
  });
  await using proxy = secretBench(server);
  for (const [servername, reason] of [
    ["other.example.com", "server-name"],
    ["api.example.com", "tls-failed"],
  ]) {
    const channel = proxy.open();
    channel.write("CONNECT api.example.com:443 HTTP/1.1\r\n\r\n");
    await until(channel, /\r\n\r\n/);
    const tls = tlsConnect({ socket: channel, servername: servername ?? "" });
    await new Promise((resolve) => {
      tls.once("error", resolve);
    });
    tls.destroy();
    channel.destroy();
    await expect.poll(() => proxy.events.at(-1)).toMatchObject({ reason });
  }
  expect(proxy.dials).toEqual([]);
});

test("env() names the proxy, and the authorities' file only when there is an authority", async () => {
  await using server = await httpServer(() => {});
  await using proxy = secretBench(server);
  expect(proxy.egress.env(3128)).toMatchObject({
    HTTPS_PROXY: "http://127.0.0.1:3128",
    http_proxy: "http://127.0.0.1:3128",
    NO_PROXY: "localhost,127.0.0.1,::1",
    SSL_CERT_FILE: "/etc/opsthread/ca.pem",
    NODE_EXTRA_CA_CERTS: "/etc/opsthread/ca.pem",
  });
  expect(proxy.egress.caBundle("SYSTEM\n")).toBe(`SYSTEM\n${proxy.egress.caCertificate}`);
  await using none = bench({});
  expect(none.egress.env(3128)).not.toHaveProperty("SSL_CERT_FILE");
  expect(none.egress.caBundle("SYSTEM")).toBeUndefined();
});

test.each([
  ["a wildcard", { hosts: ["*.example.com:443"] }],
  ["no host", { hosts: [] }],
  ["plain http on 443", { hosts: ["http://a.example:443"] }],
  ["a header of the proxy's own", { header: "Host" }],
  ["a header that is none", { header: "a b" }],
])("a secret with %s is refused when it is configured", (_, change) => {
  expect(() => bench({ secrets: [{ ...token, ...change }] })).toThrow(
    /Cannot use the secret "github"/,
  );
});
