import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll } from "vitest";

import type { ThreadRef } from "../../src/core/ids.ts";
import { sqliteStore } from "../../src/store/sqlite/index.ts";
import type { Store } from "../../src/store/store.ts";
import { type ManualClock, manualClock } from "../../src/testing/manual-clock.ts";

/** One store on the disk for all tests of a file, which goes with them. Each test has threads of its own. */
export async function fileStore(clock = manualClock()): Promise<{
  readonly clock: ManualClock;
  readonly store: Store;
  readonly newThread: (channel?: string) => ThreadRef;
}> {
  const folder = mkdtempSync(join(tmpdir(), "opsthread-sessions-"));
  const store = await sqliteStore({ folder, clock });
  afterAll(async () => {
    await store[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });
  let threads = 0;
  return {
    clock,
    store,
    newThread(channel = "c") {
      threads += 1;
      return { platform: "test", workspace: "w", channel, thread: `t${threads}` };
    },
  };
}
