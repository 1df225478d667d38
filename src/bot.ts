import { randomUUID } from "node:crypto";
import { join, resolve } from "node:path";

import type { Agent } from "./agent/agent.ts";
import { opsAgent } from "./agent/agents/ops.ts";
import { countsMoney } from "./agent/budget-config.ts";
import type { Model } from "./agent/model.ts";
import { requirePrices } from "./agent/prices.ts";
import { builtinTools } from "./agent/tools/builtin.ts";
import { type BotOptions, readOptions } from "./bot-options.ts";
import type { Audit } from "./core/audit.ts";
import { systemClock } from "./core/clock.ts";
import { silentLogger } from "./core/logger.ts";
import { openTracing } from "./observe/open-tracing.ts";
import { openAgents } from "./open-agents.ts";
import { openBlobs } from "./open-blobs.ts";
import { openDurable } from "./open-durable.ts";
import { openMcp } from "./open-mcp.ts";
import { openModel } from "./open-model.ts";
import { openSandboxes, type SandboxConfig } from "./open-sandboxes.ts";
import { instanceOf } from "./sandbox/instance.ts";
import type { SandboxProvider } from "./sandbox/sandbox.ts";
import { changeChannelSchedule, channelSchedules } from "./schedule/channel-schedules.ts";
import { openScheduler, requireAdapters } from "./schedule/open-scheduler.ts";
import { createAccess } from "./security/access.ts";
import { auditFile } from "./security/audit.ts";
import { createRedactor, type Redactor } from "./security/redact.ts";
import { defaultApprovals } from "./sessions/default-approvals.ts";
import { createEngine } from "./sessions/engine.ts";
import { pruneSessions } from "./sessions/retention.ts";
import type { Store } from "./store/store.ts";
import { diff } from "./tasks/diff/index.ts";
import { logs } from "./tasks/logs/index.ts";

export type { BotOptions } from "./bot-options.ts";

/** A bot at work. Dispose ends it; what it had not finished waits for the next start. */
export interface Bot extends AsyncDisposable {
  readonly store: Store;
  readonly model: Model;
  readonly sandboxes: SandboxProvider;
  /** Takes up what was left, then listens. */
  start(): Promise<void>;
  /** Resolves when no turn runs and every post that is due is out. */
  idle(): Promise<void>;
  /** Ends: running turns get `graceMs` to finish (default 0), everything else is kept for the next start. */
  stop(options?: { readonly graceMs?: number }): Promise<void>;
}

/**
 * Builds a bot from its parts. It does nothing before `start()`.
 *
 * @example
 * await using bot = await createBot({ adapters: [consoleAdapter({ workspace })], access: { admins: ["console:local:you"] } });
 * await bot.start();
 *
 * @throws {OpsthreadError} `CONFIG_INVALID`, `STORE_LOCKED`, `STORE_SCHEMA_NEWER`
 */
export async function createBot(options: BotOptions): Promise<Bot> {
  const { clock = systemClock, log = silentLogger } = options;
  const dataFolder = resolve(options.dataFolder ?? ".opsthread");
  const { tasks = [logs, diff], sources = [], mode = "steer", retentionDays = 90 } = options;
  const read = readOptions(options);
  const { permissions, limits, rules, budgets, prices, schedules, role, worker, turnLimits } = read;
  const gate = createAccess(read.access);
  const { keys = {}, secrets = [] } = options;
  const ownKeys = Object.values(keys).filter((key) => key !== undefined && key !== "");
  const redactor = createRedactor({ literals: [...secrets, ...ownKeys] });
  const audit =
    options.audit ??
    auditFile({
      folder: join(dataFolder, "audit"),
      redact: (value) => redactor.value(value),
      log,
    });
  const tracing = openTracing(options.tracing ?? {}, {
    dataFolder,
    redact: (text) => redactor.text(text),
    clock,
    log,
  });
  const { image, model: wanted = "offline" } = options;
  const modelNamed = (names: string | readonly string[]): Promise<Model> =>
    openModel([names].flat(), {
      keys,
      tasks,
      clock,
      ...(options.urls && { urls: options.urls }),
      ...(options.compaction && { compaction: options.compaction }),
      ...(options.retry && { retry: options.retry }),
    });
  const model = typeof wanted === "string" || isNames(wanted) ? await modelNamed(wanted) : wanted;
  const agents = await openAgents(agentsOf(options), {
    route: options.route,
    fallback: opsAgent.name,
    model,
    openModel: modelNamed,
    builtins: builtinTools({ tasks }),
    guardrails: options.guardrails ?? [],
    place: () => ({ sandbox: driver.capabilities, permissions, limits, sources }),
    log,
  });
  const mcp = await openMcp(read.mcpServers, {
    secrets: options.network?.secrets ?? [],
    redact: (text) => redactor.text(text),
    clock,
    log,
  });
  if (countsMoney(budgets))
    for (const agent of agents.byName.values()) requirePrices(agent.model, prices);
  const adapters = new Map(options.adapters.map((adapter) => [adapter.platform, adapter]));
  requireAdapters(schedules, adapters);
  const opened = await openBlobs(options.blobs, { dataFolder });
  const { blobs } = opened;
  const several = options.redis !== undefined || options.store !== undefined;
  const copies = options.checkpoints ?? (opened.areApart && several);
  // First: it refuses a second process on the same folder.
  const durable = await openDurable({
    dataFolder,
    redis: read.redis,
    store: options.store,
    queue: options.queue,
    role,
    concurrency: worker,
    clock,
    log,
  });
  const { store, queue, control, turnstile, warmth, leaseMs, pollMs } = durable;
  const driver =
    options.sandboxes ??
    (await strongestSandboxes(options, { config: read.sandbox, audit, redactor }).catch(
      async (error: unknown) => {
        if (!options.store) await durable[Symbol.asyncDispose]();
        throw error;
      },
    ));
  const holder = randomUUID();
  const scheduler = openScheduler(schedules, {
    ...durable,
    role,
    adapters,
    tracer: tracing.tracer,
    redact: (text) => redactor.text(text),
    holder,
    clock,
    log,
  });
  const engine = createEngine({
    role,
    store,
    queue,
    ...(pollMs !== undefined && { pollMs }),
    ...(options.sendMs !== undefined && { sendMs: options.sendMs }),
    blobs,
    sandboxes: driver,
    gate,
    redactor,
    clock,
    log,
    adapters,
    agents,
    tasks,
    schedules(thread, change) {
      const of = { store, configured: schedules, clock };
      return change ? changeChannelSchedule(thread, change, of) : channelSchedules(thread, of);
    },
    ...(mcp && { toolSource: mcp }),
    sandbox: { permissions, limits, sources },
    ...(image !== undefined && { image: typeof image === "function" ? image : () => image }),
    policy: {
      ...defaultApprovals,
      secrets: (options.network?.secrets ?? []).map(({ name }) => name),
      ...options.approvals,
      rules,
    },
    audit,
    tracer: tracing.tracer,
    snapshots: options.snapshots ?? true,
    place: copies && role !== "gateway" ? await instanceOf(join(dataFolder, "sandbox")) : undefined,
    budgets,
    prices,
    mode: typeof mode === "function" ? mode : () => mode,
    maxAttachmentBytes: options.maxAttachmentBytes ?? 1024 ** 3,
    maxAttempts: 5,
    control,
    turnstile,
    turnLimits,
    warmth,
    holder,
    leaseMs,
  });

  const { sandboxes } = engine;
  let stopping: Promise<void> | undefined;
  const stop = async (graceMs: number): Promise<void> => {
    await scheduler?.[Symbol.asyncDispose]();
    await engine.stop({ graceMs });
    await mcp?.[Symbol.asyncDispose]();
    await sandboxes[Symbol.asyncDispose]();
    await durable[Symbol.asyncDispose]();
    await tracing[Symbol.asyncDispose]();
    await opened[Symbol.asyncDispose]();
  };
  const bot: Bot = {
    store,
    model,
    sandboxes,
    async start() {
      const { name, capabilities } = sandboxes;
      log.info({ sandbox: name, isolation: capabilities.isolation }, "Starting");
      // A gateway reads and writes none.
      if (role !== "gateway") await blobs.check?.({ signal: new AbortController().signal });
      const idleBefore = clock.now() - retentionDays * 86_400_000;
      if (retentionDays > 0 && role !== "gateway")
        await pruneSessions({ store, sandboxes, blobs, idleBefore, log });
      if (role !== "gateway") mcp?.start();
      await engine.start();
      await scheduler?.start();
    },
    idle: () => engine.idle(),
    stop({ graceMs = 0 } = {}) {
      stopping ??= stop(graceMs);
      return stopping;
    },
    [Symbol.asyncDispose]: () => bot.stop(),
  };
  return bot;
}

/** Those that are configured, `ops` among them whether it is or not. */
function agentsOf({ agents = [], instructions, tools }: BotOptions): readonly Agent[] {
  const ops = { ...opsAgent, ...(instructions && { instructions }), ...(tools && { tools }) };
  const own = agents.map((agent) => (agent.name === ops.name ? { ...ops, ...agent } : agent));
  return agents.some(({ name }) => name === ops.name) ? own : [...own, ops];
}

const isNames = (wanted: Model | readonly string[]): wanted is readonly string[] =>
  Array.isArray(wanted);

async function strongestSandboxes(
  { log = silentLogger, ...options }: BotOptions,
  {
    config,
    audit,
    redactor,
  }: { readonly config: SandboxConfig; readonly audit: Audit; readonly redactor: Redactor },
): Promise<SandboxProvider> {
  const { provider, passedOver } = await openSandboxes({
    dataFolder: resolve(options.dataFolder ?? ".opsthread"),
    config,
    network: {
      ...options.network,
      redact: (text) => redactor.text(text),
      audit: (event) => audit({ event: "egress", ...event }),
    },
    log,
    signal: new AbortController().signal,
  });
  for (const { name, reason } of passedOver) log.info({ sandbox: name, reason }, "Passed over");
  return provider;
}
