/**
 * The `logs` task on a large log of mixed formats, in a process of its own whose peak memory is measured, beside programs
 * that only count a word in the same file. `--size 200MB` makes the log smaller, `--rounds 1` the run shorter.
 */
import { execFile, execFileSync } from "node:child_process";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { z } from "zod";

import { type Figure, type Flags, interleave, median } from "./harness.ts";
import { writeLog } from "./logs-generate.ts";

const execute = promisify(execFile);

export async function run(flags: Flags): Promise<Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), "opsthread-bench-"));
  try {
    const path = join(folder, "mixed.log");
    const { lines } = await writeLog(path, sizeOf(flags["size"] ?? "1GB"));
    const { size } = await stat(path);
    return await measure(path, lines, { size, rounds: Number(flags["rounds"] ?? 3) });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function measure(
  path: string,
  lines: number,
  { size, rounds }: { size: number; rounds: number },
): Promise<Figure[]> {
  const ours: OneRun[] = [];
  const counters = [
    { name: "grep -c ERROR", run: () => count("grep", ["-a", "-c", "ERROR", path]) },
    { name: "rg -c ERROR", run: () => count("rg", ["-a", "-c", "ERROR", path]) },
  ].filter(({ name }) => isInstalled(name.split(" ", 1)[0] ?? ""));
  if (counters.length < 2) console.error("ripgrep is not installed: it is not measured");
  const times = await interleave(rounds, [
    async () => {
      const one = await analyse(path, lines);
      ours.push(one);
      return one.seconds;
    },
    ...counters.map((counter) => counter.run),
  ]);
  const what = `${(size / 1e9).toPrecision(2)} GB, ${(lines / 1e6).toPrecision(2)} M lines`;
  const rate = (seconds: readonly number[] | undefined): number => lines / median(seconds ?? []);
  return [
    ...counters.map(({ name }, index) => ({
      name: `whole analysis of ${what}`,
      unit: "lines/s",
      ours: rate(times[0]),
      peer: rate(times[index + 1]),
      peerName: name,
    })),
    {
      name: "whole analysis, per second of CPU time",
      unit: "lines/s",
      ours: lines / median(ours.map(({ cpuSeconds }) => cpuSeconds)),
      target: 200_000,
      better: "higher",
    },
    {
      name: "peak memory of the process",
      unit: "MB",
      ours: Math.max(...ours.map(({ peakMB }) => peakMB)),
      target: 300,
    },
  ];
}

const OneRun = z.object({
  seconds: z.number(),
  cpuSeconds: z.number(),
  peakMB: z.number(),
  lines: z.number(),
  headline: z.string(),
});
type OneRun = z.infer<typeof OneRun>;

async function analyse(path: string, lines: number): Promise<OneRun> {
  const child = join(import.meta.dirname, "logs-child.js");
  const { stdout } = await execute(process.execPath, [child, path]);
  const result = OneRun.parse(JSON.parse(stdout));
  if (result.lines !== lines) throw new Error(`${result.lines} of ${lines} lines were read`);
  if (!result.headline.includes("ledger out of balance")) {
    throw new Error(`The planted error was not found: ${result.headline}`);
  }
  return result;
}

async function count(command: string, args: readonly string[]): Promise<number> {
  const start = performance.now();
  await execute(command, args, { env: { ...process.env, LC_ALL: "C" } });
  return (performance.now() - start) / 1000;
}

function isInstalled(command: string): boolean {
  try {
    execFileSync(command, ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

function sizeOf(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*(MB|GB)$/i.exec(text);
  if (match === null)
    throw new Error(`Cannot read the size "${text}", expected one such as 200MB or 1GB`);
  return Number(match[1]) * (match[2]?.toUpperCase() === "GB" ? 1e9 : 1e6);
}
