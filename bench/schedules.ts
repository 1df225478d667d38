/**
 * Very many schedules in one process, on the embedded store: what they take, how long a bot with them takes to start, and how late
 * runs begin when very many come due in the same second. The wall clock is set ahead, so that nobody waits for a full minute.
 *   --schedules 10000
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

import type { Adapter } from "../dist/adapters/adapter.js";
import { type Clock, systemClock } from "../dist/core/clock.js";
import { type Logger, silentLogger } from "../dist/core/logger.js";
import type { Schedule } from "../dist/core/schedule.js";
import { ScheduleDefinition } from "../dist/schedule/definition.js";
import { createScheduler, type Scheduler } from "../dist/schedule/scheduler.js";
import { sqliteStore } from "../dist/store/sqlite/index.js";
import type { Store } from "../dist/store/store.js";
import { type Figure, type Flags, percentile } from "./harness.ts";

export async function run(flags: Flags): Promise<Figure[]> {
  const count = Number(flags["schedules"] ?? 10_000);
  return [
    ...(await resting(count)),
    ...(await bursting({ count: 100, jitterMs: 0 })),
    ...(await bursting({ count, jitterMs: 0 })),
    ...(await bursting({ count, jitterMs: 30_000 })),
  ];
}

/** Each has a rule of its own. */
const spread = (index: number): string =>
  `${index % 60} ${Math.floor(index / 60) % 24} * * ${Math.floor(index / 1440) % 7}`;

async function resting(count: number): Promise<Figure[]> {
  await using world = await openWorld();
  const schedules = Array.from({ length: count }, (_, index) => definition(index, spread(index)));
  collect();
  const before = process.memoryUsage().heapUsed;
  const first = await timed(() => world.start(schedules));
  await first.result[Symbol.asyncDispose]();
  const again = await timed(() => world.start(schedules));
  await delay(100);
  collect();
  const bytes = process.memoryUsage().heapUsed - before;
  const armed = world.timers();
  await again.result[Symbol.asyncDispose]();
  const of = `${count} schedules`;
  return [
    { name: `memory of each of ${of}`, unit: "kB", ours: bytes / count / 1000, target: 5 },
    { name: `timers of ${of}`, unit: "", ours: armed, target: 1 },
    { name: `first start with ${of}, each with a rule of its own`, unit: "ms", ours: first.ms },
    { name: `start with ${of}`, unit: "ms", ours: again.ms, target: 2000 },
  ];
}

async function bursting({
  count,
  jitterMs,
}: {
  readonly count: number;
  readonly jitterMs: number;
}): Promise<Figure[]> {
  const late: number[] = [];
  await using world = await openWorld({ aheadMs: 60_000 - (Date.now() % 60_000) - leadMs, late });
  const schedules = Array.from({ length: count }, (_, index) => ({
    ...definition(index, "* * * * *"),
    jitterMs,
    thread: "daily",
  }));
  await using _ = await world.start(schedules);
  const until = Date.now() + 600_000;
  while (late.length < count && Date.now() < until) await delay(50);
  const times = late.slice(0, count);
  const floor = await accepting(count);
  const sameTime = jitterMs > 0 ? `within ${jitterMs / 1000} s` : "in the same second";
  return [50, 99, 100].map((percent) => ({
    name: `${count} due ${sameTime}: late by, ${percent === 100 ? "max" : `p${percent}`}`,
    unit: "ms",
    ours: times.length < count ? Number.NaN : percentile(times, percent),
    peer: percentile(floor, percent),
    peerName: "accepting as many messages, begun at once",
    ...(count === 100 && percent === 99 && { target: Math.max(1000, 2 * percentile(floor, 99)) }),
  }));
}

/** What nothing that says so many messages can go below: how long after the beginning each was accepted. */
async function accepting(count: number): Promise<readonly number[]> {
  await using world = await openWorld();
  const startedAt = performance.now();
  const times: number[] = [];
  for (let index = 0; index < count; index += 1) {
    await world.accept(index);
    times.push(performance.now() - startedAt);
  }
  return times;
}

/** Before the full minute, so that all have been read by then. */
const leadMs = 15_000;

const definition = (index: number, cron: string): Schedule =>
  ScheduleDefinition.parse({
    id: `s${index}`,
    cron,
    message: "Look at the logs of last night",
    channel: `bench:w1:c${index}`,
  });

async function openWorld({
  aheadMs = 0,
  late = [],
}: { readonly aheadMs?: number; readonly late?: number[] } = {}) {
  const folder = await mkdtemp(join(tmpdir(), "opsthread-bench-"));
  let sleeping = 0;
  const clock: Clock = {
    now: () => Date.now() + aheadMs,
    async sleep(ms, options) {
      sleeping += 1;
      try {
        await systemClock.sleep(ms, options);
      } finally {
        sleeping -= 1;
      }
    },
  };
  const store = await sqliteStore({ folder, clock });
  return {
    timers: () => sleeping,
    accept: (index: number) =>
      store.accept(
        {
          id: `m${index}`,
          thread: { platform: "bench", workspace: "w1", channel: `c${index}`, thread: "daily" },
          actor: { id: "bench", roles: [] },
          kind: "command",
          text: "Look at the logs of last night",
          attachments: [],
          sentAt: clock.now(),
        },
        { opens: true },
      ),
    async start(schedules: readonly Schedule[]): Promise<Scheduler> {
      const scheduler = schedulerOn(store, { schedules, clock, late });
      await scheduler.start();
      return scheduler;
    },
    async [Symbol.asyncDispose]() {
      await store[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function schedulerOn(
  store: Store,
  {
    schedules,
    clock,
    late,
  }: {
    readonly schedules: readonly Schedule[];
    readonly clock: Clock;
    readonly late: number[];
  },
): Scheduler {
  const log: Logger = {
    ...silentLogger,
    info(data, message) {
      if (message === "A schedule runs" && "lateMs" in data) late.push(Number(data.lateMs));
    },
  };
  return createScheduler({
    store,
    schedules,
    adapters: new Map([["bench", adapter]]),
    accept: (message) => store.accept(message, { opens: true }),
    redact: (text) => text,
    clock,
    log,
    holder: "bench",
  });
}

const unused = (): never => {
  throw new Error("unused");
};
const adapter: Adapter = {
  platform: "bench",
  start: unused,
  post: unused,
  findPost: unused,
  showProgress: unused,
  download: unused,
  openThread: async ({ channel, key }) => ({ ...channel, thread: key }),
  async [Symbol.asyncDispose]() {},
};

async function timed<T>(
  work: () => Promise<T>,
): Promise<{ readonly ms: number; readonly result: T }> {
  const startedAt = performance.now();
  const result = await work();
  return { result, ms: performance.now() - startedAt };
}

function collect(): void {
  setFlagsFromString("--expose-gc");
  const gc: unknown = runInNewContext("gc");
  if (typeof gc === "function") gc();
}
