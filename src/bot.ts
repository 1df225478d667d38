import { randomUUID } from "node:crypto";
import { join, resolve } from "node:path";

import { z } from "zod";

import type { Adapter } from "./adapters/adapter.ts";
import type { Agent } from "./agent/agent.ts";
import { opsAgent } from "./agent/agents/ops.ts";
import { BudgetConfig, budgetsOf } from "./agent/budget-config.ts";
import { CallRules } from "./agent/call-rules.ts";
import type { Guardrail } from "./agent/guardrail.ts";
import { McpServers } from "./agent/mcp/config.ts";
import type { Model } from "./agent/model.ts";
import type { RetryPolicy } from "./agent/models/resilient.ts";
import { Price, requirePrices } from "./agent/prices.ts";
import type { Route } from "./agent/route.ts";
import type { Tool } from "./agent/tool.ts";
import { builtinTools } from "./agent/tools/builtin.ts";
import type { Audit } from "./core/audit.ts";
import { type Clock, systemClock } from "./core/clock.ts";
import { OpsthreadError } from "./core/errors.ts";
import type { ThreadRef } from "./core/ids.ts";
import { type Logger, silentLogger } from "./core/logger.ts";
import { openTracing, type TracingOptions } from "./observe/open-tracing.ts";
import { openAgents } from "./open-agents.ts";
import { type BlobsOptions, openBlobs } from "./open-blobs.ts";
import { Concurrency, openDurable, RedisOptions, Role } from "./open-durable.ts";
import { openMcp } from "./open-mcp.ts";
import { type Compaction, type ModelKeys, type ModelUrls, openModel } from "./open-model.ts";
import { openSandboxes, SandboxConfig } from "./open-sandboxes.ts";
import type { Queue } from "./queue/queue.ts";
import { instanceOf } from "./sandbox/instance.ts";
import { Limits, Permissions } from "./sandbox/permissions.ts";
import type { SandboxProvider } from "./sandbox/sandbox.ts";
import type { NetworkOptions } from "./sandbox/supervised/session-network.ts";
import { changeChannelSchedule, channelSchedules } from "./schedule/channel-schedules.ts";
import { Schedules } from "./schedule/definition.ts";
import { openScheduler, requireAdapters } from "./schedule/open-scheduler.ts";
import { AccessConfig, createAccess } from "./security/access.ts";
import { auditFile } from "./security/audit.ts";
import { createRedactor, type Redactor } from "./security/redact.ts";
import { defaultApprovals } from "./sessions/default-approvals.ts";
import { createEngine } from "./sessions/engine.ts";
import { pruneSessions } from "./sessions/retention.ts";
import type { Mode } from "./sessions/turn.ts";
import type { ApprovalPolicy } from "./sessions/widen.ts";
import type { Source } from "./sources/source.ts";
import type { Blobs } from "./store/blobs.ts";
import type { Store } from "./store/store.ts";
import { diff } from "./tasks/diff/index.ts";
import { logs } from "./tasks/logs/index.ts";
import type { Task } from "./tasks/task.ts";

/** What a bot is made of. Only `adapters` and `access` have no default. */
export interface BotOptions {
  /** Where people talk to it. */
  readonly adapters: readonly Adapter[];
  /** Who may use it, by id. Nobody who is not named here. */
  readonly access: z.input<typeof AccessConfig>;
  /** Where sessions, workspaces and artifacts are kept. Default `.opsthread` in the working directory. */
  readonly dataFolder?: string;
  /**
   * A model, or what one is called: see {@link openModel}. Of several names the next is asked where one can't answer.
   * Default: the offline planner, which needs no key and no network.
   */
  readonly model?: Model | string | readonly string[];
  /** Keys for models that are given by name. They are also taken out of everything that leaves. */
  readonly keys?: ModelKeys;
  /** Where vendors' APIs are, when not at the vendors'. */
  readonly urls?: ModelUrls;
  /** Who makes conversations shorter that grow too long: see docs/context.md. Default `own`: the bot itself. */
  readonly compaction?: Compaction;
  /** How calls of models that are given by name are tried again. */
  readonly retry?: Partial<RetryPolicy>;
  /** What the agent `ops` is told before every conversation. Default {@link defaultInstructions}. */
  readonly instructions?: Agent["instructions"];
  /** Ops work that the agent can do. Default `logs` and `diff`. */
  readonly tasks?: readonly Task[];
  /** Tools of the agent `ops` besides the built-in ones. */
  readonly tools?: readonly Tool[];
  /**
   * Agents besides `ops`, which `instructions` and `tools` describe. One of that name here takes its place, and has from
   * those only what it does not say itself.
   */
  readonly agents?: readonly Agent[];
  /** Which agent answers where. Default: `ops` everywhere. */
  readonly route?: Route;
  /** Asked about messages, calls, what they give, and answers, in this order; of all agents. */
  readonly guardrails?: readonly Guardrail[];
  /** Places that data may be read from. */
  readonly sources?: readonly Source[];
  /** What each session's sandbox may do and use, where it differs from the defaults. */
  readonly permissions?: Partial<Permissions>;
  readonly limits?: Partial<Limits>;
  /** Which sandbox driver, and how. Default: the strongest that works here. */
  readonly sandbox?: z.input<typeof SandboxConfig>;
  /** Secrets that the proxy adds to requests, private hosts that may be granted, limits of the network. */
  readonly network?: Omit<NetworkOptions, "audit" | "redact" | "clock" | "logger">;
  /** The image that a session's sandbox starts from, for drivers that have images. Default: the driver's own. */
  readonly image?: string | ((thread: ThreadRef) => string | undefined);
  /** What people may grant in a thread beyond that, where it differs from {@link defaultApprovals}. */
  readonly approvals?: Partial<ApprovalPolicy>;
  /** MCP servers by name, whose tools the model has besides: see docs/mcp.md. */
  readonly mcpServers?: z.input<typeof McpServers>;
  /** Whether the workspace is kept after each turn that used it, where the sandbox driver can. Default true. */
  readonly snapshots?: boolean;
  /**
   * What a turn, a session (a thread), a channel a day and the whole bot a day may use, where it differs from
   * `defaultBudgets`. Limits in US dollars need `prices`.
   */
  readonly budget?: BudgetConfig;
  /** Prices of models by name, US dollars per million tokens. Models without one have no cost in what threads are told. */
  readonly prices?: Readonly<Record<string, Price>>;
  /** What becomes of a message that arrives while a turn runs. Default `steer`. */
  readonly mode?: Mode | ((thread: ThreadRef) => Mode);
  /**
   * Turns that run side by side: in this process, or by process, channel and person. Default 4 in a process. What waits is told
   * its place in the line, and nothing is refused.
   */
  readonly concurrency?: Concurrency;
  /** Bytes of one attachment. Default 1 GiB. */
  readonly maxAttachmentBytes?: number;
  /** Days after which an idle session and its files are removed, at start. Default 90; 0 keeps everything. */
  readonly retentionDays?: number;
  /** What is said to it when, in nobody's words: see docs/schedules.md. */
  readonly schedules?: z.input<typeof Schedules>;
  /** Values that must never leave, such as this process's own tokens. */
  readonly secrets?: readonly string[];
  /**
   * Redis as the store and the queue, in the place of the embedded ones: then any number of processes may be this bot at once,
   * also on several machines that share the data folder. See docs/redis.md.
   */
  readonly redis?: RedisOptions;
  /**
   * What this process does of the work: `gateway` listens to the adapters and accepts, `worker` runs turns and posts answers
   * without listening, `all` does both. Others than `all` need `redis`. Default `all`.
   */
  readonly role?: Role;
  /** How long sending one post may take, milliseconds. After a crash, posts that were being sent wait half as long again. Default a minute. */
  readonly sendMs?: number;
  /** Other drivers than the embedded ones. */
  readonly store?: Store;
  readonly queue?: Queue;
  /**
   * Where artifacts and copies of workspaces are kept: a folder (default `blobs` in the data folder), a bucket of S3, or a
   * driver of your own. See docs/blobs.md.
   */
  readonly blobs?: BlobsOptions | Blobs;
  /**
   * Whether workspaces are copied to the blobs after each turn that changed them, so that a session goes on where its former
   * machine's disk is not. Default: with `redis` or a `store` of your own, where `blobs` are apart from the data folder.
   */
  readonly checkpoints?: boolean;
  /** A sandbox driver that is open already, in the place of what `sandbox` says. */
  readonly sandboxes?: SandboxProvider;
  readonly clock?: Clock;
  readonly log?: Logger;
  /** Takes what was asked, decided and used. Default: files in `audit/` of the data folder. */
  readonly audit?: Audit;
  /** Spans of the work, to OpenTelemetry and to files: see docs/tracing.md. */
  readonly tracing?: TracingOptions;
}

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
  const gate = createAccess(parseOption(AccessConfig, options.access, "access"));
  const { keys = {}, secrets = [] } = options;
  const ownKeys = Object.values(keys).filter((key) => key !== undefined && key !== "");
  const redactor = createRedactor({ literals: [...secrets, ...ownKeys] });
  const permissions = parseOption(Permissions, options.permissions ?? {}, "permissions");
  const limits = parseOption(Limits, options.limits ?? {}, "limits");
  const rules = parseOption(CallRules, options.approvals?.rules ?? {}, "approvals.rules");
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
  const mcp = await openMcp(parseOption(McpServers, options.mcpServers ?? {}, "mcpServers"), {
    secrets: options.network?.secrets ?? [],
    redact: (text) => redactor.text(text),
    clock,
    log,
  });
  const budgets = budgetsOf(parseOption(BudgetConfig, options.budget ?? {}, "budget"));
  const prices = parseOption(z.record(z.string(), Price), options.prices ?? {}, "prices");
  const priced = { "opsthread/offline": { input: 0, output: 0 }, ...prices };
  if (Object.values(budgets).some(({ usd }) => usd !== undefined))
    for (const agent of agents.byName.values()) requirePrices(agent.model, priced);
  const adapters = new Map(options.adapters.map((adapter) => [adapter.platform, adapter]));
  const schedules = parseOption(Schedules, options.schedules ?? [], "schedules");
  requireAdapters(schedules, adapters);
  const opened = await openBlobs(options.blobs, { dataFolder });
  const { blobs } = opened;
  const several = options.redis !== undefined || options.store !== undefined;
  const copies = options.checkpoints ?? (opened.areApart && several);
  const role = parseOption(Role, options.role ?? "all", "role");
  const concurrency = parseOption(Concurrency, options.concurrency ?? {}, "concurrency");
  const { worker = 4, ...turnLimits } =
    typeof concurrency === "number" ? { worker: concurrency } : concurrency;
  // First: it refuses a second process on the same folder.
  const durable = await openDurable({
    dataFolder,
    redis: options.redis && parseOption(RedisOptions, options.redis, "redis"),
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
    (await strongestSandboxes(options, { audit, redactor }).catch(async (error: unknown) => {
      if (!options.store) await durable[Symbol.asyncDispose]();
      throw error;
    }));
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
    prices: priced,
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

function parseOption<Schema extends z.ZodType>(
  schema: Schema,
  value: z.input<Schema>,
  name: string,
): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new OpsthreadError(
    "CONFIG_INVALID",
    `Cannot use option "${name}": ${z.prettifyError(parsed.error)}`,
    { cause: parsed.error },
  );
}

async function strongestSandboxes(
  { log = silentLogger, ...options }: BotOptions,
  { audit, redactor }: { readonly audit: Audit; readonly redactor: Redactor },
): Promise<SandboxProvider> {
  const { provider, passedOver } = await openSandboxes({
    dataFolder: resolve(options.dataFolder ?? ".opsthread"),
    // A gateway never opens one.
    config: parseOption(
      SandboxConfig,
      options.role === "gateway" ? { driver: "virtual" } : (options.sandbox ?? {}),
      "sandbox",
    ),
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
