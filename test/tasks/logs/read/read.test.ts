import { setImmediate as nextTurn } from "node:timers/promises";
import { gzipSync } from "node:zlib";

import fc from "fast-check";
import { expect, test } from "vitest";

import { cleanLine } from "../../../../src/tasks/logs/read/clean.ts";
import { gunzip } from "../../../../src/tasks/logs/read/gunzip.ts";
import { lineLimit, readLines } from "../../../../src/tasks/logs/read/lines.ts";
import { openLog } from "../../../../src/tasks/logs/read/open.ts";
import { memoryContext } from "../memory-context.ts";

async function open(
  content: string | Uint8Array,
  chunkBytes = 7,
): Promise<{ lines: string[]; problems: string[]; reason?: string; encoding?: string }> {
  const { files } = memoryContext({ log: content }, { chunkBytes });
  const problems: string[] = [];
  const opened = await openLog(files, "log", { onProblem: (problem) => problems.push(problem) });
  if (opened.type === "unreadable") return { lines: [], problems, reason: opened.reason };
  const lines: string[] = [];
  for await (const batch of readLines(opened.chunks)) lines.push(...batch);
  return { lines, problems, encoding: opened.encoding };
}

test("readLines() gives the same lines however the bytes are cut", async () => {
  const text = fc.array(
    fc.string({ unit: fc.constantFrom("a", "ß", "€", "😀", " ", "\r!"), maxLength: 20 }),
    { maxLength: 20 },
  );
  await fc.assert(
    fc.asyncProperty(text, fc.integer({ min: 1, max: 40 }), async (lines, chunkBytes) => {
      const whole = lines.map((line) => `${line}\n`).join("");
      expect((await open(whole, chunkBytes)).lines).toEqual(lines);
    }),
  );
});

test("readLines() cuts a long line, goes on after it, and tells", async () => {
  let cut = 0;
  const bytes = Buffer.from(`first\n${"x".repeat(lineLimit * 3)}\nlast\n`);
  const { files } = memoryContext({ log: bytes }, { chunkBytes: 100_000 });
  const lines: string[] = [];
  for await (const batch of readLines(files.open("log") as AsyncIterable<Buffer>, {
    onCut: () => (cut += 1),
  })) {
    lines.push(...batch);
  }
  expect(lines.map(({ length }) => length)).toEqual([5, lineLimit, 4]);
  expect(cut).toBe(1);
});

test("openLog() unpacks gzip of several members", async () => {
  const packed = Buffer.concat([gzipSync("one\ntwo\n"), gzipSync("three\n")]);
  expect(await open(packed)).toMatchObject({ lines: ["one", "two", "three"], problems: [] });
});

test("openLog() keeps what a cut-off gzip file held, and says so", async () => {
  const packed = gzipSync(
    Array.from({ length: 5000 }, (_, index) => `line ${index * 7919}\n`).join(""),
  );
  const { lines, problems } = await open(packed.subarray(0, packed.length - 100), 1000);
  expect(lines[4000]).toBe(`line ${4000 * 7919}`);
  expect(problems).toEqual(["unexpected end of file"]);
});

test("gunzip() loses nothing of a cut-off file, however slowly it is read", async () => {
  const text = Array.from({ length: 20_000 }, (_, index) => `line ${index} ${index * 7919}\n`).join(
    "",
  );
  const packed = gzipSync(text).subarray(0, -8);
  const { files } = memoryContext({ log: packed }, { chunkBytes: 65_536 });
  let length = 0;
  const source = files.open("log") as AsyncIterable<Buffer>;
  for await (const chunk of gunzip(source, { onProblem: () => {} })) {
    length += chunk.length;
    for (let turn = 0; turn < 50; turn += 1) await nextTurn();
  }
  expect(length).toBe(text.length);
});

test("openLog() says what is wrong with damaged gzip", async () => {
  const packed = gzipSync("a\n".repeat(100));
  packed.fill(0xff, 12, 18);
  expect((await open(packed)).problems).toHaveLength(1);
});

test.each([
  ["zstd", [0x28, 0xb5, 0x2f, 0xfd, 1, 2, 3, 4]],
  ["bzip2", [0x42, 0x5a, 0x68, 0x39, 1, 2, 3, 4]],
  ["xz", [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 1, 2]],
])("openLog() refuses a file that is compressed with %s", async (name, bytes) => {
  expect(await open(Uint8Array.from(bytes))).toMatchObject({ reason: `compressed with ${name}` });
});

test("openLog() refuses binary files, and reads text with a stray NUL", async () => {
  expect((await open(Uint8Array.from({ length: 999 }, (_, index) => index % 7))).reason).toBe(
    "binary, not text",
  );
  const noise = Uint8Array.from(
    { length: 999 },
    (_, index) => ((index * 89 + (index >> 3)) % 256) | 32,
  );
  noise[500] = 0;
  expect((await open(noise)).reason).toBe("binary, not text");
  expect((await open(`${"text ".repeat(20)}\0\n`)).lines).toHaveLength(1);
});

test("openLog() reads UTF-16 by its mark, and drops the mark of UTF-8", async () => {
  const wide = Buffer.from("\ufeffgrün\nrot\n", "utf16le");
  expect(await open(wide)).toMatchObject({ lines: ["grün", "rot"], encoding: "utf-16le" });
  expect((await open("\ufefffirst\nsecond")).lines).toEqual(["first", "second"]);
});

test("cleanLine() takes colours and line ends off", () => {
  expect(cleanLine("\u001b[31mERROR\u001b[0m it\r\r")).toBe("ERROR it");
});
