import fc from "fast-check";
import { expect, test } from "vitest";

import { maxLineBytes } from "../../../src/sandbox/task-host/protocol.ts";
import { controlReader, type ControlReader } from "../../../src/sandbox/task-host/read-lines.ts";

function open(now: () => number = () => 0): {
  readonly reader: ControlReader;
  readonly heard: string[];
  readonly broken: () => number;
} {
  const heard: string[] = [];
  let broken = 0;
  const reader = controlReader({
    onProgress: ({ text }) => void heard.push(text),
    onBroken: () => void (broken += 1),
    now,
  });
  return { reader, heard, broken: () => broken };
}

const line = (value: unknown): Buffer => Buffer.from(`${JSON.stringify(value)}\n`);
const progress = (text: string): Buffer =>
  line({ type: "progress", progress: { done: 0.5, text } });
const returned = line({ type: "returned", value: '{"ü":1}' });

test("reads progress and a reply, however they are cut", () => {
  const bytes = Buffer.concat([progress("eins"), progress("zwölf"), returned]);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: bytes.length })), (cuts) => {
      const { reader, heard } = open();
      let from = 0;
      for (const cut of [...cuts.toSorted((a, b) => a - b), bytes.length]) {
        reader.push(bytes.subarray(from, cut));
        from = cut;
      }
      expect(heard).toEqual(["eins", "zwölf"]);
      expect(reader.reply).toEqual({ type: "returned", value: '{"ü":1}' });
      expect(reader.isBroken).toBe(false);
    }),
  );
});

test.each([
  ["no JSON", Buffer.from("hello\n")],
  ["an empty line", Buffer.from("\n")],
  ["something else", line({ type: "done" })],
  ["a reply without its value", line({ type: "returned", value: { a: 1 } })],
  ["a second reply", Buffer.concat([returned, returned])],
  ["progress after the reply", Buffer.concat([returned, progress("x")])],
  ["a line without an end", Buffer.alloc(maxLineBytes + 1, "x")],
])("%s breaks it, once and for all", (_, bytes) => {
  const { reader, heard, broken } = open();
  for (let at = 0; at < bytes.length; at += 1_000_000)
    reader.push(bytes.subarray(at, at + 1_000_000));
  reader.push(returned);
  reader.push(Buffer.from("more\n"));

  expect(reader.isBroken).toBe(true);
  expect(reader.reply).toBeUndefined();
  expect(heard).toEqual([]);
  expect(broken()).toBe(1);
});

test("more progress than anyone tells breaks it", () => {
  const flood = Buffer.concat(Array.from({ length: 1_200 }, () => progress("x")));
  expect(openAndPush(flood, () => 0).isBroken).toBe(true);
  let ms = 0;
  expect(openAndPush(flood, () => (ms += 10)).isBroken).toBe(false);
});

function openAndPush(bytes: Uint8Array, now: () => number): ControlReader {
  const { reader } = open(now);
  reader.push(bytes);
  return reader;
}

test("half a line after the reply is no reply", () => {
  const { reader } = open();
  reader.push(Buffer.concat([returned, Buffer.from("{")]));
  expect(reader.reply).toBeUndefined();
});

test("the bytes that it is given are not kept", () => {
  const { reader } = open();
  const half = Buffer.from(returned.subarray(0, 10));
  reader.push(half);
  half.fill(0);
  reader.push(returned.subarray(10));
  expect(reader.reply).toMatchObject({ type: "returned" });
});
