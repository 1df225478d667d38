import type { SlackChannel } from "./workspace.ts";

/** An emoji beneath a message, and who put it there. */
export interface SlackReaction {
  readonly name: string;
  readonly users: readonly string[];
  readonly count: number;
}

interface Emoji {
  readonly name: string;
  readonly user: string;
}

/** Puts an emoji beneath the message at an index; false where that person has put it there before. */
export function reacted(channel: SlackChannel, at: number, { name, user }: Emoji): boolean {
  const users = usersOf(channel, at, name);
  if (users.includes(user)) return false;
  put(channel, at, { name, users: [...users, user] });
  return true;
}

/** Takes it away; false where it is not there. */
export function unreacted(channel: SlackChannel, at: number, { name, user }: Emoji): boolean {
  const users = usersOf(channel, at, name);
  if (!users.includes(user)) return false;
  put(channel, at, { name, users: users.filter((each) => each !== user) });
  return true;
}

const usersOf = (channel: SlackChannel, at: number, name: string): readonly string[] =>
  channel.messages[at]?.reactions?.find((each) => each.name === name)?.users ?? [];

function put(
  channel: SlackChannel,
  at: number,
  { name, users }: Pick<SlackReaction, "name" | "users">,
): void {
  const message = channel.messages[at];
  if (!message) return;
  const others = (message.reactions ?? []).filter((each) => each.name !== name);
  const reactions = users.length === 0 ? others : [...others, { name, users, count: users.length }];
  const { reactions: _, ...bare } = message;
  channel.messages[at] = { ...bare, ...(reactions.length > 0 && { reactions }) };
}
