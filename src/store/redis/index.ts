/** Redis as the store of many processes. */
export { redisStore, type RedisStoreOptions } from "./store.ts";
export type { RedisConfig } from "../../redis/config.ts";
