import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { type Logger, silentLogger } from "../../src/core/logger.ts";
import { noTracer, type Tracer } from "../../src/core/trace.ts";
import { readSpans } from "../../src/observe/read-spans.ts";
import { recordSpans } from "../../src/observe/record-spans.ts";
import type { SpanRecord } from "../../src/observe/span-record.ts";
import {
  type TraceFiles,
  traceFiles,
  type TraceFilesOptions,
} from "../../src/observe/trace-files.ts";
import { type ManualClock, manualClock } from "../../src/testing/manual-clock.ts";

const day = 86_400_000;
const noon = Date.UTC(2031, 11, 24, 12);
let parent: string;
let folder: string;
let clock: ManualClock;
let warnings: string[];
let files: TraceFiles;
let tracer: Tracer;

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), "opsthread-traces-"));
  folder = join(parent, "traces");
  clock = manualClock(noon);
  warnings = [];
});
afterEach(async () => {
  await files[Symbol.asyncDispose]();
  rmSync(parent, { recursive: true });
});

const log: Logger = { ...silentLogger, warn: (_data, message) => void warnings.push(message) };

function open(options: Partial<TraceFilesOptions> = {}): void {
  files = traceFiles({ folder, redact: (text) => text, clock, log, ...options });
  tracer = recordSpans({ inner: noTracer, sink: files, content: true, clock });
}

/** Ends what is open, and begins anew on the same folder, as a process that is started again. */
async function reopen(options: Partial<TraceFilesOptions> = {}): Promise<void> {
  await files[Symbol.asyncDispose]();
  open(options);
}

async function written(texts: readonly string[] = ["{"]): Promise<readonly SpanRecord[]> {
  const { signal } = new AbortController();
  const spans: SpanRecord[] = [];
  for await (const span of readSpans(folder, { texts, signal })) spans.push(span);
  return spans;
}

const spanOf = (facts: Record<string, string | number> = {}): void =>
  tracer.start("step", facts)[Symbol.dispose]();
const sizes = (): readonly number[] =>
  readdirSync(folder).map((name) => statSync(join(folder, name)).size);

test("an ended span is a line of JSON in the file of its day, for this user only", async () => {
  open();
  using span = tracer.start("turn", { session: "s_1", turn: 2 }, { links: ["00-a-b-01"] });
  span.event("note", { n: 1 });
  span.content(() => ({ result: "said" }));
  await clock.advance(30);
  span.fail("MODEL_FAILED", "It said no");
  span[Symbol.dispose]();
  await reopen();
  expect(readdirSync(folder)).toEqual(["2031-12-24.jsonl"]);
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  expect(statSync(join(folder, "2031-12-24.jsonl")).mode & 0o777).toBe(0o600);
  expect(JSON.parse(readFileSync(join(folder, "2031-12-24.jsonl"), "utf8"))).toEqual({
    v: 1,
    traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
    spanId: expect.stringMatching(/^[0-9a-f]{16}$/),
    name: "turn",
    startedAt: noon,
    ms: 30,
    status: "failed",
    error: { type: "MODEL_FAILED", message: "It said no" },
    facts: { session: "s_1", turn: 2 },
    events: [{ name: "note", at: 0, facts: { n: 1 } }],
    links: ["00-a-b-01"],
    content: { result: "said" },
  });
});

test("what is still open after a moment is written as such, what is short only once", async () => {
  open();
  const long = tracer.start("turn", { session: "s_1" });
  spanOf();
  await clock.advance(300);
  await reopen();
  expect((await written()).map(({ name, status }) => [name, status])).toEqual([
    ["turn", "running"],
    ["step", "ok"],
  ]);
  long[Symbol.dispose]();
});

test("nothing is there, and nothing waits, while nothing happens", async () => {
  let timers = 0;
  open({ clock: { ...clock, sleep: (ms, options) => ((timers += 1), clock.sleep(ms, options)) } });
  await clock.advance(60_000);
  expect(existsSync(folder)).toBe(false);
  expect(timers).toBe(0);
});

test("each day has its file, and files that are too old go", async () => {
  open({ keepDays: 2 });
  for (let count = 0; count < 4; count += 1) {
    spanOf();
    await reopen({ keepDays: 2 });
    await clock.advance(day);
  }
  expect(readdirSync(folder)).toEqual(["2031-12-26.jsonl", "2031-12-27.jsonl"]);
});

test("all files together stay within their limit, and it is the oldest that go", async () => {
  const maxBytes = 40_000;
  open({ maxBytes });
  for (let count = 0; count < 300; count += 1) {
    spanOf({ count, pad: "x".repeat(300) });
    if (count % 4 === 3) await reopen({ maxBytes });
  }
  await reopen();
  expect(sizes().reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(maxBytes);
  const counts = (await written()).map(({ facts }) => Number(facts["count"]));
  expect(counts.at(-1)).toBe(299);
  expect(counts[0]).toBeGreaterThan(100);
  expect(counts).toEqual(counts.toSorted((a, b) => a - b));
});

test("other files in the folder are left alone, and their content is not taken for spans", async () => {
  open();
  spanOf();
  await reopen();
  writeFileSync(join(folder, "notes.txt"), '{"name":"step"}\n');
  writeFileSync(join(folder, "2031-12-24.jsonl.bak"), "{}\n");
  await clock.advance(30 * day);
  spanOf();
  await reopen();
  expect(readdirSync(folder)).toEqual(["2031-12-24.jsonl.bak", "2032-01-23.jsonl", "notes.txt"]);
  expect(await written()).toHaveLength(1);
});

test("a disk that takes nothing costs one warning and the spans of that time, and no work", async () => {
  writeFileSync(folder, "in the way");
  open();
  for (let count = 0; count < 5; count += 1) {
    spanOf();
    await clock.advance(20_000);
  }
  await until(() => warnings.length > 0);
  rmSync(folder);
  // A write that is under way may still find it, and then the next ones wait.
  while (!existsSync(folder)) {
    spanOf({ after: "repair" });
    await clock.advance(60_000);
  }
  await files[Symbol.asyncDispose]();
  expect(warnings).toEqual(["Traces can't be written"]);
  expect((await written()).at(-1)?.facts).toEqual({ after: "repair" });
});

test("what comes faster than it is written is dropped beyond a bound, and that is told", async () => {
  open();
  for (let count = 0; count < 5000; count += 1) spanOf();
  await reopen();
  expect(await written()).toHaveLength(4096);
  expect(warnings).toEqual(["Spans came faster than they were written"]);
});

test("a line that a crash cut short is passed over, and what comes after it is not", async () => {
  open();
  spanOf({ n: 1 });
  await reopen();
  const file = join(folder, "2031-12-24.jsonl");
  writeFileSync(file, `${readFileSync(file, "utf8")}{"v":1,"traceId":"ab`);
  spanOf({ n: 2 });
  await reopen();
  expect((await written()).map(({ facts }) => facts["n"])).toEqual([1, 2]);
});

test("a line has a bound, however much is said", async () => {
  open();
  const span = tracer.start("model", {});
  span.content(() => ({
    input: Array.from({ length: 100 }, () => ({ role: "user" as const, text: "x".repeat(50_000) })),
  }));
  span.set({ name: "y".repeat(1_000_000) });
  span[Symbol.dispose]();
  await reopen();
  const [size = 0] = sizes();
  expect(size).toBeGreaterThan(0);
  expect(size).toBeLessThanOrEqual(256 * 1024);
  expect(await written()).toHaveLength(1);
});

test("secrets are taken out before a text is cut", async () => {
  const secret = "s3cr3t".repeat(1000);
  open({ redact: (text) => text.replaceAll(secret, "[redacted]") });
  const span = tracer.start("tool", { tool: `x${secret}` });
  span.event("retry", { reason: secret });
  span.content(() => ({
    arguments: secret,
    output: [
      { role: "assistant", text: secret, calls: [{ callId: "1", tool: secret, args: secret }] },
    ],
  }));
  span.fail(secret, `no ${secret}`);
  span[Symbol.dispose]();
  await reopen();
  expect(readFileSync(join(folder, "2031-12-24.jsonl"), "utf8")).not.toContain("s3cr3t");
  expect((await written())[0]?.error).toEqual({ type: "[redacted]", message: "no [redacted]" });
});

/** Real disks answer in their own time. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await clock.advance(0);
}
