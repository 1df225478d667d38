import { setMaxListeners } from "node:events";

import { systemClock } from "../../core/clock.ts";
import { silentLogger } from "../../core/logger.ts";
import type { Adapter } from "../adapter.ts";
import { discordApi } from "./api.ts";
import { fileLimits } from "./artifacts.ts";
import { createCards } from "./cards.ts";
import { connect, type Connection } from "./connection.ts";
import { downloadFile } from "./download.ts";
import { emojiMeanings } from "./emoji.ts";
import { createEvents } from "./events.ts";
import { identify, type Identity } from "./identity.ts";
import { contentMeaning } from "./intents.ts";
import { serveEndpoint } from "./interactions/endpoint.ts";
import { createInteractions } from "./interactions/handle.ts";
import { keepCommands } from "./interactions/register.ts";
import { openThread } from "./open-thread.ts";
import { checkOptions, type DiscordAdapterOptions } from "./options.ts";
import { createPlaces } from "./places.ts";
import { createPosts } from "./posts.ts";
import { createProgressLines } from "./progress.ts";
import { createReceiver } from "./receive.ts";
import { createTeller } from "./tell.ts";
import { createTrouble } from "./trouble.ts";

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
  const { gateway = true, shards = "auto", endpoint } = options;
  checkOptions(options);
  const meanings = emojiMeanings(reactions);
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
  const cards = createCards({ api, botId, clock, log });
  const posts = createPosts({
    api,
    places,
    cards,
    botId,
    limits: ({ workspace }) => fileLimits(connection?.premiumTier(workspace)),
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
      const events = createEvents({ ...shared, interactions, meanings });
      if (endpoint)
        open.push(await serveEndpoint(endpoint, { take: interactions.take, clock, log }));
      const intents = { messageContent: readsContent, reactions: meanings.size > 0 };
      const { applicationId } = self;
      if (gateway) {
        connection = await connect(
          { api, botToken, intents, applicationId, shards, clock, log, handle: events.handle },
          { signal },
        );
        open.push(connection);
      }
      const registering = keepCommands(
        { api, clock, log, signal },
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
