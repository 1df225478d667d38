import { readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import type { Owner } from "./process-owner.ts";

/** Says on the disk which processes have a session's workspace open, so that the sweep of another leaves it alone. */
export interface Holds {
  hold(sessionId: string): Promise<void>;
  letGo(sessionId: string): Promise<void>;
  /** Sessions that living processes hold, this one included. What dead ones have left is removed. */
  held(): Promise<ReadonlySet<string>>;
}

export function createHolds({
  folder,
  process,
}: {
  readonly folder: string;
  readonly process: Owner;
}): Holds {
  const fileOf = (sessionId: string): string => join(folder, `${sessionId}.held-${process.id}`);
  return {
    hold: (sessionId) => writeFile(fileOf(sessionId), "", { mode: 0o600 }),
    letGo: (sessionId) => rm(fileOf(sessionId), { force: true }),
    async held() {
      const sessions = new Set<string>();
      for (const name of await readdir(folder)) {
        const [, sessionId, id] = /^(.+)\.held-([\w-]+)$/.exec(name) ?? [];
        if (sessionId === undefined || id === undefined) continue;
        if (await process.isAlive(id)) sessions.add(sessionId);
        else await rm(join(folder, name), { force: true });
      }
      return sessions;
    },
  };
}
