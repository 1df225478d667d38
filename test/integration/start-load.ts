import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

import { expect } from "vitest";

/** What `store-load.mjs` is told. */
export interface LoadOptions {
  readonly driver: string;
  readonly factory: string;
  readonly options: object;
  /** The file that it keeps its records in. */
  readonly log: string;
  readonly ttlMs: number;
  readonly seed: number;
  readonly round: number;
}

/** A process that uses a store until it is killed. */
export interface Load extends AsyncDisposable {
  readonly pid: number | undefined;
  /** Resolves when the store is open. */
  readonly ready: Promise<unknown>;
  /** Kills it, and fails when it ended before. */
  readonly kill: () => Promise<void>;
}

const program = fileURLToPath(new URL("store-load.mjs", import.meta.url));

export function startLoad(load: LoadOptions): Load {
  const args = [program, JSON.stringify(load)];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const exited = once(child, "exit");
  return {
    pid: child.pid,
    ready: Promise.race([once(child.stdout, "data"), exited]),
    async kill() {
      child.kill("SIGKILL");
      expect(await exited).toEqual([null, "SIGKILL"]);
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await exited;
    },
  };
}
