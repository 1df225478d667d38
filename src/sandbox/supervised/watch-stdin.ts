import type { Stdin } from "../supervisor/stdin.ts";

/** A command's stdin, and the signal that also aborts when it fails. */
export interface WatchedStdin {
  readonly stdin: Stdin | undefined;
  readonly signal: AbortSignal;
  /** What it failed with, if it did. */
  readonly failure: () => { readonly error: unknown } | undefined;
}

/** A command whose stdin fails must not take what came so far for all there is: it is ended. */
export function watchStdin(stdin: Stdin | undefined, signal: AbortSignal): WatchedStdin {
  if (stdin === undefined || typeof stdin === "string")
    return { stdin, signal, failure: () => undefined };
  const broken = new AbortController();
  let failure: { readonly error: unknown } | undefined;
  const watched = async function* (): AsyncGenerator<Uint8Array> {
    try {
      yield* stdin;
    } catch (error) {
      failure = { error };
      broken.abort();
      throw error; // Its end would look like the end of the input.
    }
  };
  return {
    stdin: watched(),
    signal: AbortSignal.any([signal, broken.signal]),
    failure: () => failure,
  };
}
