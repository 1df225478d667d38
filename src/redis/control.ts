import { messageOf } from "../core/errors.ts";
import { type Logger, silentLogger } from "../core/logger.ts";
import type { RedisConfig } from "./config.ts";
import { connectRedis, disconnectRedis } from "./connect.ts";

export interface RedisControlOptions {
  readonly redis: RedisConfig;
  /** Tells this installation from others in the same Redis. Default `opsthread`. */
  readonly name?: string;
  readonly log?: Logger;
}

/**
 * Tells running turns, in whichever process, that something came in which may end them. A notice may be lost, and what it is about
 * is in the inbox: so all turns look there when the connection was away, and besides before they go on from any step.
 */
export interface RedisControl extends AsyncDisposable {
  notify(sessionId: string): void;
  watch(sessionId: string, onNotice: () => void): () => void;
}

export function redisControl(options: RedisControlOptions): RedisControl {
  const { redis, name = "opsthread", log = silentLogger } = options;
  const channel = `${name}:notices`;
  const publisher = connectRedis({ redis, log, timeoutMs: 5000 });
  const subscriber = connectRedis({ redis, log });
  const watchers = new Map<string, Set<() => void>>();
  const sending = new Set<Promise<void>>();
  const tell = (sessionId: string): void => {
    for (const onNotice of watchers.get(sessionId) ?? []) onNotice();
  };
  const report = (error: unknown): void => {
    log.warn({ error: messageOf(error) }, "Notices between processes are not passed on");
  };
  const publish = async (sessionId: string): Promise<void> => {
    try {
      await publisher.publish(channel, sessionId);
    } catch (error) {
      report(error);
    }
  };

  subscriber.on("message", (_channel: string, sessionId: string) => tell(sessionId));
  // Also after it was away.
  subscriber.on("ready", () => {
    for (const sessionId of watchers.keys()) tell(sessionId);
  });
  const subscribed = subscriber.subscribe(channel).catch(report);

  return {
    notify(sessionId) {
      const sent = publish(sessionId).finally(() => sending.delete(sent));
      sending.add(sent);
    },
    watch(sessionId, onNotice) {
      const set = watchers.get(sessionId) ?? new Set();
      watchers.set(sessionId, set.add(onNotice));
      return () => {
        set.delete(onNotice);
        if (set.size === 0) watchers.delete(sessionId);
      };
    },
    async [Symbol.asyncDispose]() {
      disconnectRedis(subscriber);
      await Promise.all([subscribed, ...sending]);
      disconnectRedis(publisher);
    },
  };
}
