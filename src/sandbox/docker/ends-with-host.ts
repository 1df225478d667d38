import { Stopped } from "../../core/abort.ts";
import type { Sandbox } from "../sandbox.ts";

/** A sandbox whose commands can't go on for another process: to be let go of is to be closed, and every stop is one. */
export function endsWithHost(sandbox: Sandbox): Sandbox {
  return {
    ...sandbox,
    exec: (command, options) =>
      asStop(options.signal, (signal) => sandbox.exec(command, { ...options, signal })),
    task: (program, options) =>
      asStop(options.signal, (signal) => sandbox.task(program, { ...options, signal })),
    detach: () => sandbox.close(),
  };
}

/** Whatever aborts the signal, the work sees a stop. */
async function asStop<T>(
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const stop = new AbortController();
  const onAbort = (): void => stop.abort(new Stopped("stop"));
  signal.addEventListener("abort", onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    return await work(stop.signal);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
