import { randomUUID } from "node:crypto";

import { messageOf } from "../core/errors.ts";
import { type Logger, silentLogger } from "../core/logger.ts";
import type { RedisConfig } from "./config.ts";
import { connectRedis, disconnectRedis, type RedisClient } from "./connect.ts";

export interface RedisWarmthOptions {
  readonly redis: RedisConfig;
  /** Tells this installation from others in the same Redis. Default `opsthread`. */
  readonly name?: string;
  readonly log?: Logger;
}

/**
 * Which process has the sandbox of a session warm. All of it are hints that expire, and each is used once: who finds one takes
 * it away, tells that process, and need not know whether it is alive.
 */
export interface RedisWarmth extends AsyncDisposable {
  hold(sessionId: string, ms: number): void;
  letGo(sessionId: string): void;
  offer(sessionId: string): Promise<boolean>;
  onOffer(take: (sessionId: string) => void): void;
}

export function redisWarmth(options: RedisWarmthOptions): RedisWarmth {
  const { redis, name = "opsthread", log = silentLogger } = options;
  const own = randomUUID();
  const channel = `${name}:warm-offers`;
  const client = connectRedis({ redis, log, timeoutMs: 5000 });
  let subscriber: RedisClient | undefined;
  const working = new Set<Promise<unknown>>();
  const keyOf = (sessionId: string): string => `${name}:warm:${sessionId}`;
  const report = (error: unknown): void => {
    log.debug({ error: messageOf(error) }, "Who has a sandbox warm is not known");
  };
  const begin = (work: () => Promise<unknown>): void => {
    const done = work()
      .catch(report)
      .finally(() => working.delete(done));
    working.add(done);
  };

  return {
    hold(sessionId, ms) {
      begin(() => client.set(keyOf(sessionId), own, "PX", Math.max(Math.ceil(ms), 1)));
    },
    letGo(sessionId) {
      begin(async () => {
        const key = keyOf(sessionId);
        if ((await client.get(key)) === own) await client.del(key);
      });
    },
    async offer(sessionId) {
      try {
        const holder = await client.get(keyOf(sessionId));
        if (holder === null || holder === own) return false;
        // Whoever takes the note away has made the offer.
        if ((await client.del(keyOf(sessionId))) === 0) return false;
        await client.publish(channel, `${holder} ${sessionId}`);
        return true;
      } catch (error) {
        report(error);
        return false;
      }
    },
    onOffer(take) {
      const listening = connectRedis({ redis, log });
      subscriber = listening;
      listening.on("message", (_channel: string, offer: string) => {
        const [holder, sessionId = ""] = offer.split(" ");
        if (holder === own) take(sessionId);
      });
      begin(() => listening.subscribe(channel));
    },
    async [Symbol.asyncDispose]() {
      if (subscriber) disconnectRedis(subscriber);
      await Promise.all(working);
      disconnectRedis(client);
    },
  };
}
