import { setTimeout as delay } from "node:timers/promises";

import { isOpsthreadError } from "../../core/errors.ts";
import { type Aftermath, killedWith } from "./exec-run.ts";
import type { Keeper, KeeperView } from "./keeper.ts";
import { identityOf, leftoversAmong, type ProcessStat } from "./leftovers.ts";

/** Finds out what commands leave in their container. */
export interface AftermathWatch {
  /** The kernel's kills for want of memory that are known of by now. */
  readonly memoryKills: number;
  /** Rejects when the container is gone. */
  lookAfter(ended: EndedCommand): Promise<Aftermath>;
  /** Whether anything goes on in the background. */
  isBusy(): Promise<boolean>;
}

export interface EndedCommand {
  readonly code: number;
  /** Processes that it may leave. */
  readonly mayLeave: number;
  /** Other commands ran meanwhile. */
  readonly hadCompany: boolean;
  /** {@link AftermathWatch.memoryKills} when it started. */
  readonly memoryKills: number;
}

export function watchAftermath(keeper: Keeper): AftermathWatch {
  /** What earlier commands left: it is told once. */
  const told = new Set<string>();
  let memoryKills = 0;

  const untold = ({ processes }: KeeperView): readonly ProcessStat[] =>
    leftoversAmong(processes).filter((process) => !told.has(identityOf(process)));

  /** Processes of a pipe may end a moment after it. */
  const staying = async (view: KeeperView): Promise<readonly ProcessStat[]> => {
    const seen = new Set(untold(view).map(identityOf));
    if (seen.size === 0) return [];
    await delay(settleMs);
    return untold(await keeper.look()).filter((process) => seen.has(identityOf(process)));
  };

  return {
    get memoryKills() {
      return memoryKills;
    },
    async lookAfter({ code, mayLeave, hadCompany, memoryKills: before }) {
      try {
        const view = await keeper.look();
        memoryKills = Math.max(memoryKills, view.memoryKills);
        const outOfMemory = view.memoryKills > before && (code === killedCode || !hadCompany);
        const left = await staying(view);
        for (const process of left) told.add(identityOf(process));
        return left.length > mayLeave
          ? { background: 0, outOfMemory, endBecause: killedWith("left too many processes") }
          : { background: left.length, outOfMemory };
      } catch (error) {
        if (isOpsthreadError(error, "SANDBOX_LOST")) throw error;
        // What it left can't be known, so it must not stay.
        return { background: 0, outOfMemory: false, endBecause: "it did not answer in time" };
      }
    },
    async isBusy() {
      return leftoversAmong((await keeper.look()).processes).length > 0;
    },
  };
}

/** What the engine says of a command that SIGKILL ended. */
const killedCode = 137;
const settleMs = 50;
