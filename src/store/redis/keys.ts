import { OpsthreadError } from "../../core/errors.ts";
import { stableKey } from "../../core/ids.ts";

/** All keys of one session are in one slot of a Redis Cluster; all that spans sessions is in another one. */
export interface Keys {
  readonly session: (sessionId: string) => SessionKeys;
  /** Whether a message was accepted. Spread over all slots: there are as many as messages in a week. */
  readonly accepted: (message: {
    readonly platform: string;
    readonly workspace: string;
    readonly id: string;
  }) => string;
  readonly shared: SharedKeys;
}

export type SessionKeys = Readonly<Record<(typeof sessionParts)[number], string>>;
export type SharedKeys = Readonly<Record<(typeof sharedParts)[number], string>>;

const sessionParts = [
  /** Hash: thread, times, lease, and how the oldest unsent post stands. */
  "info",
  /** List: unread messages. */
  "inbox",
  /** List: entries; the first one has the sequence number 1. */
  "journal",
  /** List: posts, sent or not, oldest first. */
  "posts",
  /** Set: the keys of those posts. */
  "postKeys",
  /** List: what became of the first posts; the next one is the oldest unsent. */
  "outcomes",
  /** List: what an append brought for all sessions and may not be applied yet. */
  "effects",
  /** Set: ids of all messages that were accepted. */
  "ids",
  /** Number: marks up to this one are too old to make the session dirty. Expires. */
  "fence",
] as const;

const sharedParts = [
  /** Number: the newest mark. */
  "marks",
  /** Hash: the mark of each session that may be dirty. */
  "dirty",
  /** Sorted set: sessions by when they were active last. */
  "active",
  /** Hash: the latest append of each session whose effects were applied. */
  "applied",
  /** Hash: amounts by day, kind and account. */
  "spends",
  /** Hash: approvals for all sessions. */
  "remembered",
  /** Sorted set: in the order in which they were given. */
  "rememberedOrder",
  /** Sorted set: sessions by when their next post is due. */
  "due",
  /** Hash: which version of its outbox a session's due time is of. */
  "dueVersions",
] as const;

/** The keys of one installation; others in the same Redis have another name. */
export function keysOf(name: string): Keys {
  if (!/^[\w.-]{1,64}$/.test(name))
    throw new OpsthreadError(
      "CONFIG_INVALID",
      `Cannot use "${name}" as the name of the installation: expected up to 64 letters, digits, ".", "_" and "-"`,
    );
  const named = <Part extends string>(
    parts: readonly Part[],
    tag: string,
  ): Readonly<Record<Part, string>> => {
    const keys = Object.fromEntries(parts.map((part) => [part, `${name}:{${tag}}:${part}`]));
    // `fromEntries` does not keep the names.
    return keys as Record<Part, string>;
  };
  return {
    session: (sessionId) => named(sessionParts, `${name}:${sessionId}`),
    accepted: ({ platform, workspace, id }) =>
      `${name}:{${stableKey("accepted", platform, workspace, id)}}:accepted`,
    shared: named(sharedParts, `${name}:shared`),
  };
}
