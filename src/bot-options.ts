import { z } from "zod";

import type { Adapter } from "./adapters/adapter.ts";
import type { Agent } from "./agent/agent.ts";
import { BudgetConfig, budgetsOf } from "./agent/budget-config.ts";
import { CallRules } from "./agent/call-rules.ts";
import type { Guardrail } from "./agent/guardrail.ts";
import { McpServers } from "./agent/mcp/config.ts";
import type { Model } from "./agent/model.ts";
import type { RetryPolicy } from "./agent/models/resilient.ts";
import { Price } from "./agent/prices.ts";
import type { Route } from "./agent/route.ts";
import type { Tool } from "./agent/tool.ts";
import type { Audit } from "./core/audit.ts";
import type { Clock } from "./core/clock.ts";
import { OpsthreadError } from "./core/errors.ts";
import type { ThreadRef } from "./core/ids.ts";
import type { Logger } from "./core/logger.ts";
import type { TracingOptions } from "./observe/open-tracing.ts";
import type { BlobsOptions } from "./open-blobs.ts";
import { Concurrency, RedisOptions, Role } from "./open-durable.ts";
import type { Compaction, ModelKeys, ModelUrls } from "./open-model.ts";
import { SandboxConfig } from "./open-sandboxes.ts";
import type { Queue } from "./queue/queue.ts";
import { Limits, Permissions } from "./sandbox/permissions.ts";
import type { SandboxProvider } from "./sandbox/sandbox.ts";
import type { NetworkOptions } from "./sandbox/supervised/session-network.ts";
import { Schedules } from "./schedule/definition.ts";
import { AccessConfig } from "./security/access.ts";
import type { Mode } from "./sessions/turn.ts";
import type { ApprovalPolicy } from "./sessions/widen.ts";
import type { Source } from "./sources/source.ts";
import type { Blobs } from "./store/blobs.ts";
import type { Store } from "./store/store.ts";
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

/**
 * Reads what has a form of its own, before anything is opened.
 * @throws {OpsthreadError} `CONFIG_INVALID` that names the option
 */
export function readOptions(options: BotOptions) {
  const { concurrency = {}, approvals = {}, budget = {}, prices = {}, redis, sandbox } = options;
  const role = parseOption(Role, options.role ?? "all", "role");
  const parsed = parseOption(Concurrency, concurrency, "concurrency");
  const { worker = 4, ...turnLimits } = typeof parsed === "number" ? { worker: parsed } : parsed;
  return {
    access: parseOption(AccessConfig, options.access, "access"),
    permissions: parseOption(Permissions, options.permissions ?? {}, "permissions"),
    limits: parseOption(Limits, options.limits ?? {}, "limits"),
    rules: parseOption(CallRules, approvals.rules ?? {}, "approvals.rules"),
    mcpServers: parseOption(McpServers, options.mcpServers ?? {}, "mcpServers"),
    budgets: budgetsOf(parseOption(BudgetConfig, budget, "budget")),
    prices: withOffline(parseOption(z.record(z.string(), Price), prices, "prices")),
    schedules: parseOption(Schedules, options.schedules ?? [], "schedules"),
    redis: redis && parseOption(RedisOptions, redis, "redis"),
    // A gateway never opens one.
    sandbox: parseOption(
      SandboxConfig,
      role === "gateway" ? { driver: "virtual" } : (sandbox ?? {}),
      "sandbox",
    ),
    role,
    worker,
    turnLimits,
  };
}

/** Thinking without a model costs nothing. */
export const withOffline = (
  prices: Readonly<Record<string, Price>>,
): Readonly<Record<string, Price>> => ({ "opsthread/offline": { input: 0, output: 0 }, ...prices });

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
