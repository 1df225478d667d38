import type { Clock } from "../../core/clock.ts";
import { OpsthreadError } from "../../core/errors.ts";
import type { Logger } from "../../core/logger.ts";
import type { ControlEmoji } from "./emoji.ts";
import type { EndpointOptions } from "./interactions/endpoint.ts";
import type { CommandPlaces } from "./interactions/register.ts";
import { snowflake } from "./snowflake.ts";

export interface DiscordAdapterOptions {
  /** The bot's token, from https://discord.com/developers/applications under Bot. */
  readonly botToken: string;
  /**
   * Whether to read what is said without naming the bot, which needs the privileged Message Content Intent. Default
   * `auto`: where it is turned on for the app.
   */
  readonly messageContent?: boolean | "auto";
  /** Whether emoji stop, approve and deny, or which ones: see docs/discord.md. Default true: 🛑, ✅ and ❌. */
  readonly reactions?: boolean | ControlEmoji;
  /** Where its commands are: `everywhere` (default), `nowhere`, or in guilds by id. */
  readonly commands?: CommandPlaces;
  /** What its command is called. Default `ops`. */
  readonly commandName?: string;
  /**
   * How many connections this process has to the gateway, each for a part of the guilds. Default `auto`: as many as Discord
   * recommends. More than 2,500 guilds need more than one: https://discord.com/developers/docs/events/gateway#sharding
   */
  readonly shards?: number | "auto";
  /**
   * Whether to connect to the gateway. Default true. Without it nothing but commands, buttons and forms reaches the bot, by
   * its `endpoint`.
   */
  readonly gateway?: boolean;
  /** Where Discord brings commands, buttons and forms, instead of telling them over the gateway. Default: nowhere. */
  readonly endpoint?: EndpointOptions;
  /** Where Discord's API is. Default `https://discord.com/api`. */
  readonly apiUrl?: string;
  /** How long one call may take. Default 20 s. */
  readonly timeoutMs?: number;
  /** How many calls may be refused in ten minutes before none is made for a while. Default 5,000; Discord allows 10,000. */
  readonly maxInvalidRequests?: number;
  readonly clock?: Clock;
  readonly log?: Logger;
}

/** @throws {OpsthreadError} `CONFIG_INVALID` for what can't work */
export function checkOptions({
  botToken,
  gateway = true,
  endpoint,
  shards = "auto",
  commandName = "ops",
  commands = "everywhere",
}: DiscordAdapterOptions): void {
  requireToken(botToken);
  if (!commandPattern.test(commandName) || commandName !== commandName.toLowerCase())
    throw new OpsthreadError(
      "CONFIG_INVALID",
      `Cannot use commandName "${commandName}": expected 1 to 32 small letters, digits, "-" or "_", without "/"`,
    );
  const place = typeof commands === "string" ? undefined : commands.find((id) => !isId(id));
  if (place !== undefined)
    throw new OpsthreadError(
      "CONFIG_INVALID",
      `Cannot use commands: "${place}" is no id of a server, expected digits, as "Copy Server ID" gives them`,
    );
  if (!gateway && !endpoint)
    throw new OpsthreadError(
      "CONFIG_INVALID",
      "Cannot do without the gateway: no endpoint is set, expected one of the two",
    );
  if (shards !== "auto" && !(Number.isInteger(shards) && shards > 0))
    throw new OpsthreadError(
      "CONFIG_INVALID",
      `Cannot use shards: it is ${String(shards)}, expected "auto" or a number from 1 on`,
    );
}

/** https://discord.com/developers/docs/interactions/application-commands#application-command-object-application-command-naming */
const commandPattern = /^[-_'\p{L}\p{N}\p{sc=Deva}\p{sc=Thai}]{1,32}$/u;
const isId = (text: string): boolean => snowflake.safeParse(text).success;

function requireToken(token: unknown): void {
  if (typeof token === "string" && /^[\w-]+\.[\w-]+\.[\w-]+$/.test(token)) return;
  throw new OpsthreadError(
    "CONFIG_INVALID",
    `Cannot use botToken: it is ${typeof token === "string" && token !== "" ? "no token of a bot" : "not set"}, expected the one under Bot at https://discord.com/developers/applications`,
  );
}
