import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

export interface HostOptions {
  readonly image: string;
  /** Where its temporary files, and what ours keeps, lie. */
  readonly folder?: string;
  /** Seconds that its sandbox sleeps, by which that is found. */
  readonly mark?: string;
}

/** Starts a process that opens a sandbox; resolves when that is there. */
export async function startHost(
  who: "ours" | "peer",
  how: "leave" | "hold",
  { image, folder = "", mark = "" }: HostOptions,
): Promise<ChildProcess> {
  const program = join(import.meta.dirname, "host-child.js");
  const host = fork(program, [who, how, image, folder, mark], { stdio: "inherit" });
  const ended = once(host, "exit").then(() => {
    throw new Error("The host ended early");
  });
  await Promise.race([once(host, "message"), ended]);
  ended.catch(() => {});
  return host;
}

/** Milliseconds from the close of everything to the end of the process. */
export async function hostRun(
  who: "ours" | "peer",
  how: "leave",
  options: HostOptions,
): Promise<number> {
  const host = await startHost(who, how, options);
  const start = performance.now();
  await once(host, "exit");
  return performance.now() - start;
}
