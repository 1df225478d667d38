export { discordAdapter } from "./adapter.ts";
export type { DiscordAdapterOptions } from "./adapter.ts";
