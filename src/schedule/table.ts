import { setImmediate } from "node:timers/promises";

import type { Clock } from "../core/clock.ts";
import type { Logger } from "../core/logger.ts";
import type { Schedule, ScheduleRecord } from "../core/schedule.ts";
import type { ScheduleStore, StoredSchedule } from "../store/store.ts";
import { type Rule, ruleText } from "./rule.ts";
import { type Write, writeTogether } from "./write-together.ts";

/** A schedule as this process knows it. */
export interface Entry {
  readonly id: string;
  readonly schedule: Schedule;
  record: ScheduleRecord;
  version: number;
}

/** All schedules: those of the configuration, and those that were added to the store. */
export interface Table {
  readonly entries: ReadonlyMap<string, Entry>;
  /** Reads what was written since the last time. Resolves with what is another one now. */
  refresh(): Promise<readonly Entry[]>;
  /** Where the clock went back by far, decides anew what comes next. Resolves with what is another one now. */
  realign(): Promise<readonly Entry[]>;
  /** Writes the record, unless the schedule is another one by now: then what it is by now is read, and it resolves with false. */
  write(entry: Entry, record: ScheduleRecord): Promise<boolean>;
}

export interface TableOptions {
  readonly store: ScheduleStore;
  readonly configured: readonly Schedule[];
  readonly ruleOf: (schedule: Schedule) => Rule;
  readonly clock: Clock;
  readonly log: Logger;
}

export function createTable({ store, configured, ruleOf, clock, log }: TableOptions): Table {
  const own = new Map(configured.map((schedule) => [schedule.id, schedule]));
  const entries = new Map<string, Entry>();
  const put = writeTogether(store);
  let newest = 0;
  let isFirst = true;
  let reading: Promise<readonly Entry[]> | undefined;

  /** What is stored as this process takes it: the configuration's own definition comes first. */
  const apply = ({ id, version, record }: StoredSchedule): Entry | undefined => {
    const known = entries.get(id);
    if (known && known.version >= version) return undefined;
    const schedule = own.get(id) ?? record?.definition;
    if (!schedule || !record) {
      entries.delete(id);
      return undefined;
    }
    const isSame = known && JSON.stringify(known.schedule) === JSON.stringify(schedule);
    if (!isSame) entries.set(id, { id, schedule, record, version });
    else Object.assign(known, { record, version });
    return entries.get(id);
  };

  async function read(): Promise<readonly Entry[]> {
    const changed = new Set<Entry>();
    for (;;) {
      const lot = await store.schedules({ after: newest, limit: lotSize });
      for (const stored of lot) {
        const entry = apply(stored);
        if (entry) changed.add(entry);
      }
      newest = lot.at(-1)?.version ?? newest;
      if (lot.length < lotSize) break;
      await setImmediate();
    }
    for (const entry of await keepConfigured()) changed.add(entry);
    await realign([...changed]);
    return [...changed];
  }

  /** Writes the records of what is new in the configuration, and of what has another rule since. */
  async function keepConfigured(): Promise<readonly Entry[]> {
    const added = configured.filter((schedule) => {
      const record = entries.get(schedule.id)?.record;
      return !record || (isFirst && record.rule !== ruleText(schedule));
    });
    isFirst = false;
    const writes: Write[] = [];
    for (const [index, schedule] of added.entries()) {
      // Reading many rules takes a while.
      if (index % 50 === 49) await setImmediate();
      const { id } = schedule;
      const { record: old, version = 0 } = entries.get(id) ?? {};
      const base = old ?? { paused: false, queued: [] };
      const anew = ruled(schedule, ruleOf, clock.now());
      if (anew.nextAt === undefined)
        log.warn({ schedule: id, cron: schedule.cron }, "A schedule's only time has passed");
      writes.push({ id, version, record: { ...base, ...anew } });
    }
    if (writes.length === 0) return [];
    const versions = await store.writeSchedules(writes);
    return writes.flatMap(({ id, record }, index) => {
      const version = versions[index];
      // Another process was first: that is read the next time.
      return (version !== undefined && apply({ id, version, record })) || [];
    });
  }

  /** Of these, those that were decided by a clock that was ahead by far. */
  async function realign(some: readonly Entry[]): Promise<readonly Entry[]> {
    const now = clock.now();
    const ahead = some.filter(({ record }) => record.decidedAt > now + clocksDifferMs);
    for (const entry of ahead) {
      const { id, schedule, record, version: before } = entry;
      const decided = new Date(record.decidedAt).toISOString();
      log.warn({ schedule: id, decided }, "The clock went back: the next run is decided anew");
      const anew = { ...record, ...ruled(schedule, ruleOf, now) };
      const version = await put({ id, version: before, record: anew });
      // Where another process was first, that is read the next time.
      if (version !== undefined) Object.assign(entry, { record: anew, version });
    }
    return ahead;
  }

  async function write(entry: Entry, record: ScheduleRecord): Promise<boolean> {
    const { id, version: before } = entry;
    const version = await put({ id, version: before, record });
    if (version !== undefined) {
      Object.assign(entry, { record, version });
      return true;
    }
    await refresh();
    // Not even removed: that is long ago.
    if (entries.get(id)?.version === before) entries.delete(id);
    return false;
  }

  /** One at a time: what is read last must be what is known last. */
  const refresh = async (): Promise<readonly Entry[]> => {
    reading ??= read().finally(() => {
      reading = undefined;
    });
    return reading;
  };
  return { entries, refresh, realign: () => realign([...entries.values()]), write };
}

const lotSize = 500;
const clocksDifferMs = 60 * 60_000;

/** What follows from the rule alone. */
export function ruled(
  schedule: Schedule,
  ruleOf: (schedule: Schedule) => Rule,
  now: number,
): Pick<ScheduleRecord, "rule" | "nextAt" | "decidedAt"> {
  return { rule: ruleText(schedule), nextAt: ruleOf(schedule).next(now), decidedAt: now };
}
