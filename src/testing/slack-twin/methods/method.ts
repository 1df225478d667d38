import type { SlackEvents } from "../events.ts";
import type { PendingFaults } from "../faults.ts";
import type { Params } from "../params.ts";
import { Refusal } from "../refusal.ts";
import type { SlackChannel, SlackWorkspace } from "../workspace.ts";

/** One method of the Web API. */
export interface Method {
  /** What the token needs; undefined for methods that any token may call. */
  readonly scope: string | undefined;
  /** Whether it is for the token of the app, not of the bot. */
  readonly byApp?: boolean;
  /** Whether it takes no token at all. */
  readonly byNobody?: boolean;
  /** Gives what is in the answer besides `ok`, or throws a {@link Refusal}. */
  run(params: Params, slack: SlackSide): object;
}

/** What methods work on. */
export interface SlackSide {
  readonly workspace: SlackWorkspace;
  readonly events: SlackEvents;
  readonly url: string;
  readonly faults: PendingFaults;
  /** Gives out the address of a socket, for once. */
  ticket(): string;
  /** What a code of an installation is good for. */
  install(code: string): object;
}

/** A channel in which the bot may act. */
export function channelOf(
  params: Params,
  { workspace }: SlackSide,
  name = "channel",
): SlackChannel {
  const channel = workspace.channels.get(params.text(name));
  if (!channel || (!channel.isMember && channel.type !== "channel"))
    throw new Refusal("channel_not_found");
  if (!channel.isMember) throw new Refusal("not_in_channel");
  if (channel.isArchived) throw new Refusal("is_archived");
  return channel;
}

/** The thread that something goes into: there must be a message that begins it. */
export function threadIn(params: Params, channel: SlackChannel): string | undefined {
  const ts = params.optional("thread_ts");
  if (ts === undefined) return undefined;
  const root = channel.messages.find((message) => message.ts === ts);
  if (!root) throw new Refusal("thread_not_found");
  if (root.thread_ts !== undefined && root.thread_ts !== ts)
    throw new Refusal("cannot_reply_to_message");
  return ts;
}
