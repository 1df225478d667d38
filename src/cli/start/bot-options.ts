import { resolve } from "node:path";

import type { BotOptions } from "../../bot-options.ts";
import type { Config } from "../../config.ts";
import { OpsthreadError } from "../../core/errors.ts";
import type { Logger } from "../../core/logger.ts";
import type { BlobsOptions } from "../../open-blobs.ts";
import { parseRedisUrl, type RedisConfig, redisNameOf } from "../../redis/config.ts";
import type { SecretRef } from "../../secret-ref.ts";
import { fileSource } from "../../sources/file.ts";
import { engineFromEnvironment } from "../engine.ts";
import { keysOf, urlsOf } from "../model-options.ts";
import { openAdapters } from "./adapters.ts";
import type { Secrets } from "./secrets.ts";

/**
 * What a bot is made of, by its configuration. Nothing is connected yet.
 * @throws {OpsthreadError} `CONFIG_INVALID`
 */
export async function botOptions(
  config: Config,
  {
    folder,
    env,
    secrets,
    log,
  }: {
    /** What relative paths of the configuration are relative to. */
    readonly folder: string;
    readonly env: NodeJS.ProcessEnv;
    readonly secrets: Secrets;
    readonly log: Logger;
  },
): Promise<BotOptions & { readonly blobs?: BlobsOptions }> {
  const { slack, discord, redis, blobs, sources, network, keys, sandbox, ...rest } = config;
  const { $schema: _, ...others } = rest;
  const dataFolder = resolve(folder, config.dataFolder);
  const adapters = await openAdapters({ slack, discord }, { dataFolder, secrets, log });
  const ownKeys = Object.entries(keys).map(([vendor, ref]) => [
    vendor,
    secrets.read(ref, `keys.${vendor}`),
  ]);
  const proxied = network.secrets.map(({ value, ...secret }) => {
    // Asked for now, so that a missing one is told, and again for each request: it may change.
    const read = (): string => secrets.read(value, `network.secrets "${secret.name}"`);
    read();
    return { ...secret, value: read };
  });
  const connection = redis && redisConnection(redis.connection, secrets);
  return {
    ...others,
    dataFolder,
    adapters,
    keys: { ...keysOf(env), ...Object.fromEntries(ownKeys) },
    urls: urlsOf(env),
    sources: sources.map(({ files, ...source }) => fileSource({ ...source, patterns: files })),
    sandbox: withEngine(sandbox, env),
    network: { ...network, secrets: proxied },
    ...(redis && connection && { redis: { ...redis, connection } }),
    ...(blobs && { blobs: blobsOptions(blobs, { folder, secrets }) }),
    secrets: secrets.values,
    log,
  };
}

/** Where blobs are kept, with its secrets. */
export function blobsOptions(
  blobs: Exclude<Config["blobs"], undefined>,
  { folder, secrets }: { readonly folder: string; readonly secrets: Secrets },
): BlobsOptions {
  if (blobs.driver === "directory")
    return {
      driver: "directory",
      ...(blobs.folder !== undefined && { folder: resolve(folder, blobs.folder) }),
    };
  const { accessKeyId, secretAccessKey, sessionToken, ...place } = blobs;
  if (!accessKeyId || !secretAccessKey) return place;
  return {
    ...place,
    credentials: {
      accessKeyId: secrets.read(accessKeyId, "blobs.accessKeyId"),
      secretAccessKey: secrets.read(secretAccessKey, "blobs.secretAccessKey"),
      ...(sessionToken && { sessionToken: secrets.read(sessionToken, "blobs.sessionToken") }),
    },
  };
}

type Connection = Exclude<Config["redis"], undefined>["connection"];

/**
 * Where Redis is, with its secrets.
 * @throws {OpsthreadError} `CONFIG_INVALID`, without what is secret
 */
export function redisConnection(connection: Connection, secrets: Secrets): RedisConfig {
  const config = withSecrets(connection, secrets);
  // It reads each URL.
  redisNameOf(config);
  return config;
}

function withSecrets(connection: Connection, secrets: Secrets): RedisConfig {
  const eachUrl = (urls: readonly Url[], name: string): readonly string[] =>
    urls.map((url, index) => urlOf(url, `redis.connection.${name}[${index}]`, secrets));
  if (isUrl(connection)) return urlOf(connection, "redis.connection", secrets);
  if ("cluster" in connection) return { cluster: eachUrl(connection.cluster, "cluster") };
  const { sentinels, password, ...others } = connection;
  return {
    ...others,
    sentinels: eachUrl(sentinels, "sentinels"),
    ...(password && { password: secrets.read(password, "redis.connection.password") }),
  };
}

type Url = string | SecretRef;

const isUrl = (connection: Connection): connection is Url =>
  typeof connection === "string" || "env" in connection || "file" in connection;

function urlOf(url: Url, place: string, secrets: Secrets): string {
  if (typeof url !== "string") return secrets.read(url, place);
  if (parseRedisUrl(url).password === undefined) return url;
  throw new OpsthreadError(
    "CONFIG_INVALID",
    `Cannot use ${place}: there is a password in it, expected { "env": "REDIS_URL" } or { "file": "path" } with the whole URL`,
  );
}

/** The engine is the environment's, as for `doctor`, where the configuration names none. */
function withEngine(
  sandbox: Config["sandbox"],
  env: NodeJS.ProcessEnv,
): Exclude<Config["sandbox"], undefined> {
  const { driver = "auto", docker = {}, bubblewrap = {}, ...others } = sandbox ?? {};
  const { host } = engineFromEnvironment(env);
  return { ...others, driver, bubblewrap, docker: { ...(host && { host }), ...docker } };
}
