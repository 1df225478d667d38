/**
 * Wakes sessions. The queue holds no truth: a wake says only "look at this session", may come twice, and may be
 * lost with the process. The store's dirty sessions are the list of what is to do.
 */
export interface Queue extends AsyncDisposable {
  /**
   * Begins to call `handler`, for one session at most once at a time, and for several side by side up to the
   * configured number. A wake that arrives while the session's handler runs leads to one more call after it.
   * A handler that throws is logged, and the session is woken again by the next sweep.
   */
  start(
    handler: (sessionId: string, options: { readonly signal: AbortSignal }) => Promise<void>,
  ): void;
  /** Asks for a call of the handler, now or after `delayMs`. */
  wake(sessionId: string, options?: { readonly delayMs?: number }): void;
  /**
   * Calls the handler for a session now and in this process, unless it runs for that already, or for as many as may run side by
   * side: then nothing happens, and the result is false. Only queues of several processes have it.
   */
  take?(sessionId: string): boolean;
  /** Resolves when no handler runs and no wake without delay is waiting. */
  idle(): Promise<void>;
  /**
   * Takes no more wakes and ends running handlers: their signals abort with the reason `shutdown` after
   * `graceMs`. Resolves when all have returned. Called by dispose with `graceMs: 0`.
   */
  drain(options: { readonly graceMs: number }): Promise<void>;
}
