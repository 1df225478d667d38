import { setMaxListeners } from "node:events";

import { type Clock, systemClock } from "../../core/clock.ts";
import { messageOf, OpsthreadError } from "../../core/errors.ts";
import { type Logger, silentLogger } from "../../core/logger.ts";
import type { Adapter } from "../adapter.ts";
import { type DiscordApi, discordApi } from "./api.ts";
import { createCards } from "./cards.ts";
import { connect, type Connection } from "./connection.ts";
import { downloadFile } from "./download.ts";
import { createEvents } from "./events.ts";
import { identify, type Identity } from "./identity.ts";
import { contentMeaning } from "./intents.ts";
import { type EndpointOptions, serveEndpoint } from "./interactions/endpoint.ts";
import { createInteractions } from "./interactions/handle.ts";
import { type CommandPlaces, registerCommands } from "./interactions/register.ts";
import { openThread } from "./open-thread.ts";
import { createPlaces } from "./places.ts";
import { createPosts } from "./posts.ts";
import { createProgressLines } from "./progress.ts";
import { createReceiver } from "./receive.ts";
import { createTeller } from "./tell.ts";
import { createTrouble } from "./trouble.ts";

export interface DiscordAdapterOptions {
  /** The bot's token, from https://discord.com/developers/applications under Bot. */
  readonly botToken: string;
  /**
   * Whether to read what is said without naming the bot, which needs the privileged Message Content Intent. Default
   * `auto`: where it is turned on for the app.
   */
  readonly messageContent?: boolean | "auto";
  /** Whether 🛑 stops, and ✅ and ❌ answer questions. Default true. */
  readonly reactions?: boolean;
  /** Where its commands are: `everywhere` (default), `nowhere`, or in guilds by id. */
  readonly commands?: CommandPlaces;
  /** What its command is called. Default `ops`. */
  readonly commandName?: string;
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

/**
 * Connects a bot to Discord, in every guild that it was added to. See docs/discord.md.
 *
 * @example
 * const adapter = discordAdapter({ botToken: process.env.DISCORD_BOT_TOKEN });
 *
 * @throws {OpsthreadError} `CONFIG_INVALID` for what can't be a token
 */
export function discordAdapter(options: DiscordAdapterOptions): Adapter {
  const { botToken, clock = systemClock, log = silentLogger } = options;
  const { apiUrl = "https://discord.com/api", timeoutMs = 20_000 } = options;
  const { maxInvalidRequests = 5000, messageContent = "auto" } = options;
  const { commands = "everywhere", commandName = "ops", reactions = true } = options;
  const { gateway = true, endpoint } = options;
  requireToken(botToken);
  if (!gateway && !endpoint)
    throw new OpsthreadError(
      "CONFIG_INVALID",
      "Cannot do without the gateway: no endpoint is set, expected one of the two",
    );
  const api = discordApi({ botToken, apiUrl, timeoutMs, maxInvalidRequests, clock, log });
  let identity: Promise<Identity> | undefined;
  const whoAmI = ({ signal }: { readonly signal: AbortSignal }): Promise<Identity> => {
    identity ??= identify(api, { signal }).catch((error: unknown) => {
      identity = undefined;
      throw error;
    });
    return identity;
  };
  const places = createPlaces(api);
  let connection: Connection | undefined;
  const botId = async (given: { readonly signal: AbortSignal }): Promise<string> =>
    (await whoAmI(given)).userId;
  const cards = createCards({ api, botId, log });
  const posts = createPosts({
    api,
    places,
    cards,
    botId,
    limits: ({ workspace }) => limitsOf(connection?.premiumTier(workspace)),
  });
  const lines = createProgressLines({ api, places, botId, clock, log });
  const teller = createTeller({ api, clock, log });
  const trouble = createTrouble(teller);
  const ending = new AbortController();
  // All that goes on listens.
  setMaxListeners(0, ending.signal);
  const open: AsyncDisposable[] = [teller, lines];
  return {
    platform: "discord",
    async start(inbound) {
      const { signal } = ending;
      const self = await whoAmI({ signal });
      const readsContent = messageContent === "auto" ? self.readsContent : messageContent;
      log.info({ readsContent }, readsContent ? contentMeaning.with : contentMeaning.without);
      const receiver = createReceiver({ inbound, clock, log });
      open.push(receiver);
      const shared = {
        api,
        inbound,
        receiver,
        places,
        cards,
        teller,
        trouble,
        identity: self,
        clock,
        log,
        signal,
      };
      const interactions = createInteractions({ ...shared, commandName });
      open.push(interactions);
      const events = createEvents({ ...shared, interactions });
      if (endpoint)
        open.push(await serveEndpoint(endpoint, { take: interactions.take, clock, log }));
      const intents = { messageContent: readsContent, reactions };
      const { applicationId } = self;
      if (gateway) {
        connection = await connect(
          { api, botToken, intents, applicationId, clock, log, handle: events.handle },
          { signal },
        );
        open.push(connection);
      }
      const registering = keepCommands(
        { api, log, signal },
        { applicationId, name: commandName, places: commands, guilds: connection?.guilds() ?? [] },
      );
      open.push({ [Symbol.asyncDispose]: () => registering });
    },
    async post(post, given) {
      try {
        const sent = await posts.send(post, given);
        trouble.over(post.thread);
        return sent;
      } catch (error) {
        trouble.tell(post.thread, error);
        throw error;
      }
    },
    findPost: (thread, key, given) => posts.find(thread, key, given),
    openThread: async (opening, { signal }) =>
      openThread(opening, { api, places, botId: await botId({ signal }), log, signal }),
    showProgress: (thread, progress, given) => lines.show(thread, progress, given),
    closeApproval: (thread, decided, given) => cards.close(thread, decided, given),
    download: (_, { id }, { signal }) => downloadFile(id, { api, apiUrl, signal }),
    async [Symbol.asyncDispose]() {
      ending.abort();
      for (const each of open.splice(0).toReversed()) await each[Symbol.asyncDispose]();
    },
  };
}

function requireToken(token: unknown): void {
  if (typeof token === "string" && /^[\w-]+\.[\w-]+\.[\w-]+$/.test(token)) return;
  throw new OpsthreadError(
    "CONFIG_INVALID",
    `Cannot use botToken: it is ${typeof token === "string" && token !== "" ? "no token of a bot" : "not set"}, expected the one under Bot at https://discord.com/developers/applications`,
  );
}

/** By the guild's boosts: https://support.discord.com/hc/en-us/articles/360028038352 */
function limitsOf(premiumTier = 0): { readonly perFile: number; readonly perRequest: number } {
  const mebibytes = [10, 10, 50, 100][premiumTier] ?? 10;
  return { perFile: mebibytes * 1024 ** 2, perRequest: Math.max(25, mebibytes) * 1024 ** 2 };
}

/** A bot without commands still answers mentions, so it goes on. */
async function keepCommands(
  {
    api,
    log,
    signal,
  }: { readonly api: DiscordApi; readonly log: Logger; readonly signal: AbortSignal },
  wanted: Omit<Parameters<typeof registerCommands>[1], "signal">,
): Promise<void> {
  try {
    const done = await registerCommands(api, { ...wanted, signal });
    log.info(done, "Commands are registered");
  } catch (error) {
    if (!signal.aborted) log.warn({ error: messageOf(error) }, "Commands could not be registered");
  }
}
