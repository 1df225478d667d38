export { sqliteStore } from "./store.ts";
export type { SqliteStoreOptions } from "./store.ts";
export { sqliteSchedules } from "./schedules.ts";
