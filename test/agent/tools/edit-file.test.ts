import * as fc from "fast-check";
import { expect, test } from "vitest";

import { runTool } from "../../../src/agent/run-tool.ts";
import { editFileTool } from "../../../src/agent/tools/edit-file.ts";
import { manualClock } from "../../../src/testing/manual-clock.ts";
import { contextOf, fakeSandbox } from "./fake-sandbox.ts";

const tool = editFileTool();

/** As a model calls it. */
async function edit(args: object, files: Readonly<Record<string, string | Uint8Array>> = {}) {
  const sandbox = fakeSandbox({ files });
  const call = { callId: "c", tool: tool.name, args: JSON.stringify(args), executionId: "x" };
  const context = {
    ...contextOf(sandbox),
    resumed: false,
    maxOutputBytes: 32_768,
    clock: manualClock(),
    guardrails: [],
  };
  const { status, output } = await runTool({ ...call, effect: tool.effect }, tool, context);
  const text = (path: string) => Buffer.from(sandbox.files.get(path) ?? []).toString();
  return { status, output, text };
}

test("the arguments are one object, with the vendor's names", () => {
  expect(tool.parameters).toMatchObject({
    type: "object",
    required: ["command", "path"],
    properties: { command: { enum: ["view", "create", "str_replace", "insert"] } },
  });
  expect(tool.native).toBe("text_editor");
});

test("view shows lines with their numbers, and how to go on", async () => {
  const files = { "a.txt": "one\ntwo\nthree\nfour\n" };
  expect((await edit({ command: "view", path: "a.txt" }, files)).output).toBe(
    "a.txt: lines 1 to 4, bytes 0 to 19 of 19; end of file\n1\tone\n2\ttwo\n3\tthree\n4\tfour",
  );
  expect((await edit({ command: "view", path: "a.txt", view_range: [2, 3] }, files)).output).toBe(
    "a.txt: lines 2 to 3, bytes 4 to 14 of 19; go on with view_range [4, -1]\n2\ttwo\n3\tthree",
  );
  expect(await edit({ command: "view", path: "a.txt", view_range: [3, 2] }, files)).toMatchObject({
    status: "failed",
    output: "Cannot show a.txt: view_range ends at 2, before it begins at 3",
  });
});

test("view shows a bounded part of a long file", async () => {
  const { output } = await edit({ command: "view", path: "a" }, { a: "x\n".repeat(5_000) });
  expect(output).toMatch(/^a: lines 1 to 1000, .*go on with view_range \[1001, -1\]/);
});

test("view shows a folder two levels deep", async () => {
  const files = { "etc/a.conf": "a", "etc/d/b.conf": "b", "etc/d/e/c.conf": "c" };
  expect((await edit({ command: "view", path: "etc" }, files)).output).toBe(
    "etc:\na.conf  1 byte\nd/\nd/b.conf  1 byte\nd/e/",
  );
});

test("create writes a file, as a whole", async () => {
  const { output, text } = await edit(
    { command: "create", path: "n/a.txt", file_text: "new\n" },
    { "n/a.txt": "old, and longer\n" },
  );
  expect(output).toBe("Wrote 4 bytes to n/a.txt");
  expect(text("n/a.txt")).toBe("new\n");
});

test("str_replace replaces the one place, and shows what is around it", async () => {
  const args = { command: "str_replace", path: "a", old_str: "five", new_str: "V$&\nV" };
  const { output, text } = await edit(args, { a: "one\ntwo\nthree\nfour\nfive\nsix\n" });
  expect(text("a")).toBe("one\ntwo\nthree\nfour\nV$&\nV\nsix\n");
  expect(output).toBe(
    "Edited a. It now reads, from line 2:\n2\ttwo\n3\tthree\n4\tfour\n5\tV$&\n6\tV\n7\tsix",
  );
  const { text: without } = await edit({ ...args, new_str: undefined }, { a: "four\nfive\n" });
  expect(without("a")).toBe("four\n\n");
});

test.each([
  ["a\nb\na\na a\n", "a", "old_str is there 4 times, at lines 1, 3, 4, 4; it must be there once"],
  ["a\n".repeat(50), "a", "50 times, at lines 1, 2, 3"],
  ["aaa", "aa", "old_str is there 2 times, at lines 1, 1"],
  ["a\n  b\n", "a\n b", "old_str is only there with other white space"],
  ["a\r\nb\r\n", "a\nb", "the lines of this file end with CR LF"],
  ["a\n", "c", "Cannot edit f: old_str is not in it"],
])("str_replace in %j of %j is refused", async (content, old_str, problem) => {
  const result = await edit(
    { command: "str_replace", path: "f", old_str, new_str: "x" },
    { f: content },
  );
  expect(result).toMatchObject({ status: "failed", output: expect.stringContaining(problem) });
  expect(result.text("f")).toBe(content);
});

test.each([
  ["one\ntwo\n", 0, "new", "new\none\ntwo\n"],
  ["one\ntwo\n", 1, "new\n", "one\nnew\ntwo\n"],
  ["one\ntwo\n", 2, "new", "one\ntwo\nnew\n"],
  ["one\ntwo", 2, "new", "one\ntwo\nnew"],
  ["one\ntwo", 2, "new\n", "one\ntwo\nnew\n"],
  ["one\n", 1, "\n", "one\n\n"],
  ["", 0, "new", "new"],
])("insert into %j after line %d of %j", async (content, insert_line, insert_text, expected) => {
  const args = { command: "insert", path: "f", insert_line, insert_text };
  expect((await edit(args, { f: content })).text("f")).toBe(expected);
});

test("insert past the end says how long the file is", async () => {
  const args = { command: "insert", path: "f", insert_line: 3, insert_text: "x" };
  expect(await edit(args, { f: "one\ntwo\n" })).toMatchObject({
    status: "failed",
    output: "Cannot edit f: insert_line is 3, but the file has 2 lines (0 is the top)",
  });
});

test("insert keeps all other lines", async () => {
  const line = fc.string({ maxLength: 10 }).map((text) => text.replaceAll(/[\n\0]/g, " "));
  await fc.assert(
    fc.asyncProperty(
      fc.array(line, { minLength: 1, maxLength: 10 }),
      fc.nat(),
      line,
      async (lines, at, inserted) => {
        const insert_line = at % (lines.length + 1);
        const content = Buffer.from(`${lines.join("\n")}\n`).toString();
        const { text } = await edit(
          { command: "insert", path: "f", insert_line, insert_text: inserted },
          { f: content },
        );
        const expected = content.split("\n").toSpliced(insert_line, 0, inserted).join("\n");
        expect(text("f")).toBe(Buffer.from(expected).toString());
      },
    ),
    { numRuns: 100 },
  );
});

test.each([
  ["no such file", {}],
  ["it is a binary file", { f: Uint8Array.from([97, 0, 98]) }],
  ["it is not UTF-8; use the shell", { f: Uint8Array.from([97, 0xff, 98]) }],
  ["it has 3 MiB, more than 2 MiB; use the shell", { f: "a".repeat(3 * 1024 * 1024) }],
])("what can't be edited: %s", async (problem, files) => {
  const args = { command: "str_replace", path: "f", old_str: "a", new_str: "b" };
  expect(await edit(args, files)).toMatchObject({
    status: "failed",
    output: `Cannot edit f: ${problem}`,
  });
});

test.each([
  [{ command: "create", path: "f" }, "file_text"],
  [{ command: "str_replace", path: "f", new_str: "x" }, "old_str"],
  [{ command: "insert", path: "f", insert_text: "x" }, "insert_line"],
  [{ command: "undo_edit", path: "f" }, "command"],
])("arguments that are missing or wrong: %j", async (args, field) => {
  expect(await edit(args)).toMatchObject({
    status: "failed",
    output: expect.stringContaining(`- ${field}: `),
  });
});

test("a byte order mark and other line ends stay", async () => {
  const args = { command: "str_replace", path: "f", old_str: "b", new_str: "c" };
  const { text } = await edit(args, { f: "\uFEFFa\r\nb\r\n" });
  expect(text("f")).toBe("\uFEFFa\r\nc\r\n");
});
