import { resolve } from "node:path";

import type { Config } from "../../config.ts";
import { messageOf } from "../../core/errors.ts";
import { blobsOptions, redisConnection } from "../start/bot-options.ts";
import { loadConfig } from "../start/load-config.ts";
import { openSecrets, type Secrets } from "../start/secrets.ts";
import { checkBlobs } from "./blobs.ts";
import type { Check } from "./check.ts";
import { checkDiscordToken } from "./discord.ts";
import { checkSlack } from "./slack.ts";

/**
 * All that a configuration connects to, with its own secrets: the platforms, Redis, and where it keeps blobs. Nothing is written
 * but what is removed again.
 * @throws {OpsthreadError} `CONFIG_INVALID` when the configuration can't be read
 */
export async function checkConfigured(
  given: string,
  { env, signal }: { readonly env: NodeJS.ProcessEnv; readonly signal: AbortSignal },
): Promise<readonly Check[]> {
  const { folder, config } = await loadConfig(given);
  const { slack, discord, redis, blobs } = config;
  const secrets = openSecrets({ env, folder });
  const checks = await Promise.all([
    slack && tried("slack", () => configuredSlack(slack, { secrets, signal })),
    discord &&
      tried("discord", () => {
        const { botToken, apiUrl } = discord;
        const token = secrets.read(botToken, "discord.botToken");
        return checkDiscordToken({ botToken: token, apiUrl }, { signal });
      }),
    redis && tried("redis", async () => [await configuredRedis(redis, secrets)]),
    blobs &&
      tried("blobs", async () => {
        const dataFolder = resolve(folder, config.dataFolder);
        const options = blobsOptions(blobs, { folder, secrets });
        return [await checkBlobs(options, { dataFolder, signal })];
      }),
  ]);
  return checks.flatMap((each) => each ?? []);
}

/** What can't even be tried has failed. */
async function tried(
  name: string,
  check: () => Promise<readonly Check[]>,
): Promise<readonly Check[]> {
  try {
    return await check();
  } catch (error) {
    return [{ name, status: "fail", text: messageOf(error) }];
  }
}

type Configured<Name extends keyof Config> = Exclude<Config[Name], undefined>;

/** Where people install the app themselves, each workspace has a token of its own. */
async function configuredSlack(
  { botToken, appToken, http, install, apiUrl, reactions, userGroups }: Configured<"slack">,
  { secrets, signal }: { readonly secrets: Secrets; readonly signal: AbortSignal },
): Promise<readonly Check[]> {
  const tokens = {
    ...(!install && { botToken: secrets.read(botToken, "slack.botToken") }),
    ...(!http && { appToken: secrets.read(appToken, "slack.appToken") }),
  };
  const features = {
    ...(reactions !== undefined && { reactions }),
    ...(userGroups !== undefined && { userGroups }),
  };
  return checkSlack(tokens, { signal, features, ...(apiUrl !== undefined && { apiUrl }) });
}

async function configuredRedis(
  { connection, name, allowVolatile }: Configured<"redis">,
  secrets: Secrets,
): Promise<Check> {
  const { redisStore } = await import("../../store/redis/index.ts");
  const redis = redisConnection(connection, secrets);
  const store = await redisStore({
    redis,
    ...(name !== undefined && { name }),
    ...(allowVolatile !== undefined && { allowVolatile }),
  });
  await store[Symbol.asyncDispose]();
  return { name: "redis", status: "ok", text: "new enough, and keeps what it acknowledges" };
}
