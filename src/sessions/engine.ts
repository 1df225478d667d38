import type { Adapter, Inbound } from "../adapters/adapter.ts";
import { messageOf } from "../core/errors.ts";
import type { Queue } from "../queue/queue.ts";
import type { SandboxProvider } from "../sandbox/sandbox.ts";
import { createInbound } from "./accept.ts";
import { admit, type AdmitOptions } from "./admit.ts";
import { advanceSession, type AdvanceOptions } from "./advance.ts";
import { createApprovalCards } from "./approval-cards.ts";
import { createCheckpoints } from "./checkpoints.ts";
import { createOutbox, type OutboxOptions } from "./outbox.ts";
import { restingSandboxes } from "./resting-sandboxes.ts";
import { localTurnstile } from "./turnstile.ts";
import { createWaitingLine } from "./waiting-line.ts";
import { type Warmth, warmGraceMs } from "./warmth.ts";

export interface EngineOptions
  extends
    Omit<AdvanceOptions, "outbox" | "sandboxes" | "cards" | "checkpoints">,
    Pick<OutboxOptions, "pollMs" | "sendMs">,
    Partial<Pick<AdmitOptions, "turnstile" | "turnLimits">> {
  /**
   * What this process does of the work. Whoever runs turns also posts their answers, by the adapters' calls and without
   * their connections: it knows first that there is one, and posts go on while no gateway is there. Default `all`.
   */
  readonly role?: "all" | "gateway" | "worker";
  readonly queue: Queue;
  /** Belongs to who made it: `Engine.sandboxes` is what is to be disposed when the engine has stopped. */
  readonly sandboxes: SandboxProvider;
  /**
   * Names the disk that workspaces are on here, and has copies of them kept among the blobs: a session that was on another disk
   * goes on from its copy. Default: all processes have the same disk, and nothing is copied.
   */
  readonly place?: string | undefined;
  /** Which process has a session's sandbox warm. Default: there is one process. */
  readonly warmth?: Warmth | undefined;
  /** What can be asked for by name. Default: nothing. */
  readonly tasks?: Inbound["tasks"];
}

/** Sessions at work: events come in by the adapters, turns run off the queue, posts go out by the outbox. */
export interface Engine extends AsyncDisposable {
  /** The same sandboxes, some of which rest between turns. */
  readonly sandboxes: SandboxProvider;
  /** Takes up what earlier processes left, then begins to listen. */
  start(): Promise<void>;
  /** Resolves when no turn runs and nothing that is due waits to be posted. */
  idle(): Promise<void>;
  /** Begins no more turns, lets running ones end for up to `graceMs`, and leaves the rest for the next start. */
  stop(options: { readonly graceMs: number }): Promise<void>;
}

export function createEngine(options: EngineOptions): Engine {
  const { role = "all", queue, adapters, clock, log, warmth } = options;
  const { turnstile = localTurnstile(), turnLimits = {} } = options;
  const limited = { ...options, turnstile, turnLimits };
  const sandboxes = restingSandboxes(options.sandboxes, {
    clock,
    log,
    onRest: (sessionId, ms) => warmth?.hold(sessionId, ms),
    onWoken: (sessionId) => warmth?.letGo(sessionId),
  });
  const { place, blobs } = options;
  const checkpoints =
    place === undefined ? undefined : createCheckpoints({ blobs, sandboxes, place, log });
  if (place !== undefined && !checkpoints)
    log.warn(
      { sandbox: sandboxes.name },
      "Workspaces are not copied: this sandbox driver can't give them",
    );
  const line = createWaitingLine(limited);
  const inbound = createInbound({ ...options, line });
  const cards = createApprovalCards(options);
  const outbox = createOutbox({ ...options, onSent: (post) => cards.posted(post) });
  let stopping: Promise<void> | undefined;

  const stop = async (graceMs: number): Promise<void> => {
    // What still comes in meanwhile is stored, and waits for the next start.
    await queue.drain({ graceMs });
    await outbox[Symbol.asyncDispose]();
    await line[Symbol.asyncDispose]();
    await cards[Symbol.asyncDispose]();
    await Promise.all(Array.from(adapters.values(), (adapter) => closeQuietly(adapter, log)));
  };
  const engine: Engine = {
    sandboxes,
    async start() {
      if (role !== "gateway") {
        const advancing = {
          ...options,
          sandboxes,
          cards,
          checkpoints,
          outbox,
        };
        queue.start(async (sessionId, { signal }) => {
          if (!(await warmth?.offer(sessionId)))
            return admit(sessionId, limited, () =>
              advanceSession(sessionId, advancing, { signal }),
            );
          // Whoever is woken then finds it done, or takes it.
          queue.wake(sessionId, { delayMs: warmGraceMs });
        });
        warmth?.onOffer((sessionId) => queue.take?.(sessionId));
        outbox.kick();
        cards.resume();
      }
      if (role === "worker") return;
      for (const adapter of adapters.values()) await adapter.start(inbound);
    },
    async idle() {
      await queue.idle();
      await outbox.idle();
      await cards.idle();
    },
    stop({ graceMs }) {
      stopping ??= stop(graceMs);
      return stopping;
    },
    [Symbol.asyncDispose]: () => engine.stop({ graceMs: 0 }),
  };
  return engine;
}

async function closeQuietly(adapter: Adapter, log: EngineOptions["log"]): Promise<void> {
  try {
    await adapter[Symbol.asyncDispose]();
  } catch (error) {
    log.warn({ platform: adapter.platform, error: messageOf(error) }, "An adapter did not close");
  }
}
