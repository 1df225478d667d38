import { isDeepStrictEqual } from "node:util";

import type { Clock } from "../core/clock.ts";
import { messageOf } from "../core/errors.ts";
import type { Logger } from "../core/logger.ts";
import type { Sandbox, SandboxProvider, SandboxSpec } from "../sandbox/sandbox.ts";

/** Sandboxes that may stay between the turns of their session. */
export interface RestingSandboxes extends SandboxProvider {
  /**
   * Leaves a sandbox to the session's next turn, with what runs in it in the background: for `limits.idleMs` at most,
   * and only for one who asks for the same permissions, limits, sources and image.
   */
  rest(sandbox: Sandbox): Promise<void>;
}

export interface RestingOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** A sandbox rests here for so long at most, or does not any more. */
  readonly onRest?: (sessionId: string, ms: number) => void;
  readonly onWoken?: (sessionId: string) => void;
  /** Sandboxes that rest at once; with one more, the one that has rested longest is closed. Default 32. */
  readonly most?: number;
}

export function restingSandboxes(
  provider: SandboxProvider,
  { clock, log, onRest, onWoken, most = 32 }: RestingOptions,
): RestingSandboxes {
  const specs = new WeakMap<Sandbox, SandboxSpec>();
  /** By session, the longest resting first. */
  const resting = new Map<string, { readonly sandbox: Sandbox; readonly woken: AbortController }>();

  const wake = (sessionId: string): Sandbox | undefined => {
    const found = resting.get(sessionId);
    resting.delete(sessionId);
    if (!found) return undefined;
    found.woken.abort();
    onWoken?.(sessionId);
    return found.sandbox;
  };
  const end = async (sessionId: string): Promise<void> => wake(sessionId)?.close();
  const { snapshots, checkpoints } = provider;

  return {
    name: provider.name,
    capabilities: provider.capabilities,
    ...(snapshots && {
      snapshots: {
        take: (sessionId, options) => snapshots.take(sessionId, options),
        list: (sessionId) => snapshots.list(sessionId),
        fork: (from, to, options) => snapshots.fork(from, to, options),
        async restore(sessionId, snapshotId, options) {
          await end(sessionId);
          await snapshots.restore(sessionId, snapshotId, options);
        },
      },
    }),

    ...(checkpoints && { checkpoints }),

    async open(spec, options) {
      const rested = wake(spec.sessionId);
      if (rested?.isAlive === true && isDeepStrictEqual(specs.get(rested), spec)) return rested;
      await rested?.close();
      const sandbox = await provider.open(spec, options);
      specs.set(sandbox, spec);
      return sandbox;
    },

    async rest(sandbox) {
      const spec = specs.get(sandbox);
      // An interpreter keeps nothing that would be missed, and takes its memory for as long as it is there.
      if (!spec || !provider.capabilities.realPrograms) return sandbox.close();
      const { sessionId } = sandbox;
      const woken = new AbortController();
      resting.set(sessionId, { sandbox, woken });
      onRest?.(sessionId, spec.limits.idleMs);
      const [longest] = resting.keys();
      if (resting.size > most && longest !== undefined) await end(longest);
      clock
        .sleep(spec.limits.idleMs, { signal: woken.signal })
        .then(() => end(sessionId))
        .catch((error: unknown) => {
          if (woken.signal.aborted && resting.get(sessionId)?.sandbox !== sandbox) return;
          log.warn({ sessionId, error: messageOf(error) }, "A resting sandbox could not be closed");
        });
    },

    async remove(sessionId) {
      await end(sessionId);
      await provider.remove(sessionId);
    },

    async [Symbol.asyncDispose]() {
      const ends = Array.from(resting.keys(), async (sessionId) => {
        await end(sessionId).catch((error: unknown) => {
          // The driver ends whatever is left of its sandboxes.
          log.warn({ sessionId, error: messageOf(error) }, "A resting sandbox could not be closed");
        });
      });
      await Promise.all(ends);
      await provider[Symbol.asyncDispose]();
    },
  };
}
