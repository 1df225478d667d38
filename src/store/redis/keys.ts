import { OpsthreadError } from "../../core/errors.ts";
import { stableKey } from "../../core/ids.ts";

/** All keys of one session are in one slot of a Redis Cluster; all that spans sessions is in another one, schedules in a third. */
export interface Keys {
  readonly session: (sessionId: string) => SessionKeys;
  /** Whether a message was accepted. Spread over all slots: there are as many as messages in a week. */
  readonly accepted: (message: {
    readonly platform: string;
    readonly workspace: string;
    readonly id: string;
  }) => string;
  readonly shared: SharedKeys;
  readonly schedules: ScheduleKeys;
}

interface ScheduleKeys {
  /** Hash: the records. */
  readonly records: string;
  /** Sorted set: the version of each, also of those that were removed. */
  readonly versions: string;
  /** Sorted set: the versions of those that were removed. */
  readonly removed: string;
  /** Number: the newest version. */
  readonly newest: string;
}

interface SessionKeys {
  /** Hash: thread, times, lease, and how the oldest unsent post stands. */
  readonly info: string;
  /** List: unread messages. */
  readonly inbox: string;
  /** List: entries; the first one has the sequence number 1. */
  readonly journal: string;
  /** List: posts, sent or not, oldest first. */
  readonly posts: string;
  /** Set: the keys of those posts. */
  readonly postKeys: string;
  /** List: what became of the first posts; the next one is the oldest unsent. */
  readonly outcomes: string;
  /** List: what appends brought for all sessions and may not be applied yet. */
  readonly effects: string;
  /** Set: ids of all messages that were accepted. */
  readonly ids: string;
  /** Number: marks up to this one are too old to make the session dirty. Expires. */
  readonly fence: string;
}

interface SharedKeys {
  /** Number: the newest mark. */
  readonly marks: string;
  /** Hash: the mark of each session that may be dirty. */
  readonly dirty: string;
  /** Sorted set: sessions by when they were active last. */
  readonly active: string;
  /** Hash: the latest append of each session whose effects were applied. */
  readonly applied: string;
  /** Hash: amounts by day, kind and account. */
  readonly spends: string;
  /** Hash: approvals for all sessions. */
  readonly remembered: string;
  /** Sorted set: in the order in which they were given. */
  readonly rememberedOrder: string;
  /** Sorted set: sessions by when their next post is due. */
  readonly due: string;
  /** Hash: which version of its outbox a session's due time is of. */
  readonly dueVersions: string;
}

/** The keys of one installation; others in the same Redis have another name. */
export function keysOf(name: string): Keys {
  if (!/^[\w.-]{1,64}$/.test(name))
    throw new OpsthreadError(
      "CONFIG_INVALID",
      `Cannot use "${name}" as the name of the installation: expected up to 64 letters, digits, ".", "_" and "-"`,
    );
  const shared = (part: string): string => `${name}:{${name}:shared}:${part}`;
  const ofSchedules = (part: string): string => `${name}:{${name}:schedules}:${part}`;
  return {
    schedules: {
      records: ofSchedules("records"),
      versions: ofSchedules("versions"),
      removed: ofSchedules("removed"),
      newest: ofSchedules("newest"),
    },
    session(sessionId) {
      const key = (part: string): string => `${name}:{${name}:${sessionId}}:${part}`;
      return {
        info: key("info"),
        inbox: key("inbox"),
        journal: key("journal"),
        posts: key("posts"),
        postKeys: key("postKeys"),
        outcomes: key("outcomes"),
        effects: key("effects"),
        ids: key("ids"),
        fence: key("fence"),
      };
    },
    accepted: ({ platform, workspace, id }) =>
      `${name}:{${stableKey("accepted", platform, workspace, id)}}:accepted`,
    shared: {
      marks: shared("marks"),
      dirty: shared("dirty"),
      active: shared("active"),
      applied: shared("applied"),
      spends: shared("spends"),
      remembered: shared("remembered"),
      rememberedOrder: shared("rememberedOrder"),
      due: shared("due"),
      dueVersions: shared("dueVersions"),
    },
  };
}
