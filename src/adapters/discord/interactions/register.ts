import { z } from "zod";

import type { Clock } from "../../../core/clock.ts";
import { messageOf } from "../../../core/errors.ts";
import type { Logger } from "../../../core/logger.ts";
import type { DiscordApi, HttpMethod } from "../api.ts";
import { patiently } from "../patiently.ts";
import { type CommandDefinition, commandsOf } from "./commands.ts";

/** Where commands are: everywhere, in some guilds by id, or nowhere. */
export type CommandPlaces = "everywhere" | "nowhere" | readonly string[];

export interface WantedCommands {
  readonly applicationId: string;
  readonly name: string;
  readonly places: CommandPlaces;
  /** Guilds that may have commands from a former configuration. */
  readonly guilds: readonly string[];
}

interface Registered {
  added: number;
  changed: number;
  removed: number;
}

/** A bot without commands still answers mentions, so it goes on. */
export async function keepCommands(
  given: {
    readonly api: DiscordApi;
    readonly clock: Clock;
    readonly log: Logger;
    readonly signal: AbortSignal;
  },
  { applicationId, name, places, guilds }: WantedCommands,
): Promise<void> {
  const { log, signal } = given;
  const done = { added: 0, changed: 0, removed: 0 };
  const wanted = commandsOf(name);
  const listed = typeof places === "string" ? [] : places;
  for (const guild of [undefined, ...new Set([...listed, ...guilds])]) {
    const isWanted = guild === undefined ? places === "everywhere" : listed.includes(guild);
    const route =
      `/applications/${applicationId}${guild === undefined ? "" : `/guilds/${guild}`}/commands` as const;
    try {
      await keepAt(route, { here: isWanted ? wanted : [], wanted, done }, given);
    } catch (error) {
      if (signal.aborted) return;
      // Of one in which nothing is wanted, and that lets the app have no commands, nothing is missing.
      const level = guild === undefined || isWanted ? "warn" : "debug";
      const place = guild === undefined ? {} : { guild };
      log[level]({ ...place, error: messageOf(error) }, "Commands could not be registered");
    }
  }
  log.info(done, "Commands are registered");
}

/**
 * Brings the commands in one place to what they should be. What is so already is left alone: only 200 may be made a day.
 * Commands of the app that are not the adapter's own are not touched.
 */
async function keepAt(
  route: `/${string}`,
  {
    here,
    wanted,
    done,
  }: {
    readonly here: readonly CommandDefinition[];
    readonly wanted: readonly CommandDefinition[];
    readonly done: Registered;
  },
  {
    api,
    clock,
    signal,
  }: { readonly api: DiscordApi; readonly clock: Clock; readonly signal: AbortSignal },
): Promise<void> {
  const call = (method: HttpMethod, at: `/${string}`, body?: CommandDefinition): Promise<unknown> =>
    patiently(() => api.call(method, at, { ...(body && { body }), signal }), { clock, signal });
  const there = Commands.parse(await call("GET", route));
  for (const definition of here) {
    const known = there.find((each) => isSame(each, definition));
    if (!known) {
      await call("POST", route, definition);
      done.added += 1;
    } else if (!hasAll(known, definition)) {
      await call("PATCH", `${route}/${known.id}`, definition);
      done.changed += 1;
    }
  }
  for (const each of there) {
    const isOwn = wanted.some((definition) => isSame(each, definition));
    if (!isOwn || here.some((definition) => isSame(each, definition))) continue;
    await call("DELETE", `${route}/${each.id}`);
    done.removed += 1;
  }
}

const isSame = (
  { type, name }: { readonly type: number; readonly name: string },
  definition: CommandDefinition,
): boolean => type === definition.type && name === definition.name;

/** Whether all that is wanted is there; Discord fills in more than one says. */
function hasAll(there: unknown, wanted: unknown): boolean {
  if (Array.isArray(wanted)) {
    const list: readonly unknown[] = Array.isArray(there) ? there : [];
    return (
      list.length === wanted.length && wanted.every((each, index) => hasAll(list[index], each))
    );
  }
  if (typeof wanted !== "object" || wanted === null) return there === wanted;
  if (typeof there !== "object" || there === null) return false;
  return Object.entries(wanted).every(([key, value]) => hasAll(Reflect.get(there, key), value));
}

const Commands = z.array(
  z.looseObject({ id: z.string(), name: z.string(), type: z.number().int().default(1) }),
);
