import { setImmediate as tick } from "node:timers/promises";

import { z } from "zod";

import type { Adapter, ApprovalOutcome, Inbound, Received } from "../../src/adapters/adapter.ts";
import type { Agents, ReadyAgent } from "../../src/agent/agent.ts";
import { defaultBudgets } from "../../src/agent/budget.ts";
import type { Item, Model } from "../../src/agent/model.ts";
import type { Tool } from "../../src/agent/tool.ts";
import type { AuditRecord } from "../../src/core/audit.ts";
import { OpsthreadError } from "../../src/core/errors.ts";
import type { ThreadRef } from "../../src/core/ids.ts";
import type { Effect } from "../../src/core/journal.ts";
import { silentLogger } from "../../src/core/logger.ts";
import type { Message } from "../../src/core/message.ts";
import type { Post } from "../../src/core/post.ts";
import { localQueue } from "../../src/queue/local.ts";
import { Limits, Permissions } from "../../src/sandbox/permissions.ts";
import type { SandboxProvider } from "../../src/sandbox/sandbox.ts";
import { localControl } from "../../src/sessions/control.ts";
import { defaultApprovals } from "../../src/sessions/default-approvals.ts";
import { createEngine, type Engine, type EngineOptions } from "../../src/sessions/engine.ts";
import type { Mode } from "../../src/sessions/turn.ts";
import type { Store } from "../../src/store/store.ts";
import type { ManualClock } from "../../src/testing/manual-clock.ts";

/** What goes wrong at one write to the store. */
export type Trouble = "crash-before" | "crash-after" | "lease-lost";
/** What goes wrong at one send to the platform. */
export type PostTrouble =
  | "not-taken"
  | "taken-but-lost"
  | "rate-limited"
  | "crash-before"
  | "crash-after";

/** What differs from a bot that answers by number: of the engine, or of its one agent where `agents` names no others. */
export type WorldEngine = Partial<EngineOptions> &
  Partial<Pick<ReadyAgent, "model" | "tools" | "guardrails">>;

export interface WorldOptions {
  readonly store: Store;
  readonly clock: ManualClock;
  readonly mode?: Mode;
  readonly engine?: WorldEngine;
  readonly download?: Adapter["download"];
  /** By number of the write, counted over all processes. */
  readonly troubles?: ReadonlyMap<number, Trouble>;
  /** By number of the send. */
  readonly postTroubles?: ReadonlyMap<number, PostTrouble>;
  /** Waits for what takes real time, such as the answer of a server. */
  readonly answered?: () => Promise<void>;
}

/**
 * A whole bot in one process, on a real store, with a platform, a model and tools that keep account of what happened.
 * Its process can end at any write: everything of that process is then dead, and a new one starts on the same store.
 */
export class World {
  /** What the platform shows, in order. */
  readonly shown: Post[] = [];
  /** What was shown in the place of cards' buttons, in order. */
  readonly closed: ApprovalOutcome[] = [];
  /** The progress lines that were shown, in order; undefined where one was taken away. */
  readonly progress: (string | undefined)[] = [];
  /** Those of turns that another process ran before. */
  readonly takenUp: (string | undefined)[] = [];
  /** Execution ids of tools that had an effect, once per run. */
  readonly effects: { readonly tool: string; readonly id: string; readonly note: string }[] = [];
  readonly audited: AuditRecord[] = [];
  crashes = 0;
  readonly #options: WorldOptions;
  #stalled: Promise<void> = Promise.resolve();
  #writes = 0;
  #sends = 0;
  #process: Process | undefined;
  #starting: Promise<Process> | undefined;

  constructor(options: WorldOptions) {
    this.#options = options;
  }

  /** How many writes the store was asked for. */
  get writes(): number {
    return this.#writes;
  }

  /** Delivers an event as a platform would: again and again until it is acknowledged. */
  async deliver(message: Message): Promise<Received | undefined> {
    for (;;) {
      const process = await this.#running();
      try {
        return await process.inbound?.receive(message);
      } catch (error) {
        if (!(error instanceof Crash)) throw error;
      }
    }
  }

  /** Lets the bot work for `rounds` turns of the event loop. */
  async work(rounds: number): Promise<void> {
    for (let round = 0; round < rounds; round += 1) {
      await this.#running();
      await tick();
    }
  }

  /** Lets time pass and the bot work until nothing is left to do. */
  async settle(): Promise<void> {
    const { store } = this.#options;
    await this.until(async () => {
      const [dirty, postAt] = [await store.dirtySessions(), await store.nextPostAt()];
      const leased = (await store.sessions({ limit: 100 })).some((session) => session.dirty);
      return dirty.length === 0 && !leased && postAt === undefined;
    });
  }

  /** Lets time pass and the bot work until this is so. */
  async until(isSo: () => boolean | Promise<boolean>): Promise<void> {
    const { store, clock } = this.#options;
    for (let round = 0; round < 500; round += 1) {
      const process = await this.#running();
      for (const sessionId of await store.dirtySessions()) process.queue.wake(sessionId);
      await this.work(15);
      await this.#options.answered?.();
      if (this.#process?.dead !== false) continue;
      if (await isSo()) return;
      await clock.advance(3000);
    }
    throw new Error("The world does not come to rest");
  }

  /** The process stands still for too long: another worker takes the session over, and dies at once. */
  async steal(lease: unknown): Promise<void> {
    const { store, clock } = this.#options;
    if (typeof lease !== "object" || lease === null || !("sessionId" in lease)) return;
    let goOn = (): void => {};
    this.#stalled = new Promise((resolve) => {
      goOn = resolve;
    });
    await clock.advance(60_000);
    await store.lease(String(lease.sessionId), { holder: "thief", ttlMs: 1 });
    await clock.advance(2);
    goOn();
  }

  /** Ends the process; the next thing that happens starts a new one. With `kill` it does nothing on its way out. */
  async end(how: "shutdown" | "kill"): Promise<void> {
    const process = await this.#running();
    if (how === "shutdown") await process.engine[Symbol.asyncDispose]();
    process.dead = true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process?.engine[Symbol.asyncDispose]();
  }

  /** The live process; after a crash a new one, started once however many ask for it. */
  async #running(): Promise<Process> {
    if (this.#process && !this.#process.dead) return this.#process;
    this.#starting ??= this.#restart(this.#process).finally(() => {
      this.#starting = undefined;
    });
    return this.#starting;
  }

  async #restart(dead: Process | undefined): Promise<Process> {
    if (dead) {
      this.crashes += 1;
      // Nothing of a dead process goes on: whatever it still tries is refused, and this takes its timers away.
      await dead.engine[Symbol.asyncDispose]();
      // Its leases and claims run out.
      await this.#options.clock.advance(120_000);
    }
    const process = this.#start();
    this.#process = process;
    await process.engine.start();
    return process;
  }

  #start(): Process {
    const { clock, mode = "steer", engine = {} } = this.#options;
    const process: Process = {
      dead: false,
      queue: localQueue({ concurrency: 4, clock }),
    } as Process;
    const adapter = this.#adapter(process);
    process.engine = createEngine({
      store: this.#troubled(process),
      queue: process.queue,
      blobs: { put: unused, open: unused, remove: unused },
      sandboxes: noSandboxes,
      gate: { check: () => ({ allowed: true }) },
      redactor: { text: (text) => text, stream: (chunks) => chunks },
      clock,
      log: silentLogger,
      adapters: new Map([[adapter.platform, adapter]]),
      agents: agentsOf({
        model: accountant,
        tools: [
          this.#tool("once", "at-most-once"),
          this.#tool("keyed", "idempotent"),
          this.#tool("look", "pure"),
        ],
        ...engine,
      }),
      sandbox: { permissions: Permissions.parse({}), limits: Limits.parse({}), sources: [] },
      policy: defaultApprovals,
      audit: (record) => this.audited.push(record),
      snapshots: true,
      budgets: defaultBudgets,
      prices: {},
      mode: () => mode,
      maxAttachmentBytes: 1000,
      maxAttempts: 50,
      control: localControl(),
      holder: `process-${this.crashes}`,
      leaseMs: 15_000,
      ...engine,
    });
    return process;
  }

  /** The store as one process reaches it: dead with the process, and in trouble as planned. */
  #troubled(process: Process): Store {
    const { store, troubles } = this.#options;
    const guard =
      <Args extends unknown[], Result>(call: (...args: Args) => Promise<Result>, writes: boolean) =>
      async (...args: Args): Promise<Result> => {
        if (process.dead) throw new Crash();
        if (writes) this.#writes += 1;
        const trouble = writes ? troubles?.get(this.#writes) : undefined;
        if (trouble === "crash-before") return kill(process);
        if (trouble === "lease-lost") await this.steal(args[0]);
        const result = await call(...args);
        if (trouble === "crash-after") return kill(process);
        return result;
      };
    return {
      accept: guard((...args) => store.accept(...args), true),
      revise: guard((...args) => store.revise(...args), true),
      lease: guard((...args) => store.lease(...args), false),
      renew: guard(async (...args) => {
        await this.#stalled;
        return store.renew(...args);
      }, false),
      release: guard((...args) => store.release(...args), true),
      append: guard((...args) => store.append(...args), true),
      spent: guard((...args) => store.spent(...args), false),
      readInbox: guard((...args) => store.readInbox(...args), false),
      readJournal: guard((...args) => store.readJournal(...args), false),
      remembered: guard(() => store.remembered(), false),
      dirtySessions: guard(() => store.dirtySessions(), false),
      sessions: guard((...args) => store.sessions(...args), false),
      session: guard((...args) => store.session(...args), false),
      claimPost: guard((...args) => store.claimPost(...args), true),
      settlePost: guard((...args) => store.settlePost(...args), true),
      nextPostAt: guard(() => store.nextPostAt(), false),
      posts: guard((...args) => store.posts(...args), false),
      schedules: guard((...args) => store.schedules(...args), false),
      writeSchedules: guard((...args) => store.writeSchedules(...args), true),
      prune: guard((...args) => store.prune(...args), false),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }

  #adapter(process: Process): Adapter {
    return {
      platform: "test",
      start: (inbound) => {
        process.inbound = inbound;
        return Promise.resolve();
      },
      post: async (post) => {
        if (process.dead) throw new Crash();
        await Promise.resolve();
        const trouble = this.#options.postTroubles?.get((this.#sends += 1));
        if (trouble === "crash-before") return kill(process);
        if (trouble === "not-taken") throw new OpsthreadError("ADAPTER_POST_FAILED", "503");
        if (trouble === "rate-limited")
          throw new OpsthreadError("ADAPTER_RATE_LIMITED", "429", { data: { retryAfterMs: 5000 } });
        this.shown.push(post);
        if (trouble === "crash-after") return kill(process);
        if (trouble === "taken-but-lost") throw new Error("socket hang up");
        return { messageId: String(this.shown.length) };
      },
      findPost: async (_thread, key) => {
        if (process.dead) throw new Crash();
        await Promise.resolve();
        const index = this.shown.findIndex((post) => post.key === key);
        return index < 0 ? undefined : { messageId: String(index + 1) };
      },
      showProgress: (_thread, { markdown, isTakenUp = false }) => {
        this.progress.push(markdown);
        if (isTakenUp) this.takenUp.push(markdown);
        return Promise.resolve();
      },
      closeApproval: (_thread, outcome) => {
        if (!process.dead) this.closed.push(outcome);
        return Promise.resolve();
      },
      download: this.#options.download ?? unused,
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }

  /** Has its effect half way, so that a crash or a stop can come before and after. */
  #tool(name: string, effect: Effect): Tool<{ note: string }> {
    return {
      name,
      description: name,
      input: z.object({ note: z.string() }),
      parameters: {},
      effect,
      run: async ({ note }, { executionId, signal }) => {
        await tick();
        signal.throwIfAborted();
        this.effects.push({ tool: name, id: executionId, note });
        await tick();
        return { status: "ok", output: `did ${note}`, measures: {}, artifacts: [] };
      },
    };
  }
}

/** Agents of which the first is asked. */
export function agentsOf(
  ...agents: readonly (Partial<ReadyAgent> & Pick<ReadyAgent, "model">)[]
): Agents {
  const ready = agents.map(
    ({ name = "ops", tools = [], guardrails = [], handoffs = [], delegates = [], ...agent }) => ({
      description: name,
      instructions: () => `You are ${name}.`,
      ...agent,
      name,
      tools,
      guardrails,
      handoffs,
      delegates,
    }),
  );
  return {
    byName: new Map(ready.map((agent) => [agent.name, agent])),
    route: () => ready[0]?.name ?? "",
  };
}

interface Process {
  dead: boolean;
  engine: Engine;
  queue: ReturnType<typeof localQueue>;
  inbound?: Inbound;
}

export class Crash extends Error {}

function kill(process: Process): never {
  process.dead = true;
  throw new Crash();
}

const unused = (): never => {
  throw new Error("Not expected here");
};

const noSandboxes: SandboxProvider = {
  name: "none",
  capabilities: {
    isolation: "interpreter",
    realPrograms: false,
    network: false,
    reattach: false,
    measuresUse: false,
    limitations: [],
  },
  open: unused,
  remove: unused,
  [Symbol.asyncDispose]: () => Promise.resolve(),
};

/** Does what each message asks (`3 once` calls the tool "once"), then answers all of them by number. */
const accountant: Model = {
  name: "test/accountant",
  capabilities: { contextTokens: 1_000_000 },
  async *respond({ items }) {
    await Promise.resolve();
    const usage = { inputTokens: 1, outputTokens: 1 };
    const asked = unanswered(items);
    const called = new Set(
      items
        .flatMap((item) => (item.type === "assistant" ? item.response.toolCalls : []))
        .map((call) => call.callId),
    );
    const toolCalls = asked
      .filter(({ text }) => text.includes(" ") && !called.has(text))
      .map(({ text }) => ({
        callId: text,
        tool: text.split(" ")[1] ?? "",
        args: JSON.stringify({ note: text }),
      }));
    const numbers = asked.map(({ text }) => text.split(" ")[0]);
    const text = toolCalls.length > 0 ? "" : `answers ${numbers.join(" ")}`;
    yield { type: "completed", response: { text, toolCalls, usage } };
  },
};

function unanswered(items: readonly Item[]): readonly Extract<Item, { type: "user" }>[] {
  const lastAnswer = items.findLastIndex(
    (item) =>
      (item.type === "assistant" && item.response.toolCalls.length === 0) ||
      (item.type === "note" && item.text.includes("stopped")),
  );
  return items.slice(lastAnswer + 1).filter((item) => item.type === "user");
}

/** A message to the bot, numbered. */
export function messageTo(thread: ThreadRef, id: string, text: string): Message {
  return {
    id,
    thread,
    actor: { id: "U1", name: "Ada", roles: [] },
    kind: text === "stop" ? "stop" : "mention",
    text,
    attachments: [],
    sentAt: 0,
  };
}
