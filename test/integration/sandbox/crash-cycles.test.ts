import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { expect, test } from "vitest";
import { z } from "zod";

const nothing = { containers: 0, mounts: 0, devices: 0, processes: 0 };

const End = z.object({
  type: z.literal("end"),
  started: z.number(),
  rounds: z.number(),
  leftAfterGrace: z.object({ processes: z.number(), containers: z.number() }),
  leftAfterSweep: z.object({
    containers: z.number(),
    mounts: z.number(),
    devices: z.number(),
    processes: z.number(),
  }),
  left: z.record(z.string(), z.array(z.string())),
  failures: z.array(z.string()),
});

test("nothing is left of bots that were killed at any moment", async () => {
  const program = fileURLToPath(new URL("./crash-cycles.mjs", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [program, "25"]);
  const end = End.parse(JSON.parse(stdout.trim().split("\n").at(-1) ?? ""));

  expect(end.failures).toEqual([]);
  expect(end.rounds).toBeGreaterThan(0);
  expect(end.leftAfterGrace).toEqual({ processes: 0, containers: 0 });
  expect(end.leftAfterSweep).toEqual(nothing);
  for (const [kind, items] of Object.entries(end.left)) expect(items, kind).toEqual([]);
}, 300_000);
