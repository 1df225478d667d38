/** So many turns at once, at most, of what has this name: a channel, a person. */
export interface TurnLimit {
  readonly name: string;
  readonly most: number;
}

/** Whether a session's turn may begin; else what keeps it waiting, and how many wait for that before it. */
export type Admission =
  | { readonly admitted: true }
  | { readonly admitted: false; readonly limit: TurnLimit; readonly ahead: number };

/**
 * Counts turns that run side by side, over all processes of a bot. It holds no truth: who waits is dirty in the store, and asks
 * again with each wake; who runs says so now and then, or is forgotten.
 */
export interface Turnstile {
  /**
   * Takes a place at each limit, or at none and stands in line for the first that is full: who has waited longest, by `since`,
   * is first. A session that has its places keeps them.
   */
  enter(
    sessionId: string,
    options: {
      readonly limits: readonly TurnLimit[];
      /** Milliseconds since the epoch. */
      readonly since: number;
      /** How long a place is held without {@link Turnstile.keep}. */
      readonly ttlMs: number;
    },
  ): Promise<Admission>;
  /** Holds the places for `ttlMs` from now. */
  keep(
    sessionId: string,
    options: { readonly limits: readonly TurnLimit[]; readonly ttlMs: number },
  ): Promise<void>;
  /** Gives the places back, and those in the lines; returns the sessions that can have them now. */
  leave(sessionId: string, limits: readonly TurnLimit[]): Promise<readonly string[]>;
  /** What keeps it waiting; undefined when it stands in no line. */
  look<Limit extends TurnLimit>(
    sessionId: string,
    limits: readonly Limit[],
  ): Promise<{ readonly limit: Limit; readonly ahead: number } | undefined>;
}

/** For turns of one process: nothing has to be forgotten that it does not tell. */
export function localTurnstile(): Turnstile {
  const counters = new Map<string, Counter>();
  const of = ({ name }: TurnLimit): Counter => {
    const counter = counters.get(name) ?? { running: new Set(), waiting: new Map() };
    counters.set(name, counter);
    return counter;
  };
  return {
    async enter(sessionId, { limits, since }) {
      let full: { readonly limit: TurnLimit; readonly ahead: number } | undefined;
      for (const limit of limits) {
        const { running, waiting } = of(limit);
        waiting.set(sessionId, since);
        const ahead = lineOf(waiting).indexOf(sessionId);
        if (running.has(sessionId) || ahead < limit.most - running.size) waiting.delete(sessionId);
        else full ??= { limit, ahead };
      }
      if (full) return { admitted: false, ...full };
      for (const limit of limits) of(limit).running.add(sessionId);
      return { admitted: true };
    },
    async keep() {},
    async leave(sessionId, limits) {
      return limits.flatMap((limit) => {
        const { running, waiting } = of(limit);
        running.delete(sessionId);
        waiting.delete(sessionId);
        if (running.size + waiting.size === 0) counters.delete(limit.name);
        return lineOf(waiting).slice(0, Math.max(0, limit.most - running.size));
      });
    },
    async look(sessionId, limits) {
      for (const limit of limits) {
        const ahead = lineOf(of(limit).waiting).indexOf(sessionId);
        if (ahead >= 0) return { limit, ahead };
      }
      return undefined;
    },
  };
}

interface Counter {
  readonly running: Set<string>;
  /** Since when who waits. */
  readonly waiting: Map<string, number>;
}

const lineOf = (waiting: ReadonlyMap<string, number>): readonly string[] =>
  [...waiting]
    .toSorted(([a, since], [b, other]) => since - other || (a < b ? -1 : 1))
    .map(([sessionId]) => sessionId);
