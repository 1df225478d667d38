import type { DiscordEvents } from "./events.ts";
import type { PendingFaults } from "./faults.ts";
import type { Gateway } from "./gateway.ts";
import type { PrivilegedIntent } from "./intents.ts";
import type { Interactions } from "./interactions.ts";
import type { JsonContext } from "./json.ts";
import type { SentFile } from "./message-body.ts";
import { refusals } from "./refusal.ts";
import type { DiscordState, TwinChannel, TwinMessage } from "./state.ts";

/** What the routes work on. */
export interface ServerSide {
  readonly state: DiscordState;
  readonly events: DiscordEvents;
  readonly gateway: Gateway;
  readonly interactions: Interactions;
  readonly commands: CommandBook;
  readonly faults: PendingFaults;
  readonly context: JsonContext;
  /** Whether the address of a file still is good. */
  readonly isGood: (path: string, query: URLSearchParams) => boolean;
  readonly granted: ReadonlySet<PrivilegedIntent>;
  /** How many the bot is told to have. */
  readonly recommendedShards: number;
  /** Who was told that somebody writes: the channel and when. */
  readonly typing: { readonly channelId: string; readonly at: number }[];
}

/** Commands by where they are: a guild, or everywhere. */
export interface CommandBook {
  /** How many were made where on which day. */
  readonly made: Map<string, number>;
  readonly byPlace: Map<string, { readonly id: string; readonly [field: string]: unknown }[]>;
}

/** One request, as a route gets it. */
export interface RouteCall {
  /** What stands in the place of each `{}` of the route. */
  readonly ids: readonly string[];
  readonly body: unknown;
  readonly files: readonly SentFile[];
  readonly query: URLSearchParams;
  readonly side: ServerSide;
}

/** Gives what the answer holds, or undefined for 204; throws a DiscordRefusal. */
export interface Route {
  /** Whether the bot's token is needed. Default true. */
  readonly isOpen?: boolean;
  run(call: RouteCall): object | undefined;
}

/** A channel that the bot sees. */
export function channelFor({ ids: [id = ""], side: { state } }: RouteCall): TwinChannel {
  const channel = state.channel(id);
  if (!channel) throw refusals.unknownChannel();
  if (!state.may(state.botId, channel, "VIEW_CHANNEL")) throw refusals.missingAccess();
  return channel;
}

export function messageIn(channel: TwinChannel, id = ""): TwinMessage {
  const message = channel.messages.find((each) => each.id === id);
  if (!message) throw refusals.unknownMessage();
  return message;
}
