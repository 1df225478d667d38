import { z } from "zod";

import { messageOf } from "../../../core/errors.ts";
import type { Logger } from "../../../core/logger.ts";
import type { DiscordApi } from "../api.ts";
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
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
}

/** A bot without commands still answers mentions, so it goes on. */
export async function keepCommands(
  {
    api,
    log,
    signal,
  }: { readonly api: DiscordApi; readonly log: Logger; readonly signal: AbortSignal },
  wanted: WantedCommands,
): Promise<void> {
  try {
    const done = await registerCommands(api, { ...wanted, signal });
    log.info(done, "Commands are registered");
  } catch (error) {
    if (!signal.aborted) log.warn({ error: messageOf(error) }, "Commands could not be registered");
  }
}

/**
 * Brings the commands at Discord to what they should be. What is so already is left alone: only 200 may be made a day.
 * Commands of the app that are not the adapter's own are not touched.
 */
async function registerCommands(
  api: DiscordApi,
  {
    applicationId,
    name,
    places,
    guilds,
    signal,
  }: WantedCommands & { readonly signal: AbortSignal },
): Promise<Registered> {
  const count = { added: 0, changed: 0, removed: 0 };
  const wanted = commandsOf(name);
  const routeOf = (guild: string | undefined): `/${string}` =>
    guild === undefined
      ? `/applications/${applicationId}/commands`
      : `/applications/${applicationId}/guilds/${guild}/commands`;
  const listed = typeof places === "string" ? [] : places;
  const wantedAt = (guild: string | undefined): readonly CommandDefinition[] => {
    if (guild === undefined) return places === "everywhere" ? wanted : [];
    return listed.includes(guild) ? wanted : [];
  };
  for (const guild of [undefined, ...new Set([...listed, ...guilds])]) {
    const route = routeOf(guild);
    const there = Commands.parse(await api.call("GET", route, { signal }));
    const here = wantedAt(guild);
    for (const definition of here) {
      const known = there.find((each) => isSame(each, definition));
      if (!known) {
        await api.call("POST", route, { body: definition, signal });
        count.added += 1;
      } else if (!hasAll(known, definition)) {
        await api.call("PATCH", `${route}/${known.id}`, { body: definition, signal });
        count.changed += 1;
      }
    }
    for (const each of there) {
      const isOwn = wanted.some((definition) => isSame(each, definition));
      if (!isOwn || here.some((definition) => isSame(each, definition))) continue;
      await api.call("DELETE", `${route}/${each.id}`, { signal });
      count.removed += 1;
    }
  }
  return count;
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
