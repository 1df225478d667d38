/** https://discord.com/developers/docs/resources/channel#channel-object-channel-types */
export const channelTypes = {
  text: 0,
  direct: 1,
  voice: 2,
  announcement: 5,
  announcementThread: 10,
  thread: 11,
  privateThread: 12,
  forum: 15,
  media: 16,
} as const;

/** Those that a guild's channels may be of. */
export type ChannelKind = "text" | "voice" | "announcement" | "forum" | "media";

/** Where only threads are. */
export const isForum = (type: number): boolean =>
  type === channelTypes.forum || type === channelTypes.media;
