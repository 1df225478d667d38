import { gzipSync } from "node:zlib";

import { expect, test } from "vitest";

import { linesOf, runLogs } from "./run-logs.ts";

const calm = (index: number): string =>
  `INFO [main] acme.Api: handled request ${index} in ${index % 40} ms`;

test("logs finds one error among 100,001 lines, with the lines before it", async () => {
  const text = linesOf(
    100_001,
    (index) =>
      index === 71_234 ? "ERROR [main] acme.Ledger: balance mismatch for 991" : calm(index),
    { stepMs: 50 },
  );
  const { summary, data } = await runLogs(
    { "/workspace/app.log": text },
    {},
    { chunkBytes: 65_536 },
  );
  expect(data.levels.counts).toMatchObject({ error: 1, info: 100_000 });
  expect(data.findings[0]).toMatchObject({
    level: "error",
    count: 1,
    at: "app.log:71235",
    title: "balance mismatch for <*>",
    onset: { type: "new" },
  });
  expect(data.findings[0]?.before.map(({ at }) => at)).toEqual([
    "app.log:71232",
    "app.log:71233",
    "app.log:71234",
  ]);
  expect(summary.split("\n")[0]).toContain("balance mismatch");
  expect(summary.split("\n")[0]).toContain("`app.log:71235`");
  expect(summary.length).toBeLessThanOrEqual(1800);
});

test("logs names the configuration change that came before the first error", async () => {
  const text = linesOf(3000, (index) => {
    if (index === 2000)
      return "INFO [main] acme.Config: configuration reloaded from /etc/acme.yaml";
    return index > 2010 && index % 4 === 0
      ? `ERROR [main] acme.Db: Connection refused by 10.0.0.${index % 9}`
      : calm(index);
  });
  const { summary, data } = await runLogs({ "app.log": text });
  expect(data.findings[0]).toMatchObject({
    title: "Connection refused by <*>",
    change: { at: "app.log:2001" },
  });
  expect(summary).toContain("configuration reloaded");
});

test("logs finds an incident that no line calls an error", async () => {
  const text = linesOf(5000, (index) =>
    index > 3000 && index < 3600 && index % 3 === 0
      ? `INFO [main] acme.Gate: upstream pay-${index % 3} timed out after 5000 ms`
      : calm(index),
  );
  const { data } = await runLogs({ "app.log": text });
  expect(data.findings[0]).toMatchObject({
    level: "info",
    title: "upstream pay-<*> timed out after <*> ms",
  });
});

test("logs finds server failures in an access log, by path", async () => {
  const text = Array.from({ length: 5000 }, (_, index) => {
    const failed = index > 3000 && index < 3200 && index % 2 === 0;
    const clock = new Date(Date.UTC(2026, 2, 4, 9) + index * 1000).toISOString().slice(11, 19);
    return `10.0.0.${index % 200} - - [04/Mar/2026:${clock} +0200] "GET /${failed ? "checkout" : "item"}/${index}?x=1 HTTP/1.1" ${failed ? 503 : 200} 99 "-" "-"\n`;
  }).join("");
  const { data } = await runLogs({ "access.log": text });
  expect(data.findings[0]).toMatchObject({
    title: "503 GET /checkout/<*>",
    level: "error",
    count: 99,
  });
  expect(data.range?.zone).toBe("UTC+02:00");
});

test("logs puts what is new before an error that was there all the time", async () => {
  const text = linesOf(6000, (index) => {
    if (index % 10 === 0) return `ERROR [main] acme.Cache: cannot refresh key k${index}`;
    return index > 5000 && index % 60 === 1 ? "ERROR [main] acme.Db: pool exhausted" : calm(index);
  });
  const { data } = await runLogs({ "app.log": text });
  expect(data.findings[0]?.title).toBe("pool exhausted");
});

test("logs says plainly when nothing looks wrong", async () => {
  const { summary, data } = await runLogs({ "app.log": linesOf(2000, calm) });
  expect(data.findings).toEqual([]);
  expect(summary).toMatch(/^\*\*Nothing looks wrong: no error and no warning in 2,000 events\*\*/);
});

test("logs reads rotated files as one story, the oldest first", async () => {
  const start = Date.UTC(2026, 2, 4, 9);
  const part = (from: number): string =>
    linesOf(1000, (index) => calm(from + index), { start: start + from * 1000 });
  const { data } = await runLogs(
    {
      "app.log": part(2000),
      "app.log.1": part(1000),
      "app.log.2.gz": gzipSync(part(0)),
    },
    { files: ["app.log*"] },
  );
  expect(data.files.map(({ path }) => path)).toEqual(["app.log.2.gz", "app.log.1", "app.log"]);
  expect(data.range).toMatchObject({ first: "2026-03-04T09:00:00Z", last: "2026-03-04T09:49:59Z" });
  expect(data.lines.total).toBe(3000);
});

test("logs keeps a stack trace with its error, and its cause", async () => {
  const trace = `ERROR [main] acme.Api: request failed\njava.lang.IllegalStateException: closed\n${"\tat acme.Api.run(Api.java:1)\n".repeat(30)}Caused by: java.io.IOException: pipe broken`;
  const { summary, data } = await runLogs({
    "app.log": linesOf(200, (index) => (index === 150 ? trace : calm(index))),
  });
  expect(data.findings[0]?.title).toBe("request failed");
  expect(data.findings[0]?.after[0]?.text).toContain("IllegalStateException");
  expect(summary).toContain("Caused by: java.io.IOException: pipe broken");
  expect(data.lines).toMatchObject({ events: 200, continuation: 32 });
});

test("logs finds a crash that the runtime printed without a time", async () => {
  const text = `${linesOf(500, calm)}panic: runtime error: nil pointer dereference\n\ngoroutine 1 [running]:\nmain.main()\n\t/app/main.go:4\n`;
  const { data } = await runLogs({ "app.log": text });
  expect(data.findings[0]).toMatchObject({ level: "fatal", at: "app.log:501" });
});

test("logs looks only at what was asked for, and says what it left out", async () => {
  const text = linesOf(3600, (index) =>
    index % 100 === 0 ? "WARN [main] acme.Api: slow call" : calm(index),
  );
  const last = await runLogs({ "app.log": text }, { since: "10m" });
  expect(last.data.lines).toMatchObject({ events: 601, filtered: 2999 });
  const clock = await runLogs({ "app.log": text }, { since: "09:10", until: "09:19:59" });
  expect(clock.data.lines.events).toBe(600);
  const warnings = await runLogs({ "app.log": text }, { levels: ["WARNING"], match: "/slow c/" });
  expect(warnings.data.lines.events).toBe(36);
  expect(warnings.summary).toContain("left out by since, until, levels or match");
});

test("logs shows the lines around a place", async () => {
  const { summary, data } = await runLogs(
    { "/workspace/app.log": linesOf(100, calm) },
    { around: "app.log:50", context: 2 },
  );
  expect(data.around?.lines.map(({ at }) => at)).toEqual(
    [48, 49, 50, 51, 52].map((line) => `app.log:${line}`),
  );
  expect(summary).toContain("Around `app.log:50`");
});

test("logs says what it could not read and why", async () => {
  const { summary, data, report } = await runLogs(
    {
      "app.log": linesOf(50, calm),
      "old.zst": Uint8Array.from([0x28, 0xb5, 0x2f, 0xfd, 1]),
      "core.bin": Uint8Array.from({ length: 500 }, (_, index) => index % 5),
      "empty.log": "",
    },
    { files: ["app.log", "old.zst", "core.bin", "empty.log", "gone.log", "none*.log"] },
  );
  expect(data.notRead).toEqual([
    { what: "gone.log", why: "no such file" },
    { what: "none*.log", why: "no such file" },
    { what: "old.zst", why: "compressed with zstd" },
    { what: "core.bin", why: "binary, not text" },
    { what: "empty.log", why: "empty" },
  ]);
  expect(summary).toContain("Not read: `gone.log`: no such file");
  expect(report).toContain("## What was not read");
});

test("logs reads the others when a file can't be read, or not to its end", async () => {
  const { data } = await runLogs({
    "app.log": linesOf(50, calm),
    folder: () => broken(""),
    "half.log": () => broken(linesOf(3000, calm)),
  });
  expect(data.lines.total).toBe(3050);
  expect(data.notRead).toEqual([
    { what: "folder", why: "EIO: device gone" },
    { what: "half.log", why: expect.stringContaining("EIO: device gone") },
  ]);
});

test("logs says that a place to show does not exist", async () => {
  const { summary } = await runLogs({ "app.log": linesOf(9, calm) }, { around: "app.log:500" });
  expect(summary).toContain("`app.log:500`: no such line");
});

test("logs says that nothing could be read", async () => {
  const { summary } = await runLogs({}, { files: ["gone.log"] });
  expect(summary).toContain("Nothing could be read: gone.log (no such file)");
});

test("logs tells the zone, and that a year is missing", async () => {
  const text = Array.from(
    { length: 50 },
    (_, index) => `Mar  4 10:11:${10 + index} host app[1]: did ${index}\n`,
  ).join("");
  const { data } = await runLogs({ syslog: text });
  expect(data.range?.zone).toBe("not stated in the log, times as written");
  expect(data.range?.notes).toEqual([
    "the log states no year: it is taken as the latest one that is not in the future",
  ]);
});

test("logs counts over time with empty buckets, and tells the gap", async () => {
  const start = Date.UTC(2026, 2, 4, 9);
  const text = linesOf(1800, calm, { start }) + linesOf(1800, calm, { start: start + 5_400_000 });
  const { data, report } = await runLogs({ "app.log": text });
  const buckets = data.histogram?.buckets ?? [];
  expect(buckets.reduce((sum, { total }) => sum + total, 0)).toBe(3600);
  expect(buckets.some(({ total }) => total === 0)).toBe(true);
  expect(data.gaps).toMatchObject([{ from: "2026-03-04T09:30:00Z", to: "2026-03-04T10:30:00Z" }]);
  expect(report).toContain("## Events over time");
});

test("logs does not let one odd clock stretch the range", async () => {
  const text =
    linesOf(500, calm) +
    linesOf(1, calm, { start: 0 }) +
    linesOf(500, calm, { start: Date.UTC(2026, 2, 4, 10) });
  const { data } = await runLogs({ "app.log": text });
  expect(data.range?.first).toBe("2026-03-04T09:00:00Z");
  expect(data.files[0]?.notes).toHaveLength(1);
});

test("logs gives the same result each time", async () => {
  const text = linesOf(2000, (index) =>
    index % 9 === 0 ? `WARN [main] acme.Api: slow call of user u${index}x` : calm(index),
  );
  const [first, second] = [
    await runLogs({ "app.log": text }),
    await runLogs({ "app.log": text }, {}, { chunkBytes: 77 }),
  ];
  expect(second.data).toEqual(first.data);
  expect(second.report).toBe(first.report);
});

test("logs stops when it is told to", async () => {
  const stop = AbortSignal.abort(new Error("stopped"));
  await expect(runLogs({ "app.log": linesOf(10, calm) }, {}, { signal: stop })).rejects.toThrow(
    "stopped",
  );
});

test("logs tells how far it is", async () => {
  const { context } = await runLogs({ "app.log": linesOf(5000, calm) });
  expect(context.progressed.at(-1)).toMatchObject({ done: 1 });
});

test.each([
  { match: "/(a+)+/" },
  { since: "tomorrow" },
  { levels: ["loud"] },
  { files: [] },
  { around: "here" },
])("logs refuses the input %o", async (input) => {
  await expect(runLogs({ "app.log": "x\n" }, input)).rejects.toThrow(
    /Invalid input|expected|Too small|Cannot use|Invalid string/,
  );
});

async function* broken(lines: string): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(Buffer.from(lines));
  throw new Error("EIO: device gone");
}
