import { z } from "zod";

import { OpsthreadError } from "../core/errors.ts";

/** What is said of anything else. */
export const redisExpected =
  'expected a URL, { "sentinels": ["redis://host:26379"], "master": "mymaster" } or { "cluster": ["redis://host:6379"] }; ' +
  'where there is a password, in the place of the URL { "env": "NAME" } or { "file": "path" }';

/**
 * Where Redis is: a URL (`redis://user:password@host:6379/0`, or `rediss://` for TLS); the sentinels that know a master by name;
 * or some nodes of a Redis Cluster. URLs of a cluster's nodes carry the same user and password. Passwords are never
 * logged and in no error.
 */
export const RedisConfig = z.union([
  z.string(),
  z.strictObject({
    sentinels: z.array(z.string()).min(1).readonly(),
    master: z.string().min(1),
    /** Of the master; those in the URLs are of the sentinels. */
    username: z.string().optional(),
    password: z.string().optional(),
    db: z.number().int().nonnegative().default(0),
    /** TLS to the master. Default false. */
    tls: z.boolean().default(false),
  }),
  z.strictObject({ cluster: z.array(z.string()).min(1).readonly() }),
]);
export type RedisConfig = z.input<typeof RedisConfig>;

/** One server, as its URL says. */
export interface RedisAddress {
  readonly host: string;
  readonly port: number;
  readonly db: number;
  readonly username?: string;
  readonly password?: string;
  readonly tls?: Record<string, never>;
}

/** @throws {OpsthreadError} `CONFIG_INVALID`, without the URL: there may be a password in it */
export function parseRedisUrl(text: string): RedisAddress {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const db = Number(url?.pathname.slice(1) ?? 0);
  if (!url || !["redis:", "rediss:"].includes(url.protocol) || url.hostname === "" || !isDb(db))
    throw new OpsthreadError(
      "CONFIG_INVALID",
      "Cannot use the URL of Redis: expected one like redis://user:password@host:6379/0, or rediss:// for TLS",
    );
  return {
    // Of IPv6, URLs have the brackets, sockets don't.
    host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: url.port === "" ? 6379 : Number(url.port),
    db,
    ...(url.username !== "" && { username: decodeURIComponent(url.username) }),
    ...(url.password !== "" && { password: decodeURIComponent(url.password) }),
    ...(url.protocol === "rediss:" && { tls: {} }),
  };
}

const isDb = (db: number): boolean => Number.isInteger(db) && db >= 0;

/** What people may see of a configuration. */
export function redisNameOf(config: RedisConfig): string {
  const at = (url: string): string => {
    const { host, port } = parseRedisUrl(url);
    return `${host}:${port}`;
  };
  if (typeof config === "string") return at(config);
  if ("cluster" in config) return `cluster ${config.cluster.map(at).join(", ")}`;
  return `master "${config.master}" of ${config.sentinels.map(at).join(", ")}`;
}
