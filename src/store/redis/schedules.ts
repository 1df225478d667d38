import { z } from "zod";

import { parseStored } from "../../core/journal.ts";
import { ScheduleRecord } from "../../core/schedule.ts";
import type { ScheduleStore } from "../store.ts";
import type { Context } from "./context.ts";

/** Schedules, all in one slot, so that their versions are one sequence. */
export function schedules({ run, keys }: Context): Pick<ScheduleStore, keyof ScheduleStore> {
  const { records, versions, removed, newest } = keys.schedules;
  return {
    async schedules({ after, limit }) {
      const read = await run("read-schedules", Read, {
        keys: [records, versions],
        args: [after, Math.min(limit, mostAtOnce)],
      });
      return read.map(([id, version, text]) => ({
        id,
        version: Number(version),
        record: text === "" ? undefined : parseStored(ScheduleRecord, text, `schedule "${id}"`),
      }));
    },

    async writeSchedules(writes) {
      const written: (number | undefined)[] = [];
      for (let at = 0; at < writes.length; at += mostAtOnce) {
        const lot = writes.slice(at, at + mostAtOnce);
        const given = await run("write-schedules", z.array(z.number()), {
          keys: [records, versions, removed, newest],
          args: lot.flatMap(({ id, version, record }) => [
            id,
            version,
            record === undefined ? "" : JSON.stringify(record),
          ]),
        });
        written.push(...given.map((version) => (version === 0 ? undefined : version)));
      }
      return written;
    },
  };
}

/** Redis does nothing else meanwhile. */
const mostAtOnce = 500;
const Read = z.array(z.tuple([z.string(), z.string(), z.string()]));
