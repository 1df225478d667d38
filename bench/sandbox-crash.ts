/**
 * Kills a bot again and again while it works with Docker sandboxes, and looks for what is left: `--cycles 1000`. The
 * same runs with few cycles as a test.
 */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";

import { z } from "zod";

import type { Figure, Flags } from "./harness.ts";

const strings = z.array(z.string());

const Line = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("progress"),
    cycle: z.number(),
    cycles: z.number(),
    rounds: z.number(),
    containers: z.number(),
  }),
  z.object({
    type: z.literal("end"),
    cycles: z.number(),
    started: z.number(),
    rounds: z.number(),
    leftAfterGrace: z.object({ processes: strings, containers: strings }),
    leftAfterSweep: z.object({
      containers: strings,
      mounts: z.number(),
      devices: z.number(),
      processes: z.number(),
    }),
    left: z.record(z.string(), strings),
    failures: strings,
  }),
]);
type Line = z.infer<typeof Line>;

export async function run(flags: Flags): Promise<Figure[]> {
  const program = join(import.meta.dirname, "../test/integration/sandbox/crash-cycles.mjs");
  const child = spawn(process.execPath, [program, flags["cycles"] ?? "1000"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let end: Extract<Line, { type: "end" }> | undefined;
  for await (const text of createInterface(child.stdout)) {
    const line = Line.parse(JSON.parse(text));
    if (line.type === "end") end = line;
    else
      console.error(
        `${line.cycle} of ${line.cycles} kills, ${line.rounds} rounds of work, ${line.containers} containers now`,
      );
  }
  if (!end) throw new Error("The cycles did not come to their end");
  const { cycles, started, rounds, leftAfterGrace, leftAfterSweep, left, failures } = end;
  for (const [kind, items] of Object.entries(left))
    for (const item of items) console.error(`Left of ${kind}: ${item}`);
  for (const failure of failures) console.error(failure);
  const running = leftAfterGrace.containers.filter((each) => each.startsWith("running"));
  const nothing = { unit: "left", target: 0 };
  return [
    { name: `kills, of which ${started} of a bot that had started`, unit: "", ours: cycles },
    { name: "rounds of work in between", unit: "", ours: rounds },
    { name: "bots that ended by themselves", unit: "", ours: failures.length, target: 0 },
    { ...nothing, name: "processes after the grace", ours: leftAfterGrace.processes.length },
    { ...nothing, name: "running containers after the grace", ours: running.length },
    { ...nothing, name: "containers after the sweep", ours: leftAfterSweep.containers.length },
    { ...nothing, name: "mounts after the sweep", ours: leftAfterSweep.mounts },
    { ...nothing, name: "loop devices after the sweep", ours: leftAfterSweep.devices },
    ...Object.entries(left).map(([kind, items]) => ({
      ...nothing,
      name: `${kind} after the sessions were removed`,
      ours: items.length,
    })),
  ];
}
