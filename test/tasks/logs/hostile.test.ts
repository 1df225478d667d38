import fc from "fast-check";
import { expect, test } from "vitest";

import { linesOf, runLogs } from "./run-logs.ts";

const calm = (index: number): string => `INFO handled request ${index}`;

test("logs reads past a line of 100 MB in bounded memory", async () => {
  const { data } = await runLogs({ "app.log": huge });
  expect(data.lines).toMatchObject({ total: 52, cut: 1 });
  expect(data.findings[0]).toMatchObject({ title: "after the long line", at: "app.log:52" });
});

test.each([
  ["deep JSON", `${"[".repeat(50_000)}\n{"a":${'{"a":'.repeat(30_000)}\n`],
  ["many brackets", `${"[".repeat(9000)} x\n${"(".repeat(9000)}\n`],
  ["many blanks", `x${" ".repeat(200_000)}y\n`],
  ["many pairs", `${"a=b ".repeat(40_000)}\n${'a="'.repeat(40_000)}\n`],
  ["many dots", `${"a.".repeat(90_000)}Exception\n${"word ".repeat(40_000)}reload\n`],
  [
    "an open quote of an access log",
    `1.1.1.1 - - [04/Mar/2026:10:11:12 +0000] "${String.raw`\"`.repeat(60_000)}\n`,
  ],
  [
    "structured data that does not end",
    `<11>1 2026-03-04T10:11:12Z a b c d ${'[x y="z"]'.repeat(9000)}\n`,
  ],
  ["backquotes", `ERROR ${"`".repeat(500)} **x** [a](b)\n`],
  ["nul bytes", `ERROR ${"a\0".repeat(20)} ${"text ".repeat(200)}\n`],
  ["escape codes", `${"\u001b[".repeat(50_000)}\n${"\u001b]".repeat(50_000)}\n`],
])("logs reads %s in no more time than other lines", async (_name, text) => {
  const { data } = await runLogs(
    { "app.log": text.repeat(3) + linesOf(20, calm) },
    {},
    { chunkBytes: 65_536 },
  );
  expect(data.lines.total).toBeGreaterThan(20);
});

test("logs reads any bytes without failing", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.string({ unit: "binary", maxLength: 60 }), { maxLength: 30 }),
      async (lines) => {
        const { data } = await runLogs({ "app.log": `text to begin with\n${lines.join("\n")}` });
        const { events, continuation, blank, filtered } = data.lines;
        expect(events + continuation + blank + filtered).toBe(data.lines.total);
      },
    ),
    { numRuns: 50 },
  );
});

test("logs keeps its result small when every line is different", async () => {
  const word = (seed: number): string =>
    ((seed * 2_654_435_761) % 2 ** 32).toString(36).replaceAll(/\d/g, "q");
  const text = linesOf(12_000, (index) =>
    Array.from({ length: 3 + (index % 20) }, (_, at) => word(index * 31 + at)).join(" "),
  );
  const { data, summary } = await runLogs({ "app.log": text }, {}, { chunkBytes: 65_536 });
  expect(JSON.stringify(data).length).toBeLessThan(300_000);
  expect(summary.length).toBeLessThanOrEqual(1800);
});

test("logs lets nothing of a line end the block that it is shown in", async () => {
  const { summary, report } = await runLogs({
    "app.log": linesOf(30, (index) => (index === 20 ? "ERROR ```` # @everyone" : calm(index))),
  });
  for (const text of [summary, report]) {
    const fences = text.split("\n").filter((line) => /^(?:`{3,}|~{3,})$/.test(line));
    expect(fences.length % 2).toBe(0);
  }
});

async function* huge(): AsyncGenerator<Uint8Array> {
  yield Buffer.from(linesOf(50, calm));
  const piece = Buffer.alloc(1024 * 1024, "x");
  for (let index = 0; index < 100; index += 1) yield await Promise.resolve(piece);
  yield Buffer.from(`\n${linesOf(1, () => "ERROR after the long line")}`);
}
