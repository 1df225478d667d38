import type { Config } from "../../config.ts";
import { OpsthreadError } from "../../core/errors.ts";
import { parseRedisUrl, type RedisConfig, redisNameOf } from "../../redis/config.ts";
import type { SecretRef } from "../../secret-ref.ts";
import type { Secrets } from "./secrets.ts";

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
  const urlsOf = (urls: readonly Url[], name: string): readonly string[] =>
    urls.map((url, index) => urlOf(url, `redis.connection.${name}[${index}]`, secrets));
  if (isUrl(connection)) return urlOf(connection, "redis.connection", secrets);
  if ("cluster" in connection) return { cluster: urlsOf(connection.cluster, "cluster") };
  const { sentinels, password, ...others } = connection;
  return {
    ...others,
    sentinels: urlsOf(sentinels, "sentinels"),
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
