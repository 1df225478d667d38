import { readFileSync } from "node:fs";

import type { z } from "zod";

import { parseStored } from "../../core/journal.ts";
import type { RedisClient } from "../../redis/connect.ts";

/** Each is one atomic operation: see the head of its file. */
const names = [
  "accept",
  "append",
  "apply",
  "claim-post",
  "fence-mark",
  "forget",
  "lease",
  "look",
  "mark",
  "next-post",
  "read-inbox",
  "read-posts",
  "read-schedules",
  "release",
  "remove",
  "renew",
  "reserve",
  "revise",
  "schedule-posts",
  "settle-post",
  "unmark",
  "write-schedules",
] as const;

export type ScriptName = (typeof names)[number];

/** Runs a script; its answer is checked against `schema`. */
export type RunScript = <T>(
  name: ScriptName,
  schema: z.ZodType<T>,
  call: { readonly keys: readonly string[]; readonly args?: readonly (string | number)[] },
) => Promise<T>;

export function defineScripts(client: RedisClient): RunScript {
  const read = (name: string): string =>
    readFileSync(new URL(`scripts/${name}.lua`, import.meta.url), "utf8");
  const prelude = read("prelude");
  for (const name of names) client.defineCommand(name, { lua: `${prelude}\n${read(name)}` });

  return async (name, schema, { keys, args = [] }) => {
    const command: unknown = Reflect.get(client, name);
    if (typeof command !== "function") throw new TypeError(`Redis has no command "${name}"`);
    const answer: unknown = await Reflect.apply(command, client, [keys.length, ...keys, ...args]);
    return parseStored(schema, asValue(answer), `what the script "${name}" answered`);
  };
}

/** `parseStored` takes text for JSON. */
function asValue(answer: unknown): unknown {
  return typeof answer === "string" ? JSON.stringify(answer) : answer;
}
