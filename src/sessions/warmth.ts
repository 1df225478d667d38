/**
 * Which process has the sandbox of a session warm, so that it gets the session's next turn. It is told in hints: without one,
 * or when the one that it names is gone or busy, whoever is woken takes the session.
 */
export interface Warmth {
  /** This process has it, for so many milliseconds. */
  hold(sessionId: string, ms: number): void;
  /** This process has it no more. */
  letGo(sessionId: string): void;
  /** Offers a session to another process that has it warm, once. False where none is known. */
  offer(sessionId: string): Promise<boolean>;
  /** Calls `take` with each session that is offered to this process. */
  onOffer(take: (sessionId: string) => void): void;
}

/** How long a session that was offered waits for whom it was offered to. */
export const warmGraceMs = 250;
