export { discordAdapter } from "./adapter.ts";
export type { DiscordAdapterOptions } from "./options.ts";
export type { ControlEmoji } from "./emoji.ts";
export type { EndpointOptions } from "./interactions/endpoint.ts";
export type { CommandPlaces } from "./interactions/register.ts";
export { checkDiscord, type DiscordCheck } from "./check.ts";
export { discordInvite } from "./invite.ts";
