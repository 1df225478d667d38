import { randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, readlink, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { z } from "zod";

import { lookUpProcess } from "./processes.ts";

/** This process among those that share an installation, so that one does not clear away what another one uses. */
export interface Owner extends AsyncDisposable {
  readonly id: string;
  /** Whether the process of this id still lives. */
  isAlive(id: string): Promise<boolean>;
  /** Whether a living process of another machine is signed in, too. */
  isAlsoElsewhere(): Promise<boolean>;
}

const Record = z.object({
  pid: z.number(),
  startedAt: z.string(),
  pidNamespace: z.string(),
  machine: z.string().default(""),
});

/** Signs this process in. The file is touched now and then; the processes of one host can also be looked up. */
export async function signIn(folder: string): Promise<Owner> {
  const id = randomUUID();
  const file = (owner: string): string => join(folder, `${owner}.json`);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const own = {
    pid: process.pid,
    startedAt: await startOf(process.pid),
    pidNamespace: await pidNamespace(),
    machine: await bootId(),
  };
  await writeFile(file(id), JSON.stringify(own), { mode: 0o600 });
  const beat = setInterval(() => {
    const now = new Date();
    utimes(file(id), now, now).catch(() => {}); // Somebody cleared the folder: others will take this one for dead.
  }, beatMs);
  beat.unref();

  const recordOf = async (owner: string) =>
    Record.parse(JSON.parse(await readFile(file(owner), "utf8")));

  const isAlive = async (owner: string): Promise<boolean> => {
    if (owner === id) return true;
    if (!/^[\w-]+$/.test(owner)) return false;
    try {
      const { pid, startedAt, pidNamespace: namespace } = await recordOf(owner);
      if (namespace !== "" && namespace === own.pidNamespace)
        return (await startOf(pid)) === startedAt;
      return Date.now() - (await stat(file(owner))).mtimeMs < 6 * beatMs;
    } catch {
      return false; // Signed out, or half written by one that died at it.
    }
  };

  for (const name of await readdir(folder)) {
    const other = name.replace(/\.json$/, "");
    if (other !== id && !(await isAlive(other))) await rm(join(folder, name), { force: true });
  }
  return {
    id,
    isAlive,
    async isAlsoElsewhere() {
      for (const name of await readdir(folder)) {
        const other = name.replace(/\.json$/, "");
        if (other === id || !(await isAlive(other))) continue;
        const { machine } = await recordOf(other).catch(() => own); // It signed out meanwhile.
        if (machine !== own.machine) return true;
      }
      return false;
    },
    async [Symbol.asyncDispose]() {
      clearInterval(beat);
      await rm(file(id), { force: true });
    },
  };
}

const beatMs = 5_000;

/** Empty where there is no such process, or no /proc. */
const startOf = async (pid: number): Promise<string> => (await lookUpProcess(pid))?.startedAt ?? "";

/** Of the running kernel, which containers share; empty where there is no /proc. */
const bootId = async (): Promise<string> =>
  (await readFile("/proc/sys/kernel/random/boot_id", "utf8").catch(() => "")).trim();

const pidNamespace = (): Promise<string> => readlink("/proc/self/ns/pid").catch(() => "");
