import { z } from "zod";

import { OpsthreadError } from "../../core/errors.ts";
import type { Schedule } from "../../core/schedule.ts";
import { channelOf, ScheduleDefinition } from "../../schedule/definition.ts";

/** A schedule as it is written on a command line. */
export type GivenSchedule = Readonly<Record<keyof Schedule, unknown>>;

/** @throws {OpsthreadError} `CONFIG_INVALID` that names each option, and what is expected there */
export function scheduleFrom(given: GivenSchedule, platforms: readonly string[]): Schedule {
  const parsed = ScheduleDefinition.safeParse(given);
  if (!parsed.success)
    throw unusable(String(given.id), `\n${z.prettifyError(parsed.error)}`, parsed.error);
  const { platform = "" } = channelOf(parsed.data.channel) ?? {};
  if (platforms.includes(platform)) return parsed.data;
  throw unusable(
    parsed.data.id,
    ` the bot is not on "${platform}", expected a channel on ${platforms.join(" or ")}`,
  );
}

const unusable = (id: string, problem: string, cause?: unknown): OpsthreadError =>
  new OpsthreadError("CONFIG_INVALID", `Cannot add schedule "${id}":${problem}`, { cause });
