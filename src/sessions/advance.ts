import { Stopped } from "../core/abort.ts";
import { isOpsthreadError, messageOf } from "../core/errors.ts";
import type { Lease } from "../store/store.ts";
import type { Outbox } from "./outbox.ts";
import { Session } from "./session.ts";
import { runTurn, type TurnOptions } from "./turn.ts";

export interface AdvanceOptions extends TurnOptions {
  /** Names this process in leases. */
  readonly holder: string;
  /** How long a lease lives without being renewed, milliseconds. */
  readonly leaseMs: number;
  /** Whether the workspace is kept after each turn that used it, where the sandbox driver can. */
  readonly snapshots: boolean;
  readonly outbox: Pick<Outbox, "bring">;
}

/**
 * Advances one session as far as it goes: under its lease, turn after turn until its inbox is empty. Without the
 * lease it does nothing: the holder looks into the inbox before it lets go, and a dead holder's lease expires.
 */
export async function advanceSession(
  sessionId: string,
  options: AdvanceOptions,
  { signal }: { readonly signal: AbortSignal },
): Promise<void> {
  const { store, holder, leaseMs, log, checkpoints } = options;
  const lease = await store.lease(sessionId, { holder, ttlMs: leaseMs });
  if (!lease) return;
  await using keeper = keepLease(lease, options, signal);
  let session: Session | undefined;
  try {
    const redact = (text: string): string => options.redactor.text(text);
    session = await Session.load({ ...options, lease, redact });
    options.cards.watch(session);
    for (;;) {
      const { usedSandbox } = await runTurn(session, options, { signal: keeper.signal });
      options.cards.watch(session);
      if (usedSandbox || session.files.touched)
        await checkpoints?.keep(session, { signal: keeper.signal });
      if (usedSandbox && options.snapshots)
        await takeSnapshot(sessionId, options, { signal: keeper.signal });
      keeper.signal.throwIfAborted();
      if ((await store.release(lease, { done: true })) !== "inbox-not-empty") return;
    }
  } catch (error) {
    if (lostLease(error)) {
      log.warn(
        { sessionId, epoch: lease.epoch },
        "Lost the lease of a session; another worker has it",
      );
      return;
    }
    if (error instanceof Stopped && error.by === "shutdown" && session?.files.touched)
      await checkpoints?.keep(session, { signal: AbortSignal.timeout(leavingMs) });
    await store.release(lease, { done: false });
    if (!(error instanceof Stopped)) throw error;
    log.info({ sessionId, by: error.by }, "Left a session for later");
  }
}

/**
 * Keeps the workspace as the turn left it, once its answer is on its way. Under the lease, so that no turn writes
 * meanwhile; what goes on in the background may. The journal says nothing of it: which snapshots there are is the driver's to know, and nothing else follows
 * from one. Without one nothing is lost but a way back.
 */
async function takeSnapshot(
  sessionId: string,
  { sandboxes, log }: AdvanceOptions,
  { signal }: { readonly signal: AbortSignal },
): Promise<void> {
  try {
    const taken = await sandboxes.snapshots?.take(sessionId, { signal });
    if (taken)
      log.debug({ sessionId, snapshotId: taken.id, bytes: taken.bytes }, "Took a snapshot");
  } catch (error) {
    if (signal.aborted) return;
    log.warn({ sessionId, error: messageOf(error) }, "No snapshot was taken");
  }
}

/** How long whoever goes on may be kept waiting for the files. */
const leavingMs = 5000;

const lostLease = (error: unknown): boolean =>
  isOpsthreadError(error, "STORE_FENCED") ||
  (error instanceof Stopped && error.by === "lease-lost");

/** Renews the lease in the background; its signal aborts when the lease is gone, or with `signal`. */
function keepLease(
  lease: Lease,
  { store, clock, leaseMs, log }: AdvanceOptions,
  signal: AbortSignal,
): AsyncDisposable & { readonly signal: AbortSignal } {
  const gone = new AbortController();
  const done = new AbortController();
  const keeping = (async () => {
    while (!done.signal.aborted) {
      await clock.sleep(leaseMs / 3, { signal: done.signal });
      if (!(await store.renew(lease, { ttlMs: leaseMs }))) gone.abort(new Stopped("lease-lost"));
    }
  })().catch((error: unknown) => {
    if (done.signal.aborted) return;
    log.error({ sessionId: lease.sessionId, error: messageOf(error) }, "A lease was not renewed");
    gone.abort(new Stopped("lease-lost"));
  });
  return {
    signal: AbortSignal.any([signal, gone.signal]),
    async [Symbol.asyncDispose]() {
      done.abort();
      await keeping;
    },
  };
}
