import { afterEach, beforeEach, expect, test, vi } from "vitest";

import type { TaskProgress } from "../../src/sandbox/sandbox.ts";
import { thinOut } from "../../src/sandbox/thin-out.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("thinOut() passes the first at once, then the latest every 100 ms", () => {
  const passed: TaskProgress[] = [];
  const progress = thinOut((told) => passed.push(told));
  for (let done = 1; done <= 30; done += 1) {
    progress.tell({ done, text: "Reading" });
    vi.advanceTimersByTime(10);
  }
  expect(passed.map(({ done }) => done)).toEqual([1, 10, 20, 30]);
});

test("thinOut() passes a held one when nothing follows it", () => {
  const passed: string[] = [];
  const progress = thinOut(({ text }) => passed.push(text));
  progress.tell({ text: "first" });
  progress.tell({ text: "second" });
  vi.advanceTimersByTime(100);
  expect(passed).toEqual(["first", "second"]);
});

test("thinOut() passes the last one at the end, and nothing after it", () => {
  const passed: string[] = [];
  const progress = thinOut(({ text }) => passed.push(text));
  for (const text of ["first", "second", "third"]) progress.tell({ text });
  progress.end();
  vi.advanceTimersByTime(1_000);
  expect(passed).toEqual(["first", "third"]);
});

test("thinOut() shortens a long text", () => {
  let length = 0;
  thinOut(({ text }) => {
    length = text.length;
  }).tell({ text: "x".repeat(10_000) });
  expect(length).toBe(500);
});
