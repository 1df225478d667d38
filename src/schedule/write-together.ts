import type { ScheduleRecord } from "../core/schedule.ts";
import type { ScheduleStore, ScheduleWrite } from "../store/store.ts";

export type Write = ScheduleWrite & { readonly record: ScheduleRecord };

/**
 * Writes what comes at the same time in one go: a disk is synced, or a server asked, once for many. Resolves with the version, or
 * undefined for one that has another version by now.
 */
export function writeTogether(
  store: ScheduleStore,
): (write: ScheduleWrite) => Promise<number | undefined> {
  const waiting: Waiting[] = [];
  let writing = false;

  const flush = async (): Promise<void> => {
    // What is begun at the same moment comes along.
    await Promise.resolve();
    while (waiting.length > 0) {
      const lot = waiting.splice(0, lotSize);
      try {
        const versions = await store.writeSchedules(lot.map(({ write }) => write));
        for (const [index, { resolve }] of lot.entries()) resolve(versions[index]);
      } catch (error) {
        for (const { reject } of lot) reject(error);
      }
    }
    writing = false;
  };

  return (write) =>
    new Promise((resolve, reject) => {
      waiting.push({ write, resolve, reject });
      if (writing) return;
      writing = true;
      void flush();
    });
}

interface Waiting {
  readonly write: ScheduleWrite;
  readonly resolve: (version: number | undefined) => void;
  readonly reject: (error: unknown) => void;
}

const lotSize = 200;
