import type { Clock } from "../../core/clock.ts";
import type { ShowView, Trigger } from "./methods/views.ts";
import type { SlackReaction } from "./reactions.ts";
import type { ResponseUrl } from "./response-urls.ts";

/** What a message is made of, in Slack's words. */
export interface SlackMessage {
  readonly ts: string;
  readonly user: string;
  /** Of the app that posted it. */
  readonly bot_id?: string;
  readonly app_id?: string;
  readonly thread_ts?: string;
  readonly text: string;
  readonly blocks?: readonly unknown[];
  readonly metadata?: SlackMetadata;
  readonly files?: readonly SlackFile[];
  readonly reactions?: readonly SlackReaction[];
  /** Whether links in it may show more than themselves; the API does not tell. */
  readonly unfurls?: boolean;
}

export interface SlackMetadata {
  readonly event_type: string;
  readonly event_payload: Readonly<Record<string, unknown>>;
}

export interface SlackFile {
  readonly id: string;
  readonly name: string;
  readonly mimetype: string;
  readonly bytes: Buffer;
  /** The messages that it is shared with, by channel; what Slack says here comes later than the sharing. */
  readonly shares?: Readonly<Record<string, string>>;
}

export interface SlackChannel {
  readonly id: string;
  readonly name: string;
  readonly type: "channel" | "group" | "im" | "mpim";
  /** Whether the bot is in it. */
  readonly isMember: boolean;
  isArchived: boolean;
  readonly messages: SlackMessage[];
  /** What only one person sees. */
  readonly ephemerals: SlackWhisper[];
}

export interface SlackWhisper {
  readonly user: string;
  readonly text: string;
  readonly thread?: string;
  /** Milliseconds since 1970. */
  readonly at?: number;
}

/** One team, its channels and files, and the one app in it. */
export interface SlackWorkspace {
  readonly teamId: string;
  readonly bot: { readonly userId: string; readonly botId: string; readonly appId: string };
  readonly channels: Map<string, SlackChannel>;
  readonly files: Map<string, SlackFile>;
  /** Files that a URL was given out for, and what came there. */
  readonly uploads: Map<string, PendingUpload>;
  /** Addresses and triggers that were given to the app. */
  readonly responses: Map<string, ResponseUrl>;
  readonly triggers: Map<string, Trigger>;
  /** Forms that people have before them, by id, and what is on the app's own page, by person. */
  readonly views: Map<string, ShowView>;
  readonly homes: Map<string, readonly unknown[]>;
  /** Groups of people by id. */
  readonly userGroups: Map<string, readonly string[]>;
  /** When messages that grow end to do so, by id. */
  readonly streams: Map<string, number>;
  /** What is shown below threads, by `channel:thread`, until it goes by itself. */
  readonly statuses: Map<string, { readonly status: string; readonly until: number }>;
  /** Of conversations with the app alone, by `channel:thread`. */
  readonly titles: Map<string, string>;
  readonly prompts: Map<string, readonly { readonly title: string; readonly message: string }[]>;
  /** Milliseconds since 1970. */
  now(): number;
  /** The next id of a message; each only once, and growing. */
  nextTs(): string;
  nextId(prefix: string): string;
}

export interface PendingUpload {
  readonly name: string;
  readonly length: number;
  bytes?: Buffer;
}

/**
 * @param options.number of the team; ids of messages and files are unique in all
 * @param options.channels more of them besides, by id
 */
export function slackWorkspace(
  clock: Clock,
  {
    number = 1,
    channels: more = [],
  }: { readonly number?: number; readonly channels?: readonly string[] } = {},
): SlackWorkspace {
  let count = (number - 1) * 100_000;
  /** Microseconds. */
  let latest = 0;
  const channels = new Map<string, SlackChannel>();
  for (const [id, name, type, isMember] of [
    ["C0OPS0001", "ops", "channel", true],
    ["C0WEB0001", "web", "channel", true],
    ["G0SECRET1", "secret", "group", true],
    ["C0OTHER01", "other", "channel", false],
    ["D0DIRECT1", "", "im", true],
    ["G0GROUP01", "mpdm-ann--bob--opsthread-1", "mpim", true],
    ...more.map((each) => [each, each.toLowerCase(), "channel", true] as const),
  ] as const)
    channels.set(id, { id, name, type, isMember, isArchived: false, messages: [], ephemerals: [] });
  return {
    teamId: `T0TWIN00${number}`,
    bot: { userId: `U0BOT000${number}`, botId: `B0BOT000${number}`, appId: "A0APP0001" },
    channels,
    files: new Map(),
    uploads: new Map(),
    responses: new Map(),
    triggers: new Map(),
    views: new Map(),
    homes: new Map(),
    userGroups: new Map(),
    streams: new Map(),
    statuses: new Map(),
    titles: new Map(),
    prompts: new Map(),
    now: () => clock.now(),
    nextTs() {
      latest = Math.max(latest + 1, clock.now() * 1000);
      return `${Math.floor(latest / 1e6)}.${String(latest % 1e6).padStart(6, "0")}`;
    },
    nextId: (prefix) => `${prefix}0${(count += 1).toString(36).toUpperCase().padStart(8, "0")}`,
  };
}

/** A message and what was said beneath it, oldest first. */
export function threadOf(channel: SlackChannel, ts: string): readonly SlackMessage[] {
  return channel.messages.filter((message) => message.ts === ts || message.thread_ts === ts);
}
