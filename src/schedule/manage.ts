import { OpsthreadError } from "../core/errors.ts";
import type { Schedule, ScheduleRecord } from "../core/schedule.ts";
import type { ScheduleStore, StoredSchedule } from "../store/store.ts";
import { readRule } from "./rule.ts";
import { ruled } from "./table.ts";

/** A schedule and how it stands. */
export interface KnownSchedule {
  readonly schedule: Schedule;
  /** Where its definition is. */
  readonly from: "configuration" | "command";
  /** Undefined until a bot with this configuration has run. */
  readonly record: ScheduleRecord | undefined;
}

interface Given {
  readonly configured: readonly Schedule[];
  readonly now: number;
}

/** All schedules, by id: those of the configuration, and those that were added by command. */
export async function listSchedules(
  store: ScheduleStore,
  { configured }: Pick<Given, "configured">,
): Promise<readonly KnownSchedule[]> {
  const stored = await readAll(store);
  const own = configured.map((schedule): KnownSchedule => {
    const record = stored.get(schedule.id)?.record;
    return { schedule, from: "configuration", record };
  });
  const ids = new Set(configured.map(({ id }) => id));
  const added = [...stored.values()].flatMap(({ id, record }): readonly KnownSchedule[] => {
    const schedule = record?.definition;
    return schedule && !ids.has(id) ? [{ schedule, from: "command", record }] : [];
  });
  return [...own, ...added].toSorted((a, b) => (a.schedule.id < b.schedule.id ? -1 : 1));
}

/** @throws {OpsthreadError} `CONFIG_INVALID` where there is one with its id, or its only time has passed */
export async function addSchedule(
  store: ScheduleStore,
  schedule: Schedule,
  { configured, now }: Given,
): Promise<ScheduleRecord> {
  const { id } = schedule;
  const isThere = (): OpsthreadError =>
    unusable(`add schedule "${id}"`, "there is one, expected another id, or remove it first");
  if (configured.some((each) => each.id === id)) throw isThere();
  const record = {
    definition: schedule,
    paused: false,
    queued: [],
    ...ruled(schedule, readRule, now),
  };
  if (record.nextAt === undefined)
    throw unusable(
      `add schedule "${id}"`,
      `"${schedule.cron}" has passed, expected a time to come`,
    );
  // A record without a definition is left of what was in the configuration once.
  const left = (await readAll(store)).get(id);
  if (left?.record?.definition) throw isThere();
  const [version] = await store.writeSchedules([{ id, version: left?.version ?? 0, record }]);
  if (version === undefined) throw isThere();
  return record;
}

/** What goes on is not ended by it. What waits for it does not run any more. */
export async function pauseSchedule(store: ScheduleStore, id: string, given: Given): Promise<void> {
  await change(store, id, {
    ...given,
    to: ({ record }) => record && { ...record, paused: true, queued: [] },
    action: "pause",
  });
}

/** It goes on with its next time: what came meanwhile was not missed. */
export async function resumeSchedule(
  store: ScheduleStore,
  id: string,
  given: Given,
): Promise<void> {
  await change(store, id, {
    ...given,
    to: ({ schedule, record }) =>
      record?.paused === true
        ? { ...record, paused: false, ...ruled(schedule, readRule, given.now) }
        : record,
    action: "resume",
  });
}

/** Lets it run now, once, or when the run that goes has ended. Its rule stays as it is. */
export async function runScheduleNow(
  store: ScheduleStore,
  id: string,
  given: Given,
): Promise<void> {
  await change(store, id, {
    ...given,
    to: ({ record }) => {
      if (record?.paused === true)
        throw unusable(`run schedule "${id}"`, "it is paused, expected it to be resumed first");
      return record && { ...record, queued: [...record.queued, given.now] };
    },
    action: "run",
  });
}

/** @throws {OpsthreadError} `CONFIG_INVALID` where there is none, or the configuration has it */
export async function removeSchedule(
  store: ScheduleStore,
  id: string,
  given: Given,
): Promise<void> {
  if (given.configured.some((schedule) => schedule.id === id))
    throw unusable(
      `remove schedule "${id}"`,
      'it is in the configuration, expected it to be taken out there; "pause" stops it meanwhile',
    );
  await change(store, id, { ...given, to: () => undefined, action: "remove" });
}

async function change(
  store: ScheduleStore,
  id: string,
  {
    configured,
    now,
    to,
    action,
  }: Given & {
    readonly to: (known: {
      readonly schedule: Schedule;
      readonly record: ScheduleRecord | undefined;
    }) => ScheduleRecord | undefined;
    readonly action: string;
  },
): Promise<void> {
  // A bot that runs may write in between, but not that often.
  for (let tries = 0; tries < maxTries; tries += 1) {
    const stored = (await readAll(store)).get(id);
    const own = configured.find((schedule) => schedule.id === id);
    const schedule = own ?? stored?.record?.definition;
    if (!schedule)
      throw unusable(`${action} schedule "${id}"`, 'there is none, "list" shows those that are');
    const { version = 0 } = stored ?? {};
    const record =
      stored?.record ?? (own && { paused: false, queued: [], ...ruled(own, readRule, now) });
    const [written] = await store.writeSchedules([
      { id, version, record: to({ schedule, record }) },
    ]);
    if (written !== undefined) return;
  }
  throw new OpsthreadError(
    "STORE_UNAVAILABLE",
    `Cannot ${action} schedule "${id}": it was changed each time, expected a quieter moment; try again`,
  );
}

const maxTries = 20;

/** Those that are there; of removed ones nothing. */
async function readAll(store: ScheduleStore): Promise<ReadonlyMap<string, StoredSchedule>> {
  const all = new Map<string, StoredSchedule>();
  for (let after = 0; ;) {
    const lot = await store.schedules({ after, limit: lotSize });
    for (const stored of lot) {
      if (stored.record) all.set(stored.id, stored);
      else all.delete(stored.id);
    }
    if (lot.length < lotSize) return all;
    after = lot.at(-1)?.version ?? after;
  }
}

const lotSize = 500;

const unusable = (action: string, problem: string): OpsthreadError =>
  new OpsthreadError("CONFIG_INVALID", `Cannot ${action}: ${problem}`);
