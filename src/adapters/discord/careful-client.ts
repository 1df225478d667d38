import type { Client, IShardingStrategy, SimpleShardingStrategy } from "discord.js";

/** Told of what the client could not read; it goes on. */
export type OnUnread = (error: unknown) => void;

/**
 * Keeps the client from making objects of what nobody here uses, and from throwing at what it does not expect: it would
 * where nobody can catch it, and the process would end.
 */
export function handleOnly({ ws }: Client, types: RegExp, onUnread: OnUnread): void {
  const handle: unknown = Reflect.get(ws, "handlePacket");
  // A client without such a method does more than it needs to.
  if (typeof handle !== "function") return;
  Reflect.set(ws, "handlePacket", (packet?: { readonly t: string }, shard?: unknown): unknown => {
    if (packet !== undefined && !types.test(packet.t)) return true;
    try {
      return Reflect.apply(handle, ws, [packet, shard]);
    } catch (error) {
      onUnread(error);
      return true;
    }
  });
}

/** discord.js' own strategy, whose shards leave out frames that they can't read. */
export async function carefulSharding(
  onUnread: OnUnread,
): Promise<(...given: ConstructorParameters<typeof SimpleShardingStrategy>) => IShardingStrategy> {
  const { SimpleShardingStrategy: Sharding } = await import("discord.js");
  return (manager) => {
    const strategy = new Sharding(manager);
    const spawn = strategy.spawn.bind(strategy);
    strategy.spawn = async (ids) => {
      await spawn(ids);
      const shards: unknown = Reflect.get(strategy, "shards");
      if (shards instanceof Map)
        for (const shard of shards.values()) readCarefully(shard, onUnread);
    };
    return strategy;
  };
}

function readCarefully(shard: object, onUnread: OnUnread): void {
  const read: unknown = Reflect.get(shard, "onMessage");
  if (typeof read !== "function") return;
  Reflect.set(shard, "onMessage", async (...frame: readonly unknown[]): Promise<void> => {
    try {
      await Reflect.apply(read, shard, frame);
    } catch (error) {
      onUnread(error);
    }
  });
}
