import { expect, test } from "vitest";

import { captureStream } from "../../../src/sandbox/docker/exec-output.ts";

const captured = (captureBytes: number, ...parts: readonly string[]) => {
  const capture = captureStream(captureBytes);
  for (const part of parts) capture.push(Buffer.from(part));
  const { head, tail, bytes, spill } = capture.captured();
  return { head: head.toString(), tail: tail.toString(), bytes, spill };
};

test("the head is the first bytes, the tail the last of what comes after it", () => {
  expect(captured(4)).toEqual({ head: "", tail: "", bytes: 0, spill: "none" });
  expect(captured(4, "ab", "c")).toMatchObject({ head: "abc", tail: "", bytes: 3 });
  expect(captured(4, "abc", "def")).toMatchObject({ head: "abcd", tail: "ef", bytes: 6 });
  expect(captured(4, "abcdefghijkl")).toMatchObject({ head: "abcd", tail: "ijkl", bytes: 12 });
  expect(captured(4, ..."abcdefghijkl".split(""))).toMatchObject({
    head: "abcd",
    tail: "ijkl",
    bytes: 12,
  });
  expect(captured(4, "abcdefgh", "i", "jklm")).toMatchObject({ tail: "jklm", bytes: 13 });
});

test("nothing is kept of a stream that is only counted", () => {
  expect(captured(0, "abc", "d")).toMatchObject({ head: "", tail: "", bytes: 4 });
});
