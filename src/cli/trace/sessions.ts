import { OpsthreadError } from "../../core/errors.ts";
import type { SpanRecord } from "../../observe/span-record.ts";

/** What the trace files know of a session. */
export interface TracedSession {
  readonly session: string;
  readonly platform: string;
  /** Numbers of the turns that are still there, in order. */
  readonly turns: readonly number[];
  readonly lastAt: number;
  /** How its last turn stands. */
  readonly last: string;
}

/** The most recent first. */
export async function tracedSessions(
  spans: AsyncIterable<SpanRecord>,
): Promise<readonly TracedSession[]> {
  const found = new Map<string, TracedSession>();
  for await (const { name, facts, startedAt, status } of spans) {
    const { session, turn, platform } = facts;
    if (name !== "turn" || typeof session !== "string" || typeof turn !== "number") continue;
    const turns = new Set(found.get(session)?.turns).add(turn);
    found.set(session, {
      session,
      platform: String(platform ?? ""),
      turns: [...turns].toSorted((a, b) => a - b),
      lastAt: startedAt,
      last: String(facts["outcome"] ?? status),
    });
  }
  return [...found.values()].toSorted((a, b) => b.lastAt - a.lastAt);
}

/**
 * The one session that is meant.
 * @throws {OpsthreadError} `CONFIG_INVALID` when it is none or several
 */
export function sessionMeant(
  sessions: readonly TracedSession[],
  { wanted, folder }: { readonly wanted: string; readonly folder: string },
): TracedSession {
  const matching = sessions.filter(({ session }) => session.startsWith(wanted));
  const exact = matching.find(({ session }) => session === wanted);
  const [only, ...others] = exact ? [exact] : matching;
  if (!only)
    throw unusable(
      `no session "${wanted}" is in ${folder}, "opsthread trace --list" shows those that are`,
    );
  if (others.length > 0) {
    const ids = matching.slice(0, 5).map(({ session }) => session);
    throw unusable(
      `"${wanted}" is the beginning of ${matching.length} sessions: ${ids.join(", ")}`,
    );
  }
  return only;
}

/** @throws {OpsthreadError} `CONFIG_INVALID` for a turn of which there is nothing */
export function turnMeant({ session, turns }: TracedSession, wanted: number | undefined): number {
  const turn = wanted ?? turns.at(-1);
  if (turn !== undefined && turns.includes(turn)) return turn;
  throw unusable(`turn ${turn} of "${session}" is not there, expected one of ${turns.join(", ")}`);
}

export const unusable = (reason: string): OpsthreadError =>
  new OpsthreadError("CONFIG_INVALID", `Cannot show a trace: ${reason}`);
