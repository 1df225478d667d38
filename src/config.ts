import { z } from "zod";

import { BudgetConfig } from "./agent/budget-config.ts";
import { CallRules } from "./agent/call-rules.ts";
import { McpServers } from "./agent/mcp/config.ts";
import { Price } from "./agent/prices.ts";
import { Concurrency } from "./open-durable.ts";
import { SandboxConfig } from "./open-sandboxes.ts";
import { redisExpected } from "./redis/config.ts";
import { Limits, Permissions } from "./sandbox/permissions.ts";
import { Schedules } from "./schedule/definition.ts";
import { SecretRef } from "./secret-ref.ts";
import { AccessConfig } from "./security/access.ts";
import { S3Place } from "./store/s3/options.ts";

const Listen = {
  port: z.number().int().min(0).max(65_535),
  host: z.string().min(1).exactOptional(),
};

const EmojiNames = z.union([z.string().min(1), z.array(z.string().min(1))]);
const Reactions = z.union([
  z.boolean(),
  z.strictObject({
    stop: EmojiNames.exactOptional(),
    approve: EmojiNames.exactOptional(),
    deny: EmojiNames.exactOptional(),
  }),
]);

const Slack = z.strictObject({
  /** For Socket Mode. Default the variable `SLACK_APP_TOKEN`. */
  appToken: SecretRef.default({ env: "SLACK_APP_TOKEN" }),
  /** Default the variable `SLACK_BOT_TOKEN`. */
  botToken: SecretRef.default({ env: "SLACK_BOT_TOKEN" }),
  /** By HTTP in the place of Socket Mode. */
  http: z
    .strictObject({
      ...Listen,
      /** Default the variable `SLACK_SIGNING_SECRET`. */
      signingSecret: SecretRef.default({ env: "SLACK_SIGNING_SECRET" }),
      eventsPath: z.string().startsWith("/").exactOptional(),
    })
    .exactOptional(),
  /** For several workspaces: people install the app, and their tokens are kept sealed in the data folder. Needs `http`. */
  install: z
    .strictObject({
      clientId: z.string().min(1),
      clientSecret: SecretRef.default({ env: "SLACK_CLIENT_SECRET" }),
      stateSecret: SecretRef.default({ env: "SLACK_STATE_SECRET" }),
      /** The first one seals; older ones open what they sealed. */
      keys: z
        .array(SecretRef)
        .min(1)
        .default([{ env: "SLACK_INSTALLATION_KEY" }]),
      redirectUri: z.url(),
      installPath: z.string().startsWith("/").exactOptional(),
      teams: z.array(z.string()).exactOptional(),
    })
    .exactOptional(),
  /** Or which emoji do what, by name: `{ "stop": ["octagonal_sign", "no_entry"], "approve": "+1", "deny": [] }`. */
  reactions: Reactions.exactOptional(),
  userGroups: z.boolean().exactOptional(),
  progress: z.enum(["edited", "streamed"]).exactOptional(),
  prompts: z
    .array(z.strictObject({ title: z.string().min(1), message: z.string().min(1) }))
    .max(4)
    .exactOptional(),
  rateFactor: z.number().positive().exactOptional(),
  apiUrl: z.url().exactOptional(),
});

const Discord = z.strictObject({
  /** Default the variable `DISCORD_BOT_TOKEN`. */
  botToken: SecretRef.default({ env: "DISCORD_BOT_TOKEN" }),
  messageContent: z.union([z.boolean(), z.literal("auto")]).exactOptional(),
  /** Or which emoji do what: `{ "stop": ["🛑", "⛔"], "approve": "👍", "deny": [] }`, a server's own by id. */
  reactions: Reactions.exactOptional(),
  commands: z.union([z.enum(["everywhere", "nowhere"]), z.array(z.string())]).exactOptional(),
  commandName: z.string().min(1).exactOptional(),
  shards: z.union([z.number().int().positive(), z.literal("auto")]).exactOptional(),
  gateway: z.boolean().exactOptional(),
  endpoint: z
    .strictObject({ ...Listen, publicKey: z.string().min(1), path: z.string().exactOptional() })
    .exactOptional(),
  apiUrl: z.url().exactOptional(),
});

const Source = z.strictObject({
  name: z.string().min(1),
  description: z.string().exactOptional(),
  /** Absolute paths or globs of files on the machine. */
  files: z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]),
});

/** One with a password belongs into the environment or a file. */
const RedisUrl = z.union([z.string(), SecretRef]);

const Redis = z.strictObject({
  connection: z
    .union(
      [
        RedisUrl,
        z.strictObject({
          sentinels: z.array(RedisUrl).min(1),
          master: z.string().min(1),
          username: z.string().exactOptional(),
          password: SecretRef.exactOptional(),
          db: z.number().int().nonnegative().exactOptional(),
          tls: z.boolean().exactOptional(),
        }),
        z.strictObject({ cluster: z.array(RedisUrl).min(1) }),
      ],
      { error: redisExpected },
    )
    .default({ env: "REDIS_URL" }),
  name: z.string().min(1).exactOptional(),
  allowVolatile: z.boolean().exactOptional(),
});

/** A bucket, with its credentials where a secret may be; else those that the AWS SDK finds. */
const Blobs = z.discriminatedUnion("driver", [
  z.strictObject({
    driver: z.literal("directory"),
    /** Relative to the file, as `dataFolder` is. Default `blobs` in the data folder. */
    folder: z.string().min(1).exactOptional(),
  }),
  z
    .strictObject({
      driver: z.literal("s3"),
      ...S3Place.shape,
      accessKeyId: SecretRef.exactOptional(),
      secretAccessKey: SecretRef.exactOptional(),
      sessionToken: SecretRef.exactOptional(),
    })
    .refine(({ accessKeyId, secretAccessKey }) => !accessKeyId === !secretAccessKey, {
      error: "expected accessKeyId and secretAccessKey both, or none for what the AWS SDK finds",
    }),
]);

const Network = z.strictObject({
  /** What the proxy adds to requests to these hosts; it never is in a sandbox. */
  secrets: z
    .array(
      z.strictObject({
        name: z.string().min(1),
        hosts: z.array(z.string().min(1)).min(1),
        header: z.string().min(1),
        prefix: z.string().exactOptional(),
        value: SecretRef,
      }),
    )
    .default([]),
  /** `address:port` or `network/bits:port` that may be reached although it is private. */
  allowPrivate: z.array(z.string()).exactOptional(),
});

const Approvals = z.strictObject({
  expiresAfterMs: z.number().int().positive().exactOptional(),
  selfApproval: z.boolean().exactOptional(),
  rules: CallRules.exactOptional(),
});

/** Checked by a schema that makes something else of it, and left as it is: it goes on to the bot, which reads it itself. */
function asWritten<Schema extends z.ZodType>(schema: Schema) {
  return z.custom<z.input<Schema>>().superRefine((value, context) => {
    for (const { message, path } of schema.safeParse(value).error?.issues ?? [])
      context.addIssue({ code: "custom", message, path: [...path] });
  });
}

/** What `opsthread start` reads: see docs/configuration.md. */
export const Config = z.strictObject({
  $schema: z.string().exactOptional(),
  slack: Slack.exactOptional(),
  discord: Discord.exactOptional(),
  /** Who may use it: docs/security.md. */
  access: asWritten(AccessConfig),
  /** Sessions, workspaces and artifacts. Relative to the file. Default `.opsthread` beside it. */
  dataFolder: z.string().min(1).default(".opsthread"),
  redis: Redis.exactOptional(),
  /** Artifacts, and copies of workspaces: docs/blobs.md. Default a folder in the data folder. */
  blobs: Blobs.exactOptional(),
  /** Whether workspaces are copied there. Default: with `redis`, where blobs are apart from the data folder. */
  checkpoints: z.boolean().exactOptional(),
  /** Of several the next is asked where one can't answer. Default: the offline planner. */
  model: z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]).exactOptional(),
  /** Default the variables `OPENAI_API_KEY`, `ANTHROPIC_API_KEY` and `OPSTHREAD_MODEL_KEY`. */
  keys: z
    .strictObject({
      openai: SecretRef.exactOptional(),
      anthropic: SecretRef.exactOptional(),
      compatible: SecretRef.exactOptional(),
    })
    .default({}),
  compaction: z.enum(["own", "provider"]).exactOptional(),
  instructions: z.string().exactOptional(),
  /** Which agent answers where. */
  route: z.union([z.string(), z.record(z.string(), z.string())]).exactOptional(),
  /** What is said to it when: docs/schedules.md. */
  schedules: Schedules.default([]),
  sources: z.array(Source).default([]),
  permissions: z.strictObject(Permissions.shape).exactOptional(),
  limits: z.strictObject(Limits.shape).exactOptional(),
  sandbox: SandboxConfig.exactOptional(),
  image: z.string().min(1).exactOptional(),
  network: Network.default({ secrets: [] }),
  approvals: Approvals.exactOptional(),
  mcpServers: McpServers.exactOptional(),
  budget: BudgetConfig.exactOptional(),
  prices: z.record(z.string(), Price).exactOptional(),
  mode: z.enum(["steer", "queue", "interrupt"]).exactOptional(),
  concurrency: Concurrency.exactOptional(),
  maxAttachmentBytes: z.number().int().positive().exactOptional(),
  retentionDays: z.number().nonnegative().exactOptional(),
  snapshots: z.boolean().exactOptional(),
});
export type Config = z.output<typeof Config>;
/** What is written into `opsthread.config.ts`: see docs/configuration.md. */
export type OpsthreadConfig = z.input<typeof Config>;
