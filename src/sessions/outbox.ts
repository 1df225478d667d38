import type { Adapter } from "../adapters/adapter.ts";
import { linkedController } from "../core/abort.ts";
import type { Clock } from "../core/clock.ts";
import { isOpsthreadError, messageOf } from "../core/errors.ts";
import type { Logger } from "../core/logger.ts";
import type { Post } from "../core/post.ts";
import { noTracer, type Span, type Tracer } from "../core/trace.ts";
import type { Blobs } from "../store/blobs.ts";
import type { Appended, ClaimOptions, PostClaim, PostOutcome, Store } from "../store/store.ts";

export interface OutboxOptions {
  readonly store: Store;
  readonly blobs: Blobs;
  /** By platform. */
  readonly adapters: ReadonlyMap<string, Adapter>;
  readonly clock: Clock;
  readonly log: Logger;
  /** Names this process in claims. */
  readonly holder: string;
  /** Posts sent side by side; those of one session always go one after the other. Default 8. */
  readonly parallel?: number;
  /** How often the store is asked for what other processes left. Default: there are none, and it is not. */
  readonly pollMs?: number;
  /** How long one send may take, milliseconds. Default 60,000. */
  readonly sendMs?: number;
  readonly tracer?: Tracer;
  /** A post is in its thread. */
  readonly onSent?: (post: Post) => void;
}

/** Brings posts from the store to their platforms: each at least once tried, none twice shown, in order per session. */
export interface Outbox extends AsyncDisposable {
  /** Writes posts into the store by `append`, and sends the first of them at once where the write could claim it. */
  bring(append: (claim?: ClaimOptions) => Promise<Appended>): Promise<Appended>;
  /** There may be something to send. */
  kick(): void;
  /** Resolves when nothing is due and nothing is being sent. */
  idle(): Promise<void>;
}

export function createOutbox(options: OutboxOptions): Outbox {
  const { store, clock, log, holder, parallel = 8, pollMs, tracer = noTracer } = options;
  // Longer than a send may take, so that a claim expires only with its process.
  const claimMs = (options.sendMs ?? defaultSendMs) * 1.5;
  const ending = new AbortController();
  const sending = new Set<Promise<void>>();
  /** Claims that are being asked for with a write. */
  let claiming = 0;
  let pumping: Promise<void> | undefined;
  let again = false;
  let alarm: AbortController | undefined;

  const kick = (): void => {
    again = true;
    if (ending.signal.aborted) return;
    pumping ??= pump();
  };

  async function pump(): Promise<void> {
    try {
      while (again && !ending.signal.aborted) {
        again = false;
        await fill();
        await setAlarm();
      }
    } catch (error) {
      log.error({ error: messageOf(error) }, "The outbox could not read the store");
      wakeIn(retryStoreMs);
    }
    // At once, so that no kick comes between the last look and this.
    pumping = undefined;
  }

  const isFull = (): boolean => sending.size + claiming >= parallel;

  async function fill(): Promise<void> {
    while (!isFull() && !ending.signal.aborted) {
      const until = clock.now() + claimMs;
      const claim = await store.claimPost({ holder, ttlMs: claimMs });
      if (!claim) return;
      begin(claim, until);
    }
  }

  function begin(claim: PostClaim, until: number): void {
    const sent: Promise<void> = deliver(claim, until).then((isLast) => end(sent, isLast));
    sending.add(sent);
  }

  function end(sent: Promise<void>, isLast: boolean): void {
    const othersMayWait = isFull();
    sending.delete(sent);
    if (othersMayWait || !isLast) kick();
  }

  /** Whether nothing is left to send of its session. */
  async function deliver(claim: PostClaim, until: number): Promise<boolean> {
    using span = spanOf(claim, tracer);
    try {
      const outcome = await span.run(() => send(claim, options, { until, ended: ending.signal }));
      tell(span, outcome);
      if (outcome.type === "sent") options.onSent?.(claim.post);
      report(claim, outcome, log);
      const left = await store.settlePost(claim, outcome);
      if (left === "lost") log.warn({ key: claim.post.key }, "A post took longer than its claim");
      return left === "none";
    } catch (error) {
      log.error({ key: claim.post.key, error: messageOf(error) }, "A post could not be settled");
      wakeIn(retryStoreMs);
      return false;
    }
  }

  async function setAlarm(): Promise<void> {
    const at = isFull() ? undefined : await store.nextPostAt();
    const ms = at === undefined ? Infinity : Math.max(at - clock.now(), 1);
    if (at !== undefined || pollMs !== undefined) wakeIn(Math.min(ms, pollMs ?? Infinity));
  }

  function wakeIn(ms: number): void {
    alarm?.abort();
    if (ending.signal.aborted) return;
    alarm = new AbortController();
    clock.sleep(ms, { signal: alarm.signal }).then(kick, () => {}); // A later alarm, or the end.
  }

  return {
    async bring(append) {
      const until = clock.now() + claimMs;
      const room = isFull() || ending.signal.aborted ? 0 : 1;
      claiming += room;
      let claim: PostClaim | undefined;
      try {
        const appended = await (room > 0 ? append({ holder, ttlMs: claimMs }) : append());
        ({ claim } = appended);
        return appended;
      } finally {
        claiming -= room;
        if (claim) begin(claim, until);
        else kick();
      }
    },

    kick,
    async idle() {
      for (;;) {
        if (!pumping && sending.size === 0) return;
        await Promise.all([pumping, ...sending]);
      }
    },
    async [Symbol.asyncDispose]() {
      ending.abort();
      alarm?.abort();
      await pumping;
      await Promise.all(sending);
    },
  };
}

/**
 * Sends one post, after making sure, where it may have been sent before, that it was not. A process that stood still
 * does not send what another may have taken over meanwhile: the claim ends at `until`.
 */
async function send(
  claim: PostClaim,
  { adapters, blobs, clock, sendMs = defaultSendMs }: OutboxOptions,
  { until, ended }: { readonly until: number; readonly ended: AbortSignal },
): Promise<PostOutcome> {
  const { post, attempt } = claim;
  const adapter = adapters.get(post.thread.platform);
  if (!adapter)
    return { type: "rejected", error: `No adapter for platform "${post.thread.platform}"` };
  using sending = linkedController(ended, AbortSignal.timeout(sendMs));
  const { signal } = sending.controller;
  const assertHeld = (): void => {
    if (clock.now() > until - sendMs) throw new Error("the claim is nearly over");
  };
  let asked = false;
  try {
    assertHeld();
    if (claim.ambiguous) {
      const found = await adapter.findPost(post.thread, post.key, { signal });
      if (found) return { type: "sent", messageId: found.messageId };
    }
    assertHeld();
    asked = true;
    const open = (artifact: { readonly blob: string }) => blobs.open(artifact.blob);
    const { messageId } = await adapter.post(post, { signal, open });
    return { type: "sent", messageId };
  } catch (error) {
    const again = { type: "retry" as const, error: messageOf(error) };
    const notBefore = clock.now() + backoffMs(attempt);
    // Not sent: what was ambiguous still is.
    if (!asked) return { ...again, notBefore, ambiguous: claim.ambiguous };
    if (isOpsthreadError(error, "ADAPTER_POST_REJECTED"))
      return { type: "rejected", error: error.message };
    if (isOpsthreadError(error, "ADAPTER_RATE_LIMITED")) {
      const wait = Number(error.data["retryAfterMs"]);
      const known = Number.isFinite(wait) ? clock.now() + wait : notBefore;
      return { ...again, notBefore: known, ambiguous: false };
    }
    if (isOpsthreadError(error, "ADAPTER_POST_FAILED"))
      return { ...again, notBefore, ambiguous: false };
    return { ...again, notBefore: Math.max(notBefore, clock.now() + underWayMs), ambiguous: true };
  }
}

/** Part of its turn, whichever process delivers it. */
function spanOf({ post, attempt, ambiguous }: PostClaim, tracer: Tracer): Span {
  const { sessionId, turn, key, kind, thread, artifacts, trace } = post;
  const about = { key, kind, platform: thread.platform, artifacts: artifacts.length };
  const facts = { session: sessionId, turn, ...about, attempt, ambiguous };
  return tracer.start("post", facts, { parent: trace });
}

function tell(span: Span, outcome: PostOutcome): void {
  span.set({ outcome: outcome.type });
  if (outcome.type === "sent") span.set({ messageId: outcome.messageId });
  else span.fail(outcome.type, outcome.error);
}

function report({ post, attempt }: PostClaim, outcome: PostOutcome, log: Logger): void {
  const data = { sessionId: post.sessionId, key: post.key, attempt };
  if (outcome.type === "sent") log.debug({ ...data, messageId: outcome.messageId }, "Posted");
  else if (outcome.type === "retry")
    log.warn({ ...data, error: outcome.error }, "A post is retried");
  else log.error({ ...data, error: outcome.error }, "A post was refused for good");
}

/** 1 s, 2 s, 4 s, … up to five minutes. */
const backoffMs = (attempt: number): number => Math.min(1000 * 2 ** (attempt - 1), 300_000);
/** What was sent and has no answer may still be on its way: who looks for it too soon does not find it, and sends it twice. */
const underWayMs = 3000;
const defaultSendMs = 60_000;
const retryStoreMs = 1000;
