import { readFileSync, writeFileSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";

import { median, percentile } from "../harness.ts";

/** Milliseconds that something takes. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** Measures that take part in the same rounds, by name; one may return several samples of a round. */
export type Measures<Name extends string> = Readonly<
  Partial<Record<Name, () => Promise<number | readonly number[]>>>
>;

/** Takes the samples of all measures in turn, so that a busy moment of the machine hits all. One round warms up. */
export async function sampleAll<Name extends string>(
  rounds: number,
  measures: Measures<Name>,
): Promise<Samples<Name>> {
  const samples = new Map<string, number[]>();
  for (let round = 0; round <= rounds; round += 1)
    for (const [name, measure] of Object.entries<Measures<Name>[Name]>(measures)) {
      if (measure === undefined) continue;
      const values = [await measure()].flat();
      if (round > 0 || rounds === 0) samples.set(name, [...(samples.get(name) ?? []), ...values]);
    }
  const of = (name: Name): readonly number[] => samples.get(name) ?? [];
  return {
    p50: (name) => median(of(name)),
    p95: (name) => percentile(of(name), 95),
  };
}

export interface Samples<Name extends string> {
  p50(name: Name): number;
  p95(name: Name): number;
}

/** The most memory that this process takes while something goes on, on top of what it takes now, in MB. */
export async function extraMemory(work: () => Promise<unknown>): Promise<number> {
  // Forgets the highest mark so far. https://man7.org/linux/man-pages/man5/proc_pid_clear_refs.5.html
  writeFileSync("/proc/self/clear_refs", "5");
  const before = statusMB("VmRSS");
  await work();
  return statusMB("VmHWM") - before;
}

function statusMB(key: string): number {
  const line = readFileSync("/proc/self/status", "utf8").match(
    new RegExp(`^${key}:\\s+(\\d+) kB`, "m"),
  );
  return Number(line?.[1]) / 1024;
}

/** Memory of the machine that could be had, in MB. */
export function availableMB(): number {
  const line = /^MemAvailable:\s+(\d+) kB/m.exec(readFileSync("/proc/meminfo", "utf8"));
  return Number(line?.[1]) / 1024;
}

/** Host processes whose command line has all of these texts. */
export async function processesWith(...texts: readonly string[]): Promise<readonly string[]> {
  const found: string[] = [];
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const line = await readFile(`/proc/${name}/cmdline`, "utf8").catch(() => ""); // It ended.
    const words = line.replaceAll("\0", " ").trim();
    if (texts.every((text) => words.includes(text))) found.push(words);
  }
  return found;
}

/** A number of seconds for `sleep` by which its process is known among all of the machine's. */
export const marker = (): string => String(1_000_000 + Math.floor(Math.random() * 9_000_000));
