import { createWriteStream } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";

import { after, before, production, staging } from "./configs.ts";

/** The files that people attach in the demo. */
export interface DemoFiles {
  /** A rotated, compressed log of a service, and the live one: one incident runs across both. */
  readonly logs: readonly [rotated: string, live: string];
  readonly manifests: readonly [before: string, after: string];
  readonly environments: readonly [before: string, after: string];
}

/** Writes the demo's files: the same bytes each time, like what a small shop's services write. */
export async function writeDemoFiles(
  folder: string,
  { linesPerLog }: { readonly linesPerLog: number },
): Promise<DemoFiles> {
  await mkdir(folder, { recursive: true });
  const path = (name: string): string => join(folder, name);
  const files: DemoFiles = {
    logs: [path("checkout-api.log.1.gz"), path("checkout-api.log")],
    manifests: [path("checkout-v41.yaml"), path("checkout-v42.yaml")],
    environments: [path(".env.staging"), path(".env.production")],
  };
  const story = { lines: linesPerLog, reloadAt: linesPerLog - 400 };
  await pipeline(
    Readable.from(rotatedLog(story)),
    createGzip({ level: 1 }),
    createWriteStream(files.logs[0]),
  );
  await pipeline(Readable.from(liveLog(story)), createWriteStream(files.logs[1]));
  await Promise.all([
    writeFile(files.manifests[0], before),
    writeFile(files.manifests[1], after),
    writeFile(files.environments[0], staging),
    writeFile(files.environments[1], production),
  ]);
  return files;
}

interface Story {
  readonly lines: number;
  /** The line of the rotated log at which the configuration is reloaded. */
  readonly reloadAt: number;
}

/** A quiet morning, with the usual small trouble; shortly before its end somebody reloads the configuration. */
function* rotatedLog({ lines, reloadAt }: Story): Generator<string> {
  const random = seeded(41);
  for (let line = 0; line < lines; line += 1) {
    const at = start + (line * hour) / lines;
    if (line === reloadAt)
      yield entry(at, "info", "config reloaded", {
        file: "/etc/checkout/app.yaml",
        changed: "db.pool.max",
        from: 40,
        to: 4,
      });
    else yield usual(at, random);
  }
}

/** Minutes later the pool is empty; requests time out, and the gateway begins to answer with 503. */
function* liveLog({ lines }: Story): Generator<string> {
  const random = seeded(42);
  for (let line = 0; line < lines; line += 1) {
    const at = start + hour + (line * hour) / lines;
    const trouble = line < lines * 0.05 || line > lines * 0.7 ? 0 : 0.22;
    yield random() < trouble ? troubled(at, random) : usual(at, random);
  }
}

const start = Date.UTC(2026, 8, 14, 13, 0, 0);
const hour = 3_600_000;

function usual(at: number, random: () => number): string {
  const kind = random();
  const requestId = hex(random, 8);
  const duration = Math.round(8 + random() * 60);
  if (kind < 0.0004)
    return entry(at, "error", `card declined by issuer for order ${digits(random)}`, {
      requestId,
      code: "do_not_honor",
    });
  if (kind < 0.004)
    return entry(at, "warn", `slow query took ${900 + duration} ms`, {
      requestId,
      table: "order_lines",
    });
  if (kind < 0.2)
    return entry(at, "info", `cache refreshed in ${duration} ms`, {
      keys: Math.round(random() * 900),
    });
  const path = ["/cart", "/checkout", "/orders", "/health"][Math.floor(random() * 4)];
  return entry(at, "info", `GET ${path} 200 ${duration} ms`, { requestId, status: 200 });
}

function troubled(at: number, random: () => number): string {
  const requestId = hex(random, 8);
  const waiting = Math.round(20 + random() * 200);
  const kind = random();
  if (kind < 0.55)
    return entry(at, "error", "timeout acquiring connection from pool: 4 of 4 in use", {
      requestId,
      waiting,
      waitedMs: 5000,
      stack:
        "PoolTimeoutError: timeout acquiring connection from pool\n    at Pool.acquire (/srv/checkout/node_modules/pool/index.js:88:13)\n    at placeOrder (/srv/checkout/src/orders.js:41:19)",
    });
  if (kind < 0.9)
    return entry(at, "error", "POST /checkout 503 5003 ms", { requestId, status: 503 });
  return entry(at, "warn", `circuit breaker for orders-db half open, ${waiting} waiting`, {
    requestId,
  });
}

function entry(at: number, level: string, msg: string, fields: Record<string, unknown>): string {
  const time = new Date(at).toISOString();
  return `${JSON.stringify({ time, level, service: "checkout-api", msg, ...fields })}\n`;
}

const hex = (random: () => number, length: number): string =>
  Math.floor(random() * 16 ** length)
    .toString(16)
    .padStart(length, "0");

const digits = (random: () => number): number => 100_000 + Math.floor(random() * 900_000);

/** Mulberry32: small, quick, the same everywhere. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
