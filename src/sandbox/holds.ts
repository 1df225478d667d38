import { readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import type { Owner } from "./process-owner.ts";
import { assertSessionId } from "./workspace-layout.ts";

/** Says on the disk which processes have a session's workspace open, so that the sweep of another leaves it alone. */
export interface Holds {
  hold(sessionId: string): Promise<void>;
  letGo(sessionId: string): Promise<void>;
  /** Sessions that living processes hold. What dead ones have left is removed. */
  held(): Promise<ReadonlySet<string>>;
  /** Whether another living process holds it. */
  isHeldByOther(sessionId: string): Promise<boolean>;
}

export function createHolds({
  folder,
  process,
}: {
  readonly folder: string;
  readonly process: Owner;
}): Holds {
  const fileOf = (sessionId: string): string => {
    assertSessionId(sessionId);
    return join(folder, `${sessionId}.held-${process.id}`);
  };

  /** The living processes that hold each session. */
  const holders = async (): Promise<ReadonlyMap<string, readonly string[]>> => {
    const found = new Map<string, readonly string[]>();
    for (const name of await readdir(folder)) {
      const [, sessionId, id] = /^(.+)\.held-([\w-]+)$/.exec(name) ?? [];
      if (sessionId === undefined || id === undefined) continue;
      if (await process.isAlive(id)) found.set(sessionId, [...(found.get(sessionId) ?? []), id]);
      else await rm(join(folder, name), { force: true });
    }
    return found;
  };

  return {
    hold: (sessionId) => writeFile(fileOf(sessionId), "", { mode: 0o600 }),
    letGo: (sessionId) => rm(fileOf(sessionId), { force: true }),
    held: async () => new Set((await holders()).keys()),
    isHeldByOther: async (sessionId) =>
      (await holders()).get(sessionId)?.some((id) => id !== process.id) === true,
  };
}
