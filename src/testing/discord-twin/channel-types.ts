/** https://discord.com/developers/docs/resources/channel#channel-object-channel-types */
export const channelTypes = { text: 0, direct: 1, voice: 2, thread: 11, forum: 15 } as const;
