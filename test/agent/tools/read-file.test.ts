import * as fc from "fast-check";
import { expect, test } from "vitest";

import { readFileTool } from "../../../src/agent/tools/read-file.ts";
import { contextOf, fakeSandbox } from "./fake-sandbox.ts";

const tool = readFileTool();

function read(
  content: string | Uint8Array,
  input: { offset?: number; limit?: number; numbers?: boolean } = {},
) {
  const context = contextOf(fakeSandbox({ files: { "a.log": content } }));
  return tool.run({ path: "a.log", offset: 1, limit: 200, numbers: false, ...input }, context);
}

test("read_file shows a whole file and says that it is the end", async () => {
  const { output, measures } = await read("one\ntwo\n");
  expect(output).toBe("a.log: lines 1 to 2, bytes 0 to 8 of 8; end of file\none\ntwo");
  expect(measures).toEqual({ outputBytes: 8, shownBytes: 8 });
});

test("read_file says how to go on, and goes on there", async () => {
  const content = "one\ntwo\nthree\nfour";
  expect((await read(content, { limit: 2 })).output).toBe(
    "a.log: lines 1 to 2, bytes 0 to 8 of 18; go on with offset 3\none\ntwo",
  );
  expect((await read(content, { limit: 2, offset: 3, numbers: true })).output).toBe(
    "a.log: lines 3 to 4, bytes 8 to 18 of 18; end of file\n3\tthree\n4\tfour",
  );
});

test("read_file stops at a whole line when the bytes are too many", async () => {
  const { output } = await read(`${"x".repeat(99)}\n`.repeat(1000), { limit: 1000 });
  expect(output).toMatch(
    /^a\.log: lines 1 to 204, bytes 0 to 20400 of 100000; go on with offset 205/,
  );
});

test("read_file says that a line is too long to show whole", async () => {
  const { output } = await read(`${"ü".repeat(20_000)}\nend`);
  expect(output).toContain("line 1 is longer than can be shown");
  expect(output).not.toContain("\uFFFD");
});

test("read_file finds lines far into a file", async () => {
  const lines = Array.from({ length: 60_000 }, (_, index) => `line ${index + 1}`);
  const { output } = await read(lines.join("\n"), { offset: 54_321, limit: 1 });
  expect(output.split("\n")[1]).toBe("line 54321");
});

test("read_file shows each line of any file under its number", async () => {
  const line = fc.string({ maxLength: 20 }).map((text) => text.replace(/[\n\0]/g, " "));
  await fc.assert(
    fc.asyncProperty(fc.array(line, { minLength: 1, maxLength: 30 }), async (lines) => {
      const content = `${lines.join("\n")}\n`;
      for (const [index, text] of lines.entries()) {
        const { output } = await read(content, { offset: index + 1, limit: 1 });
        const expected = Buffer.from(text).toString();
        expect(output.split("\n")[1]).toBe(expected);
      }
      expect((await read(content, { offset: lines.length + 1 })).output).toContain(
        `it has ${lines.length} lines`,
      );
    }),
    { numRuns: 50 },
  );
});

test.each([
  ["one\ntwo", 3, "it has 2 lines"],
  ["one\ntwo\n", 3, "it has 2 lines"],
  ["one", 9, "it has 1 lines"],
])("read_file refuses lines past the end of %j", async (content, offset, text) => {
  expect(await read(content, { offset })).toMatchObject({
    status: "failed",
    output: expect.stringContaining(text),
  });
});

test("read_file says that a file is binary, empty or not there", async () => {
  const gzip = Uint8Array.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]);
  expect((await read(gzip)).output).toBe(
    "a.log: binary file of 10 bytes, not shown. It begins with 1f8b080000000000. It is gzip: zcat in the shell shows it.",
  );
  expect((await read("")).output).toBe("a.log: empty file");
  const missing = tool.run(
    { path: "b.log", offset: 1, limit: 1, numbers: false },
    contextOf(fakeSandbox()),
  );
  expect(await missing).toMatchObject({
    status: "failed",
    output: "Cannot read b.log: no such file",
  });
});
