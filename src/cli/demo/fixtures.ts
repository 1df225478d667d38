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
  const [rotated, live] = [quietHour(linesPerLog), incidentHour(linesPerLog)].map((lines) =>
    Readable.from(inChunks(lines)),
  );
  if (rotated) await pipeline(rotated, createGzip({ level: 1 }), createWriteStream(files.logs[0]));
  if (live) await pipeline(live, createWriteStream(files.logs[1]));
  await Promise.all([
    writeFile(files.manifests[0], before),
    writeFile(files.manifests[1], after),
    writeFile(files.environments[0], staging),
    writeFile(files.environments[1], production),
  ]);
  return files;
}

/** A quiet hour, with the usual small trouble. */
function* quietHour(lines: number): Generator<string> {
  const random = seeded(41);
  for (let line = 0; line < lines; line += 1) yield usual(start + (line * hour) / lines, random);
}

/**
 * The hour after it. Somebody reloads the configuration with a pool of 4 connections instead of 40; the pool is empty at
 * once, requests time out, and the gateway answers with 503 until the configuration is put back.
 */
function* incidentHour(lines: number): Generator<string> {
  const random = seeded(42);
  const reload = Math.floor(lines * 0.05);
  const restored = Math.floor(lines * 0.7);
  for (let line = 0; line < lines; line += 1) {
    const at = start + hour + (line * hour) / lines;
    if (line === reload) yield reloaded(at, 40, 4);
    else if (line === reload + 2) yield poolTimeout(at, random);
    else if (line === restored) yield reloaded(at, 4, 40);
    else if (line > reload + 2 && line < restored && random() < 0.22) yield troubled(at, random);
    else yield usual(at, random);
  }
}

/** Writing line by line would take longer than everything else. */
function* inChunks(lines: Iterable<string>): Generator<string> {
  let chunk = "";
  for (const line of lines) {
    chunk += line;
    if (chunk.length < 65_536) continue;
    yield chunk;
    chunk = "";
  }
  yield chunk;
}

const start = Date.UTC(2026, 8, 14, 13, 0, 0);
const hour = 3_600_000;

function usual(at: number, random: () => number): string {
  const kind = random();
  const requestId = hex(random, 8);
  const duration = Math.round(8 + random() * 60);
  if (kind < 0.0004)
    return entry(at, "warn", `card declined by issuer for order ${digits(random)}`, {
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
  const kind = random();
  if (kind < 0.55) return poolTimeout(at, random);
  if (kind < 0.9)
    return entry(at, "error", "POST /checkout 503 5003 ms", { requestId, status: 503 });
  const waiting = Math.round(20 + random() * 200);
  return entry(at, "warn", `circuit breaker for orders-db half open, ${waiting} waiting`, {
    requestId,
  });
}

function poolTimeout(at: number, random: () => number): string {
  return entry(at, "error", "timeout acquiring connection from pool: 4 of 4 in use", {
    requestId: hex(random, 8),
    waiting: Math.round(20 + random() * 200),
    waitedMs: 5000,
    stack:
      "PoolTimeoutError: timeout acquiring connection from pool\n    at Pool.acquire (/srv/checkout/node_modules/pool/index.js:88:13)\n    at placeOrder (/srv/checkout/src/orders.js:41:19)",
  });
}

const reloaded = (at: number, from: number, to: number): string =>
  entry(at, "info", "config reloaded", {
    file: "/etc/checkout/app.yaml",
    changed: "db.pool.max",
    from,
    to,
  });

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
