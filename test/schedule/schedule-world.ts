import { rm } from "node:fs/promises";
import { setImmediate as tick } from "node:timers/promises";

import type { Adapter, ThreadOpening } from "../../src/adapters/adapter.ts";
import { abortable } from "../../src/core/abort.ts";
import { OpsthreadError } from "../../src/core/errors.ts";
import { threadId, type ThreadRef } from "../../src/core/ids.ts";
import type { Logger } from "../../src/core/logger.ts";
import type { Post } from "../../src/core/post.ts";
import type { Schedule, ScheduleRecord } from "../../src/core/schedule.ts";
import { ScheduleDefinition } from "../../src/schedule/definition.ts";
import { createScheduler, type Scheduler } from "../../src/schedule/scheduler.ts";
import { sqliteStore } from "../../src/store/sqlite/index.ts";
import type { Store } from "../../src/store/store.ts";
import { type ManualClock, manualClock } from "../../src/testing/manual-clock.ts";
import { temporaryFolder } from "../store/temporary-folder.ts";

export const minute = 60_000;
export const hour = 60 * minute;

export const schedule = (given: Partial<Schedule> = {}): Schedule =>
  ScheduleDefinition.parse({
    id: "nightly",
    cron: "0 * * * *",
    message: "look at the logs",
    channel: "test:w1:ops",
    ...given,
  });

/** What a scheduler works with, without turns: the test plays the bot that answers. */
export interface ScheduleWorld extends AsyncDisposable {
  readonly store: Store;
  readonly clock: ManualClock;
  /** Threads that were opened on the platform, in order. */
  readonly opened: (ThreadOpening & { readonly thread: ThreadRef })[];
  /** What the next calls of openThread() meet, in order. */
  readonly troubles: (() => "taken" | Error)[];
  readonly schedulers: readonly Scheduler[];
  readonly logged: { readonly level: string; readonly message: string; readonly data: object }[];
  /** Another process, with these in its configuration. */
  start(schedules: readonly Schedule[], changes?: { readonly store?: Store }): Promise<Scheduler>;
  /** Lets time pass, and what it wakes come to rest. */
  pass(ms: number): Promise<void>;
  /** What the clock on the wall says is another time from here on. */
  jump(ms: number): void;
  /** The thread that was opened as number `index`. */
  thread(index: number): ThreadRef;
  /** What a dead process waits for. */
  never<T>(): Promise<T>;
  record(id?: string): Promise<ScheduleRecord | undefined>;
  /** What was said to sessions, by thread. */
  said(): Promise<readonly string[]>;
  /** Answers what a session was told, and has the platform take it. */
  answer(
    thread: ThreadRef,
    post?: { readonly kind?: Post["kind"]; readonly markdown?: string; readonly refused?: string },
  ): Promise<void>;
}

export async function scheduleWorld(
  startsAt = Date.UTC(2026, 5, 1, 11, 30),
): Promise<ScheduleWorld> {
  const manual = manualClock(startsAt);
  let offset = 0;
  const clock = { ...manual, now: () => manual.now() + offset };
  const ended = new AbortController();
  const folder = await temporaryFolder();
  const store = await sqliteStore({ folder, clock });
  const logged: { level: string; message: string; data: object }[] = [];
  const opened: (ThreadOpening & { thread: ThreadRef })[] = [];
  const troubles: (() => "taken" | Error)[] = [];
  const schedulers: Scheduler[] = [];
  const adapter = platform({ opened, troubles });
  const log = recording(logged);
  let processes = 0;
  const rest = async (): Promise<void> => {
    for (let round = 0; round < 20; round += 1) await tick();
  };

  return {
    store,
    clock,
    opened,
    troubles,
    schedulers,
    logged,
    async start(schedules, { store: own = store } = {}) {
      const scheduler = createScheduler({
        store: own,
        schedules,
        adapters: new Map([["test", adapter]]),
        accept: (message) => own.accept(message, { opens: true }),
        redact: (text) => text,
        clock,
        log,
        pollMs: minute,
        holder: `process-${(processes += 1)}`,
      });
      schedulers.push(scheduler);
      await scheduler.start();
      await rest();
      return scheduler;
    },
    async pass(ms) {
      await clock.advance(ms);
      await rest();
    },
    jump(ms) {
      offset += ms;
    },
    thread(index) {
      const thread = opened[index]?.thread;
      if (!thread) throw new Error(`No thread ${index} was opened`);
      return thread;
    },
    never: () => abortable(new Promise(() => {}), ended.signal),
    async record(id = "nightly") {
      const all = await store.schedules({ after: 0, limit: 100 });
      return all.find((each) => each.id === id)?.record;
    },
    async said() {
      const found: string[] = [];
      for (const { sessionId, thread } of await store.sessions({ limit: 100 }))
        for (const { message } of await store.readInbox(sessionId, { after: 0 }))
          found.push(`${thread.thread}: ${message.text}`);
      return found.toSorted();
    },
    async answer(thread, { kind = "answer", markdown = "All is well.", refused } = {}) {
      const { sessionId = "" } =
        (await store.sessions({ limit: 100 })).find(
          (each) => threadId(each.thread) === threadId(thread),
        ) ?? {};
      const lease = await store.lease(sessionId, { holder: "worker", ttlMs: 1000 });
      if (!lease) throw new Error(`No session of ${thread.thread}`);
      const unread = await store.readInbox(sessionId, { after: 0 });
      const key = `${sessionId} ${unread.map(({ seq }) => seq).join(" ")}`;
      const scheduled = unread.map(({ message }) => message.id);
      const about = { key, sessionId, thread, turn: 1, artifacts: [] };
      await store.append(lease, {
        after: (await store.readJournal(sessionId, { after: 0 })).length,
        entries: [{ v: 1, turn: 1, at: clock.now(), type: "note", text: "answered" }],
        posts: [{ ...about, kind, markdown, scheduled }],
        inboxThrough: unread.at(-1)?.seq ?? 0,
      });
      await store.release(lease, { done: true });
      const claim = await store.claimPost({ holder: "worker", ttlMs: 1000 });
      if (claim)
        await store.settlePost(
          claim,
          refused === undefined
            ? { type: "sent", messageId: `m ${key.slice(-1)}` }
            : { type: "rejected", error: refused },
        );
    },
    async [Symbol.asyncDispose]() {
      ended.abort();
      for (const scheduler of schedulers) await scheduler[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
}

function platform({ opened, troubles }: Pick<ScheduleWorld, "opened" | "troubles">): Adapter {
  const unused = (): never => {
    throw new Error("unused");
  };
  return {
    platform: "test",
    start: unused,
    post: unused,
    findPost: unused,
    showProgress: unused,
    download: unused,
    async openThread(opening, { signal }) {
      await tick();
      signal.throwIfAborted();
      const trouble = troubles.shift()?.();
      const known =
        opening.since === undefined ? undefined : opened.find(({ key }) => key === opening.key);
      if (known) return known.thread;
      if (trouble !== undefined && trouble !== "taken") throw trouble;
      const thread = { ...opening.channel, thread: `t${opened.length + 1}` };
      opened.push({ ...opening, thread });
      if (trouble === "taken")
        throw new OpsthreadError("ADAPTER_POST_UNKNOWN", "the connection was lost");
      return thread;
    },
    async [Symbol.asyncDispose]() {},
  };
}

function recording(logged: { level: string; message: string; data: object }[]): Logger {
  const at =
    (level: string) =>
    (data: object, message: string): void =>
      void logged.push({ level, message, data });
  const log = { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
  return { ...log, child: () => recording(logged) };
}
