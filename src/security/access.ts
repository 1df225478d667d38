import { z } from "zod";

import type { ThreadRef } from "../core/ids.ts";
import type { Actor } from "../core/message.ts";

/**
 * An id on a platform, `platform:workspace:id`, each part percent-encoded. `*` as the whole id means every id of that
 * workspace. Ids, never names: a name can be taken by anybody.
 */
const Entry = z.string().transform((text, context) => {
  const parts = decodedParts(text);
  const wildcard = text.endsWith(`:${everyId}`);
  if (parts !== undefined && isUsable(parts, wildcard)) return parts;
  context.issues.push({
    code: "custom",
    input: text,
    message: `Cannot use "${text}": expected platform:workspace:id, with * only as the whole id`,
  });
  return z.NEVER;
});

const entries = z.array(Entry).readonly().default([]);

/** Who may use the bot and where. What is not listed is not allowed. */
export const AccessConfig = z.strictObject({
  /** People who may do everything, in every channel. */
  admins: entries,
  /** People who may use the bot in the allowed channels. */
  users: entries,
  /** Roles or groups whose members may. */
  roles: entries,
  /** People, roles or groups who may widen what a session may do, in the allowed channels. That alone lets nobody use the bot. */
  approvers: entries,
  /** People, roles or groups who may approve calls for all sessions, and so may approve anything, in the allowed channels. */
  keepers: entries,
  /** Channels where it may be used. */
  channels: entries,
});
export type AccessConfig = z.infer<typeof AccessConfig>;

/**
 * - `use`: talk to the agent; - `stop`: end what runs; - `approve`: widen a grant, or let a call run;
 * - `remember`: let such calls run in all sessions; - `admin`: anything else that rules the bot.
 */
export type AccessAction = "use" | "stop" | "approve" | "remember" | "admin";

export interface AccessQuestion {
  readonly actor: Pick<Actor, "id" | "roles">;
  readonly thread: Pick<ThreadRef, "platform" | "workspace" | "channel">;
  readonly action: AccessAction;
}

export type AccessAnswer =
  | { readonly allowed: true; readonly role: "admin" | "user" | "approver" }
  | { readonly allowed: false; readonly reason: string };

/** The one gate for every kind of ingress. */
export interface Access {
  check(question: AccessQuestion): AccessAnswer;
}

/**
 * @example
 * createAccess(AccessConfig.parse({ users: ["slack:T1:U1"], channels: ["slack:T1:*"] }))
 */
export function createAccess(config: AccessConfig): Access {
  const admins = matcher(config.admins);
  const users = matcher(config.users);
  const roles = matcher(config.roles);
  const approvers = matcher([...config.approvers, ...config.keepers]);
  const keepers = matcher(config.keepers);
  const channels = matcher(config.channels);
  return {
    check({ actor, thread, action }) {
      const place = [thread.platform, thread.workspace] as const;
      if (admins([...place, actor.id])) return { allowed: true, role: "admin" };
      const isAmong = (people: Matcher, groups: Matcher): boolean =>
        people([...place, actor.id]) || actor.roles.some((id) => groups([...place, id]));
      const deciders = {
        approve: approvers,
        remember: keepers,
        use: none,
        stop: none,
        admin: none,
      }[action];
      const approves = isAmong(deciders, deciders);
      const decides = action === "remember" && isAmong(approvers, approvers);
      const known = approves || decides || isAmong(users, roles);
      if (!known) return denied("You are not on the list of people who may use this bot");
      if (!channels([...place, thread.channel]))
        return denied("This channel is not on the bot's list");
      if (approves) return { allowed: true, role: "approver" };
      if (action === "approve") return denied("Only an approver may do this");
      if (action === "remember")
        return denied("Only an admin or a keeper may approve for all sessions");
      if (action === "admin") return denied("Only an admin may do this");
      return { allowed: true, role: "user" };
    },
  };
}

const none = matcher([]);

type Matcher = (parts: Parts) => boolean;
type Parts = readonly [platform: string, workspace: string, id: string];

function denied(reason: string): AccessAnswer {
  return { allowed: false, reason };
}

/** Whether an id is among the entries. Parts are compared one by one, so that no id can pose as two parts. */
function matcher(listed: readonly Parts[]): Matcher {
  const keys = new Set(listed.map((parts) => JSON.stringify(parts)));
  return ([platform, workspace, id]) =>
    id !== "" &&
    (keys.has(JSON.stringify([platform, workspace, id])) ||
      keys.has(JSON.stringify([platform, workspace, everyId])));
}

const everyId = "*";

function decodedParts(text: string): Parts | undefined {
  const [platform, workspace, id, ...more] = text.split(":");
  if (platform === undefined || workspace === undefined || id === undefined) return undefined;
  if (more.length > 0) return undefined;
  try {
    return [decodeURIComponent(platform), decodeURIComponent(workspace), decodeURIComponent(id)];
  } catch {
    // A stray percent sign.
    return undefined;
  }
}

function isUsable(parts: Parts, wildcard: boolean): boolean {
  if (parts.some((part) => part === "" || part.trim() !== part)) return false;
  return (wildcard ? parts.slice(0, 2) : parts).every((part) => !part.includes(everyId));
}
