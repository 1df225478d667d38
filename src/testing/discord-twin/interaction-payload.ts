import type { TwinInteraction } from "./interactions.ts";
import { channelJson, type JsonContext, memberJson, messageJson, userJson } from "./json.ts";
import type { DiscordState, TwinChannel } from "./state.ts";

/** https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-object */
export function payloadOf(
  { id, token, type, user, source }: TwinInteraction,
  {
    channel,
    data,
    state,
    context,
  }: {
    readonly channel: TwinChannel;
    readonly data: object;
    readonly state: DiscordState;
    readonly context: JsonContext;
  },
): object {
  const { guildId } = channel;
  return {
    id,
    application_id: state.applicationId,
    type,
    token,
    version: 1,
    data,
    channel_id: channel.id,
    channel: channelJson(channel, state),
    ...(guildId === undefined
      ? { user: userJson(state, user), context: 1 }
      : {
          guild_id: guildId,
          guild: { id: guildId, features: [], locale: "en-US" },
          member: {
            ...memberJson(state.guildOf(guildId), user),
            user: userJson(state, user),
            permissions: "0",
          },
          context: 0,
        }),
    ...(source && { message: messageJson(source, context) }),
    app_permissions: "0",
    locale: "en-US",
    entitlements: [],
    authorizing_integration_owners: {},
    attachment_size_limit: 10 * 1024 ** 2,
  };
}
