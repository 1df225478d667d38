import PQueue from "p-queue";

import { messageOf } from "../../core/errors.ts";
import type { Logger } from "../../core/logger.ts";
import type { ContainerCell } from "./cell.ts";

/** Something warm that waits to be taken: a running container and the folder that will be its workspace. */
export interface Warm extends AsyncDisposable {
  readonly cell: ContainerCell;
}

/** Keeps warm containers per make. Each is taken once, and never comes back. */
export interface Pool<Item extends Warm> extends AsyncDisposable {
  /** One of this make, if one is ready. From now on the pool keeps this make. */
  take(make: string, start: () => Promise<Item>): Item | undefined;
  /** Fills up in the background, a little later: the session that has just got its sandbox goes first. */
  refill(): void;
}

export interface PoolOptions {
  /** Containers per make; 0 for no pool. */
  readonly size: number;
  /** Containers of all makes together; the make that was not asked for longest goes first. */
  readonly maxSize: number;
  /** A make that nobody asked for in this time is let go. */
  readonly idleMs: number;
  readonly log: Logger;
}

export function createPool<Item extends Warm>({
  size,
  maxSize,
  idleMs,
  log,
}: PoolOptions): Pool<Item> {
  const shelves = new Map<string, Shelf<Item>>();
  const starting = new PQueue({ concurrency: 1 });
  let isClosed = false;
  let refilling: NodeJS.Timeout | undefined;

  const discard = (items: readonly Item[]): void => {
    for (const item of items)
      void starting.add(async () => {
        await item[Symbol.asyncDispose]();
      });
  };

  const fill = (make: string, shelf: Shelf<Item>): void => {
    if (isClosed) return;
    while (shelf.items.length + shelf.pending < size) {
      shelf.pending += 1;
      void starting.add(async () => {
        try {
          if (isClosed || shelves.get(make) !== shelf) return;
          const item = await shelf.start();
          if (isClosed || shelves.get(make) !== shelf) return discard([item]);
          shelf.items.push(item);
          void item.cell.gone.then(() => {
            // It ended while it waited, for instance because it was idle for too long. One that was taken is its session's.
            if (!shelf.items.includes(item)) return undefined;
            shelf.items.splice(shelf.items.indexOf(item), 1);
            return item[Symbol.asyncDispose]();
          });
        } catch (error) {
          log.warn({ error: messageOf(error) }, "A warm sandbox could not be started");
        } finally {
          shelf.pending -= 1;
        }
      });
    }
  };

  const letGo = (make: string): void => {
    const shelf = shelves.get(make);
    if (!shelf) return;
    clearTimeout(shelf.timer);
    shelves.delete(make);
    discard(shelf.items.splice(0));
  };

  const makeRoom = (): void => {
    const [oldest] = shelves.keys();
    if (oldest !== undefined && shelves.size * size > maxSize) letGo(oldest);
  };

  return {
    take(make, start) {
      if (size === 0 || isClosed) return undefined;
      const shelf = shelves.get(make) ?? { items: [], pending: 0, start, timer: undefined };
      // Asked for last, so at the end.
      shelves.delete(make);
      shelves.set(make, shelf);
      shelf.start = start;
      clearTimeout(shelf.timer);
      shelf.timer = setTimeout(() => letGo(make), idleMs);
      shelf.timer.unref();
      makeRoom();
      const item = shelf.items.find(({ cell }) => cell.connection.isOpen);
      if (item) shelf.items.splice(shelf.items.indexOf(item), 1);
      return item;
    },
    refill() {
      refilling ??= setTimeout(() => {
        refilling = undefined;
        for (const [make, shelf] of shelves) fill(make, shelf);
      }, restMs);
      refilling.unref();
    },
    async [Symbol.asyncDispose]() {
      isClosed = true;
      clearTimeout(refilling);
      for (const make of shelves.keys()) letGo(make);
      await starting.onIdle();
    },
  };
}

const restMs = 500;

interface Shelf<Item> {
  readonly items: Item[];
  pending: number;
  start: () => Promise<Item>;
  timer: NodeJS.Timeout | undefined;
}
