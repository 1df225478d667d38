import type { Adapter } from "../adapters/adapter.ts";
import { OpsthreadError } from "../core/errors.ts";
import type { Schedule } from "../core/schedule.ts";
import { acceptMessage } from "../sessions/accept.ts";
import { channelOf } from "./definition.ts";
import { createScheduler, type Scheduler, type SchedulerOptions } from "./scheduler.ts";

type Accepting = Parameters<typeof acceptMessage>[2];

/** The scheduler of a bot's process; undefined for one that only runs turns. */
export function openScheduler(
  schedules: readonly Schedule[],
  {
    role,
    ...options
  }: Omit<SchedulerOptions, "schedules" | "accept"> &
    Accepting & { readonly role: "all" | "gateway" | "worker" },
): Scheduler | undefined {
  if (role === "worker") return undefined;
  return createScheduler({
    ...options,
    schedules,
    accept: (message) => acceptMessage(message, { opens: true }, options),
  });
}

/** @throws {OpsthreadError} `CONFIG_INVALID` for a schedule that no adapter can serve */
export function requireAdapters(
  schedules: readonly Schedule[],
  adapters: ReadonlyMap<string, Adapter>,
): void {
  for (const [index, schedule] of schedules.entries())
    requireAdapter(schedule, { index, adapters });
}

function requireAdapter(
  { id, channel, thread }: Schedule,
  { index, adapters }: { readonly index: number; readonly adapters: ReadonlyMap<string, Adapter> },
): void {
  const platform = channelOf(channel)?.platform ?? "";
  const adapter = adapters.get(platform);
  const refuse = (problem: string): OpsthreadError =>
    new OpsthreadError("CONFIG_INVALID", `Cannot use schedules[${index}] ("${id}"): ${problem}`);
  if (!adapter) {
    const there = [...adapters.keys()].join(", ") || "none";
    throw refuse(
      `its channel "${channel}" is on "${platform}", which the bot is not on, expected one of ${there}`,
    );
  }
  if (!adapter.openThread && (thread === "new" || thread === "same"))
    throw refuse(`the adapter of "${platform}" begins no threads, expected "thread" to name one`);
}
