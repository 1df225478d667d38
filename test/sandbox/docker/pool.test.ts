import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { silentLogger } from "../../../src/core/logger.ts";
import type { ContainerCell } from "../../../src/sandbox/docker/cell.ts";
import { createPool, type Warm } from "../../../src/sandbox/docker/pool.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
});
afterEach(() => {
  vi.useRealTimers();
});

interface FakeItem extends Warm {
  readonly id: number;
  end(): void;
}

function items() {
  const disposed: number[] = [];
  let made = 0;
  const start = async (): Promise<FakeItem> => {
    const id = (made += 1);
    let end = (): void => {};
    const gone = new Promise<{ reason: string; outOfMemory: boolean }>((resolve) => {
      end = () => resolve({ reason: "it ended", outOfMemory: false });
    });
    const connection = { isOpen: true };
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- The pool looks at nothing else of it.
    const cell = { connection, gone } as unknown as ContainerCell;
    return {
      id,
      cell,
      end() {
        connection.isOpen = false;
        end();
      },
      async [Symbol.asyncDispose]() {
        disposed.push(id);
      },
    };
  };
  return { start, disposed, made: () => made };
}

const pool = (options: Partial<Parameters<typeof createPool>[0]> = {}) =>
  createPool<FakeItem>({ size: 1, maxSize: 4, idleMs: 60_000, log: silentLogger, ...options });

/** Asks for a make, and lets the pool fill up. */
async function ask(it: ReturnType<typeof pool>, make: string, start: () => Promise<FakeItem>) {
  const item = it.take(make, start);
  it.refill();
  await vi.advanceTimersByTimeAsync(1_000);
  return item;
}

test("each is taken once, and another takes its place", async () => {
  const { start, made } = items();
  await using it = pool();
  const taken: (number | undefined)[] = [];
  for (let count = 0; count < 4; count += 1) taken.push((await ask(it, "a", start))?.id);
  expect(taken).toEqual([undefined, 1, 2, 3]);
  expect(made()).toBe(4);
});

test("one that ends while it waits is let go, and not given to anybody", async () => {
  const { start, disposed } = items();
  const ended: FakeItem[] = [];
  await using it = pool();
  await ask(it, "a", async () => {
    const item = await start();
    ended.push(item);
    return item;
  });
  ended[0]?.end();
  await vi.advanceTimersByTimeAsync(0);
  expect(disposed).toEqual([1]);
  expect(await ask(it, "a", start)).toBeUndefined();
});

test("one that ends after it was taken is its session's to let go", async () => {
  const { start, disposed } = items();
  await using it = pool();
  await ask(it, "a", start);
  const item = await ask(it, "a", start);
  item?.end();
  await vi.advanceTimersByTimeAsync(0);
  expect(disposed).toEqual([]);
});

test("of too many makes the one that nobody asked for longest goes, and each after a while", async () => {
  const { start, disposed } = items();
  await using it = pool({ maxSize: 2 });
  for (const make of ["a", "b", "a", "c"]) await ask(it, make, start);
  expect(disposed).toEqual([2]);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(new Set(disposed)).toEqual(new Set([2, 3, 4]));
});

test("at the end all that wait are let go", async () => {
  const { start, disposed } = items();
  const it = pool({ size: 2 });
  await ask(it, "a", start);
  await it[Symbol.asyncDispose]();
  expect(new Set(disposed)).toEqual(new Set([1, 2]));
});
