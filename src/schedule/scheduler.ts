import { messageOf } from "../core/errors.ts";
import type { Schedule } from "../core/schedule.ts";
import type { Store } from "../store/store.ts";
import {
  advanceSchedule,
  type AdvanceScheduleOptions,
  type Looks,
  nextTime,
} from "./advance-schedule.ts";
import { dueHeap } from "./due-heap.ts";
import { createRules } from "./rule.ts";
import { createTable, type Entry } from "./table.ts";

export interface SchedulerOptions extends Omit<
  AdvanceScheduleOptions,
  "store" | "table" | "ruleOf"
> {
  readonly store: Store;
  /** Those of the configuration. Others are in the store. */
  readonly schedules: readonly Schedule[];
  /** How often the store is asked what other processes wrote. Default 5 seconds. */
  readonly pollMs?: number;
}

/** Lets schedules run. Any number of processes may have one: each run is taken by one of them. */
export interface Scheduler extends AsyncDisposable {
  /** Reads the schedules, and takes up what came due meanwhile. */
  start(): Promise<void>;
}

/** One timer for all schedules: it is set for the next one, or for the next look into the store. */
export function createScheduler(options: SchedulerOptions): Scheduler {
  const { store, schedules, clock, log, pollMs = 5000 } = options;
  const ruleOf = createRules();
  const table = createTable({ store, configured: schedules, ruleOf, clock, log });
  const ending = new AbortController();
  const heap = dueHeap<Entry>();
  const known = new Map<string, { readonly entry: Entry; at: number; readonly looks: Looks }>();
  const running = new Map<string, Promise<void>>();
  let alarm: AbortController | undefined;
  let looping: Promise<void> | undefined;
  let readAt = 0;

  /** `wasTaken`: it is not in the heap any more. */
  const place = (entry: Entry, { notBefore = -Infinity, wasTaken = false } = {}): void => {
    const before = known.get(entry.id);
    const isSame = before?.entry === entry;
    const looks = isSame ? before.looks : { fireAt: 0, at: 0, count: 0 };
    const at = Math.max(nextTime(entry, looks), notBefore);
    known.set(entry.id, { entry, at, looks });
    if (at < Infinity && !(isSame && before.at === at && !wasTaken)) heap.push(at, entry);
  };

  async function read(): Promise<void> {
    const wentBack = clock.now() < readAt - pollMs;
    if (wentBack) for (const entry of await table.realign()) place(entry);
    for (const entry of await table.refresh()) if (!running.has(entry.id)) place(entry);
    readAt = clock.now() + pollMs;
  }

  function startDue(): void {
    while (running.size < parallel && !ending.signal.aborted) {
      const due = heap.pop(clock.now());
      if (!due) return;
      const { item: entry, at } = due;
      const placed = known.get(entry.id);
      // It was placed anew since, or removed.
      if (placed?.entry !== entry || placed.at !== at || running.has(entry.id)) continue;
      if (table.entries.get(entry.id) !== entry) known.delete(entry.id);
      else running.set(entry.id, advance(entry, placed.looks));
    }
  }

  async function advance(entry: Entry, looks: Looks): Promise<void> {
    let notBefore = -Infinity;
    const { id } = entry;
    try {
      const given = { ...options, table, ruleOf };
      await advanceSchedule(entry, looks, given, { signal: ending.signal });
    } catch (error) {
      if (!ending.signal.aborted) {
        log.error({ schedule: id, error: messageOf(error) }, "A schedule could not go on");
        notBefore = clock.now() + afterTroubleMs;
      }
    } finally {
      running.delete(id);
      const now = table.entries.get(id);
      if (now) place(now, { notBefore, wasTaken: true });
      else known.delete(id);
      alarm?.abort();
    }
  }

  async function loop(): Promise<void> {
    while (!ending.signal.aborted) {
      alarm = new AbortController();
      const signal = AbortSignal.any([alarm.signal, ending.signal]);
      try {
        if (clock.now() >= readAt || clock.now() < readAt - pollMs) await read();
        startDue();
      } catch (error) {
        log.error({ error: messageOf(error) }, "The schedules could not be read");
        readAt = clock.now() + afterTroubleMs;
      }
      const dueAt = running.size < parallel ? (heap.nextAt() ?? Infinity) : Infinity;
      const ms = Math.min(dueAt, readAt) - clock.now();
      // Only an earlier alarm, or the end, ends the sleep.
      if (ms > 0 && !signal.aborted) await clock.sleep(ms, { signal }).catch(() => {});
    }
  }

  return {
    async start() {
      await read();
      looping = loop();
    },
    async [Symbol.asyncDispose]() {
      ending.abort();
      await looping;
      await Promise.all(running.values());
    },
  };
}

/** Runs that begin side by side. */
const parallel = 64;
const afterTroubleMs = 5000;
