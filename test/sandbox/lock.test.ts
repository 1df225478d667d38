import { expect, test } from "vitest";

import { createLock, createLocks } from "../../src/sandbox/lock.ts";

const { signal } = new AbortController();

test("acquire() lets one in at a time, in order", async () => {
  const lock = createLock();
  const order: string[] = [];
  const work = async (name: string): Promise<void> => {
    const release = await lock.acquire({ signal });
    order.push(`${name} in`);
    await Promise.resolve();
    order.push(`${name} out`);
    release();
  };
  await Promise.all([work("a"), work("b"), work("c")]);
  expect(order).toEqual(["a in", "a out", "b in", "b out", "c in", "c out"]);
});

test("acquire() stops waiting when it is aborted, and lets nobody in early", async () => {
  const lock = createLock();
  const release = await lock.acquire({ signal });
  const stop = new AbortController();
  const waiting = lock.acquire({ signal: stop.signal });
  let isIn = false;
  const next = lock.acquire({ signal }).then((free) => {
    isIn = true;
    return free;
  });
  stop.abort(new Error("stopped"));
  await expect(waiting).rejects.toThrow("stopped");
  expect(isIn).toBe(false);
  release();
  (await next)();
});

test("work under one name waits for the one before, also when that fails", async () => {
  const locked = createLocks();
  const order: string[] = [];
  const first = locked("a", async () => {
    await Promise.resolve();
    order.push("first");
    throw new Error("It failed");
  });
  const second = locked("a", async () => order.push("second"));
  await locked("b", async () => order.push("other"));

  await expect(first).rejects.toThrow("It failed");
  await second;
  expect(order).toEqual(["other", "first", "second"]);
});
