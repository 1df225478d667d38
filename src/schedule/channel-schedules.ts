import type { Clock } from "../core/clock.ts";
import type { ThreadRef } from "../core/ids.ts";
import type { Schedule } from "../core/schedule.ts";
import type { ScheduleStore } from "../store/store.ts";
import { channelOf } from "./definition.ts";
import { nextText, stateText } from "./describe.ts";
import { listSchedules } from "./manage.ts";

/** What people of a channel are told of its schedules; of other channels' they learn nothing. */
export async function channelSchedules(
  { platform, workspace, channel }: ThreadRef,
  {
    store,
    configured,
    clock,
  }: {
    readonly store: ScheduleStore;
    readonly configured: readonly Schedule[];
    readonly clock: Clock;
  },
): Promise<string> {
  const now = clock.now();
  const known = (await listSchedules(store, { configured })).filter(({ schedule }) => {
    const place = channelOf(schedule.channel);
    return (
      place?.platform === platform && place.workspace === workspace && place.channel === channel
    );
  });
  if (known.length === 0) return "There are no schedules for this channel.";
  const lines = known.slice(0, maxShown).map((each) => {
    const { id, cron, timezone } = each.schedule;
    return `- **${id}** (\`${cron}\` ${timezone}): next ${nextText(each, now)}; ${stateText(each)}`;
  });
  const more = known.length - maxShown;
  return [...lines, ...(more > 0 ? [`- and ${more} more`] : [])].join("\n");
}

const maxShown = 30;
