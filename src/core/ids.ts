import { hash } from "node:crypto";

/**
 * Where a conversation lives, as the platform's own ids.
 * Ids are opaque: names are for display and never decide anything.
 */
export interface ThreadRef {
  readonly platform: string;
  readonly workspace: string;
  readonly channel: string;
  readonly thread: string;
}

/** The one-string form of a thread: `platform:workspace:channel:thread`, each part percent-encoded. */
export function threadId(ref: ThreadRef): string {
  return [ref.platform, ref.workspace, ref.channel, ref.thread].map(encodeURIComponent).join(":");
}

/** The session of a thread. The same thread always has the same session, on every machine. */
export function sessionIdOf(ref: ThreadRef): string {
  return `s_${stableKey("session", threadId(ref))}`;
}

/**
 * A key that is the same each time the same work is done, so that a repeat can be recognised:
 * 24 characters of `[0-9a-z]`, 120 bits of SHA-256. Fits Discord's 25-character nonce.
 */
export function stableKey(...parts: readonly (string | number)[]): string {
  const digest = hash("sha256", JSON.stringify(parts), "binary");
  let key = "";
  for (let index = 0; index < 24; index += 1) key += alphabet[digest.charCodeAt(index) & 31];
  return key;
}

/**
 * The id of an approval, short enough to be typed: a digit and five of `[0-9a-z]`, so that no word is taken for one.
 * `at` keeps a button of a session that retention removed from deciding in the thread's next one.
 */
export function approvalIdOf(executionId: string, at: number): string {
  const key = stableKey("approval", executionId, at);
  return `${alphabet.indexOf(key[0] ?? "0") % 10}${key.slice(1, 6)}`;
}

export const isApprovalId = (text: string): boolean => /^\d[0-9a-z]{5}$/.test(text);

const alphabet = "0123456789abcdefghjkmnpqrstvwxyz";
