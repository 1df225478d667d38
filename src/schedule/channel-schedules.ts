import type { Clock } from "../core/clock.ts";
import { OpsthreadError } from "../core/errors.ts";
import type { ScheduleChange } from "../core/grant-words.ts";
import type { ThreadRef } from "../core/ids.ts";
import type { Schedule } from "../core/schedule.ts";
import type { ScheduleStore } from "../store/store.ts";
import { channelOf } from "./definition.ts";
import { nextText, stateText } from "./describe.ts";
import {
  type KnownSchedule,
  listSchedules,
  pauseSchedule,
  resumeSchedule,
  runScheduleNow,
} from "./manage.ts";

export interface ChannelSchedulesOptions {
  readonly store: ScheduleStore;
  readonly configured: readonly Schedule[];
  readonly clock: Clock;
}

/** What people of a channel are told of its schedules; of other channels' they learn nothing. */
export async function channelSchedules(
  thread: ThreadRef,
  options: ChannelSchedulesOptions,
): Promise<string> {
  const now = options.clock.now();
  const known = await schedulesOf(thread, options);
  if (known.length === 0) return "There are no schedules for this channel.";
  const lines = known.slice(0, maxShown).map((each) => {
    const { id, cron, timezone } = each.schedule;
    return `- **${id}** (\`${cron}\` ${timezone}): next ${nextText(each, now)}; ${stateText(each)}`;
  });
  const more = known.length - maxShown;
  return [...lines, ...(more > 0 ? [`- and ${more} more`] : [])].join("\n");
}

/**
 * Pauses, resumes or runs one of a channel's schedules; of other channels' there is none here. Tells what came of it.
 * @throws {OpsthreadError} `CONFIG_INVALID` where there is none, or it can't be done
 */
export async function changeChannelSchedule(
  thread: ThreadRef,
  { action, id, at }: ScheduleChange & { readonly at: number },
  options: ChannelSchedulesOptions,
): Promise<string> {
  const { store, configured, clock } = options;
  const isHere = (await schedulesOf(thread, options)).some(({ schedule }) => schedule.id === id);
  if (!isHere)
    throw new OpsthreadError(
      "CONFIG_INVALID",
      `Cannot ${action} schedule "${id}": this channel has none, "schedules" lists those that it has`,
    );
  const now = clock.now();
  // The time names the run, so that the same word runs it once.
  if (action === "run") await runScheduleNow(store, id, { configured, now: at });
  else await (action === "pause" ? pauseSchedule : resumeSchedule)(store, id, { configured, now });
  return `${done[action]} **${id}**.`;
}

const done = { pause: "Paused", resume: "Resumed", run: "Asked for a run of" } as const;

async function schedulesOf(
  { platform, workspace, channel }: ThreadRef,
  { store, configured }: ChannelSchedulesOptions,
): Promise<readonly KnownSchedule[]> {
  return (await listSchedules(store, { configured })).filter(({ schedule }) => {
    const place = channelOf(schedule.channel);
    return (
      place?.platform === platform && place.workspace === workspace && place.channel === channel
    );
  });
}

const maxShown = 30;
