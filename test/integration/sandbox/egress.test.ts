import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createHttpsServer } from "node:https";
import { createServer as createTcpServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import fc from "fast-check";
import { afterAll, expect, test } from "vitest";

import { createCertificateAuthority } from "../../../src/sandbox/egress/certificates.ts";
import { canonicalHost } from "../../../src/sandbox/egress/host-name.ts";
import {
  bench,
  httpServer,
  listening,
  type Bench,
  type BenchOptions,
  type LocalServer,
} from "../../sandbox/egress/harness.ts";

const run = promisify(execFile);
const has = (program: string, ...args: string[]): boolean => spawnSync(program, args).status === 0;
const folder = mkdtempSync(join(tmpdir(), "opsthread-egress-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const upstreamAuthority = createCertificateAuthority({
  name: "upstream",
  now: Date.now(),
  lifetimeMs: 3_600_000,
});
const secretValue = "s3cr3t-0123456789abcdef";
const big = 20 * 1024 * 1024;

interface Stage extends AsyncDisposable {
  readonly proxy: Bench;
  readonly env: Record<string, string>;
  readonly received: (string | undefined)[];
}

/** A proxy behind a TCP port, servers behind it, and the environment that a sandbox would have. */
async function stage(options: BenchOptions = {}): Promise<Stage> {
  const received: (string | undefined)[] = [];
  const { cert, key } = upstreamAuthority.issue("api.example.com");
  const secure = await listening(
    createHttpsServer({ cert, key }, (request, response) => {
      received.push(request.headers.authorization);
      if (request.url === "/big") response.end(Buffer.alloc(big, "x"));
      else if (request.method === "POST") request.pipe(response);
      else response.end(`secure ${request.headers.authorization ?? "none"}\n`);
    }),
  );
  const plain = await httpServer((request, response) => {
    response.end(`plain ${request.headers.host}\n`);
  });
  const caPath = join(folder, `${Math.random()}.pem`);
  const proxy = bench({
    net: ["api.example.com:443", "plain.example.com:80"],
    ports: { 443: secure.port, 80: plain.port },
    secrets: [
      {
        name: "token",
        hosts: ["api.example.com:443"],
        header: "authorization",
        prefix: "Bearer ",
        value: () => secretValue,
      },
    ],
    upstreamCa: upstreamAuthority.certificate,
    caPath,
    ...options,
  });
  writeFileSync(caPath, proxy.egress.caBundle(upstreamAuthority.certificate) ?? "");
  const front: LocalServer = await listening(
    createTcpServer({ allowHalfOpen: true }, (socket) => proxy.egress.connect(socket)),
  );
  return {
    proxy,
    received,
    env: { ...proxy.egress.env(front.port), PATH: process.env["PATH"] ?? "", HOME: folder },
    async [Symbol.asyncDispose]() {
      await proxy.egress[Symbol.asyncDispose]();
      await Promise.all([front, secure, plain].map((server) => server[Symbol.asyncDispose]()));
    },
  };
}

const curl = has("curl", "--version");
if (!curl) process.stdout.write("Skipped: curl is not installed\n");

test.runIf(curl)(
  "curl reaches a granted host by http, and by https in a tunnel that is not read",
  async () => {
    await using s = await stage();
    const { env } = s;
    expect((await run("curl", ["-sS", "http://plain.example.com/"], { env })).stdout).toBe(
      "plain plain.example.com\n",
    );
    expect((await run("curl", ["-sS", "https://api.example.com/"], { env })).stdout).toBe(
      "secure none\n",
    );
    const body = "y".repeat(300_000);
    writeFileSync(join(folder, "body"), body);
    const echoed = await run(
      "curl",
      ["-sS", "--data-binary", `@${join(folder, "body")}`, "https://api.example.com/"],
      { env },
    );
    expect(echoed.stdout).toBe(body);
  },
);

test.runIf(curl)("curl gets a secret added and never sees it", async () => {
  await using s = await stage({ granted: ["token"] });
  const { stdout } = await run(
    "curl",
    ["-sS", "-H", "Authorization: Bearer mine", "https://api.example.com/"],
    { env: s.env },
  );
  expect(s.received).toEqual([`Bearer ${secretValue}`]);
  expect(stdout).toBe(`secure Bearer ${"*".repeat(secretValue.length)}\n`);
  const bytes = await run(
    "curl",
    ["-sS", "-o", "/dev/null", "-w", "%{size_download}", "https://api.example.com/big"],
    { env: s.env },
  );
  expect(Number(bytes.stdout)).toBe(big);
  const posted = await run(
    "curl",
    ["-sS", "-H", "Transfer-Encoding: chunked", "-d", "hello", "https://api.example.com/"],
    { env: s.env },
  );
  expect(posted.stdout).toBe("hello");
});

test.runIf(curl)("curl is told why a host is refused", async () => {
  await using s = await stage();
  const plain = await run("curl", ["-sS", "http://evil.example/"], { env: s.env });
  expect(plain.stdout).toBe(
    "opsthread: evil.example:80 is not granted; ask for it with request_access\n",
  );
  const tunnelled = await run("curl", ["-sS", "-v", "https://evil.example/"], { env: s.env }).catch(
    (error: { stderr: string }) => error,
  );
  expect(tunnelled.stderr).toMatch(/403 Not Granted Ask With request_access/);
  expect(s.proxy.dials).toEqual([]);
});

const program = `
  const { ProxyAgent, fetch } = await import(process.env.UNDICI);
  const dispatcher = new ProxyAgent(process.env.HTTPS_PROXY);
  const urls = ["https://api.example.com/", "https://api.example.com/", "http://plain.example.com/"];
  for (const url of urls) {
    const answer = await fetch(url, { dispatcher });
    process.stdout.write(answer.status + " " + await answer.text());
  }
  const refused = await fetch("https://evil.example/", { dispatcher }).catch((error) => error.cause.message);
  process.stdout.write(String(refused));
  process.exit(0);
`;

test("undici goes through with a secret, also for plain http, which it tunnels", async () => {
  await using s = await stage({ granted: ["token"] });
  const { stdout } = await run(process.execPath, ["--input-type=module", "-e", program], {
    env: { ...s.env, UNDICI: import.meta.resolve("undici") },
  });
  const stars = "*".repeat(secretValue.length);
  const [first, second, plain, refused] = stdout.split("\n");
  expect([first, second]).toEqual(Array(2).fill(`200 secure Bearer ${stars}`));
  expect(plain).toBe("200 plain plain.example.com");
  expect(refused).toMatch(/403|cancelled/);
});

const canSeparate = process.getuid?.() === 0 && has("unshare", "--net", "true") && has("ip", "-V");
if (!canSeparate) process.stdout.write("Skipped: a network namespace needs root and iproute2\n");

test.runIf(canSeparate)(
  "in a network where they exist, a metadata service and a private host are not dialled",
  async () => {
    const script = join(import.meta.dirname, "egress-namespace.mjs");
    const { stdout } = await run("unshare", ["--net", process.execPath, script]);
    const { statuses, afterStrict, afterOpened, control } = JSON.parse(stdout);
    expect(statuses).toEqual({
      "metadata.example:80": 403,
      "private.example:80": 403,
      "mapped.example:80": 403,
      "169.254.169.254:80": 403,
      "10.11.12.13:80": 403,
      "public.example:80": 200,
      own: 403,
      opened: 200,
    });
    expect(afterStrict).toEqual({ "169.254.169.254": 0, "10.11.12.13": 0, "93.184.216.34": 1 });
    expect(afterOpened).toEqual({ "169.254.169.254": 0, "10.11.12.13": 1, "93.184.216.34": 1 });
    expect(control["169.254.169.254"]).toBe(1);
  },
);

const resolver = `
import json, socket, sys
def numeric(host):
    try:
        return sorted({entry[4][0] for entry in socket.getaddrinfo(host, 80, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)})
    except (OSError, UnicodeError, ValueError):
        return None
print(json.dumps([numeric(host) for host in json.load(sys.stdin)]))
`;
const python = has("python3", "-c", "import socket");
if (!python)
  process.stdout.write("Skipped: python3, by which getaddrinfo is asked, is not installed\n");

test.runIf(python)(
  "an accepted name is an address to getaddrinfo only when it is one here, and the same",
  () => {
    const parts = fc.constantFrom(
      "0",
      "1",
      "7",
      "8",
      "08",
      "010",
      "127",
      "255",
      "256",
      "0x7f",
      "0x",
      "0xg",
      "a",
      "x",
      ".",
      ".",
      ".",
      "-",
      "_",
      "::",
      "[",
      "]",
      "ffff",
      "%1",
    );
    const texts = fc.sample(
      fc.oneof(
        fc.array(parts, { maxLength: 9 }).map((some) => some.join("")),
        fc.ipV4Extended(),
        fc.ipV6().map((address) => `[${address}]`),
      ),
      20_000,
    );
    const hosts = [...new Set(texts.map(canonicalHost).filter((host) => typeof host === "string"))];
    expect(hosts.length).toBeGreaterThan(3_000);
    const { stdout } = spawnSync("python3", ["-c", resolver], {
      input: JSON.stringify(hosts),
      encoding: "utf8",
      maxBuffer: 1e8,
    });
    const answers = JSON.parse(stdout) as (string[] | null)[];
    const wrong = hosts.filter((host, at) => {
      const [answer] = answers[at] ?? [];
      const isAddress = /^[0-9.]+$/.test(host) || host.includes(":");
      const same = answer?.includes(":") ? canonicalHost(`[${answer}]`) : answer;
      return isAddress ? same !== host : answer !== undefined;
    });
    expect(wrong).toEqual([]);
  },
);
