import { getEventListeners } from "node:events";

import { expect, test } from "vitest";

import { abortable, linkedController, Stopped } from "../../src/core/abort.ts";
import { isOpsthreadError, OpsthreadError } from "../../src/core/errors.ts";
import { sessionIdOf, stableKey, threadId } from "../../src/core/ids.ts";
import { JournalEntry, parseStored } from "../../src/core/journal.ts";

const thread = { platform: "slack", workspace: "T1", channel: "C1", thread: "17.3" };

test("a thread's parts cannot be shifted into each other", () => {
  const shifted = { ...thread, channel: "C1:17.3", thread: "" };
  expect(threadId(thread)).toBe("slack:T1:C1:17.3");
  expect(threadId(shifted)).not.toBe(threadId({ ...thread, channel: "C1", thread: "17.3:" }));
  expect(sessionIdOf(shifted)).not.toBe(sessionIdOf(thread));
});

test("a key is the same for the same parts, short enough for Discord, and different for others", () => {
  expect(stableKey("post", "s", 1, 0)).toBe(stableKey("post", "s", 1, 0));
  expect(stableKey("post", "s", 1, 0)).toMatch(/^[0-9a-z]{24}$/);
  const keys = Array.from({ length: 1000 }, (_, index) => stableKey("post", "s", index));
  expect(new Set(keys).size).toBe(1000);
  expect(stableKey("a", "bc")).not.toBe(stableKey("ab", "c"));
});

test("errors are recognised by code, also from another copy of the package", () => {
  const error = new OpsthreadError("STORE_LOCKED", "Cannot open");
  expect(isOpsthreadError(error)).toBe(true);
  expect(isOpsthreadError(error, "STORE_LOCKED", "STORE_FENCED")).toBe(true);
  expect(isOpsthreadError(error, "STORE_FENCED")).toBe(false);
  expect(isOpsthreadError(new Error("STORE_LOCKED"))).toBe(false);
});

test("abortable() stops waiting with the signal's reason, and leaves no listener behind", async () => {
  const controller = new AbortController();
  const waiting = abortable(new Promise(() => {}), controller.signal);
  controller.abort(new Stopped("stop"));
  await expect(waiting).rejects.toEqual(new Stopped("stop"));
  await expect(abortable(Promise.resolve(1), new AbortController().signal)).resolves.toBe(1);
});

test("a stored entry of another shape is refused, and said where", () => {
  const entry = { v: 1, turn: 1, at: 0, type: "note", text: "hello" };
  expect(parseStored(JournalEntry, JSON.stringify(entry), "journal entry 1")).toEqual(entry);
  expect(() => parseStored(JournalEntry, "{", "journal entry 1")).toThrow(
    "Cannot read journal entry 1: not JSON",
  );
  expect(() => parseStored(JournalEntry, { ...entry, v: 2 }, "journal entry 1")).toThrow(
    /journal entry 1[\s\S]*v/,
  );
});

test("a linked controller ends with the first of its signals, for its reason, and leaves nothing in them", () => {
  const [long, short] = [new AbortController(), new AbortController()];
  {
    using linked = linkedController(long.signal, short.signal);
    const { signal } = linked.controller;
    expect(signal.aborted).toBe(false);
    short.abort(new Stopped("timeout"));
    expect(signal.reason).toEqual(new Stopped("timeout"));
    expect(long.signal.aborted).toBe(false);
  }
  expect(getEventListeners(long.signal, "abort")).toEqual([]);
  using late = linkedController(long.signal, short.signal);
  expect(late.controller.signal.reason).toBe(short.signal.reason);
});
