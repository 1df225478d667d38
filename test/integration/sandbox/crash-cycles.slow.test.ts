import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { expect, test } from "vitest";
import { z } from "zod";

import { engineEnv } from "./docker-behaviour.ts";
import { withoutRuntime } from "./open-docker.ts";

const End = z.object({
  type: z.literal("end"),
  started: z.number(),
  rounds: z.number(),
  leftAfterGrace: z.object({ processes: z.array(z.string()), containers: z.array(z.string()) }),
  leftAfterSweep: z.object({
    containers: z.array(z.string()),
    mounts: z.number(),
    devices: z.number(),
    processes: z.number(),
  }),
  left: z.record(z.string(), z.array(z.string())),
  failures: z.array(z.string()),
});

test.skipIf(withoutRuntime("runc"))(
  "nothing is left of bots that were killed at any moment",
  async () => {
    const program = fileURLToPath(new URL("./crash-cycles.mjs", import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, [program, "25"], {
      env: engineEnv,
    });
    const end = End.parse(JSON.parse(stdout.trim().split("\n").at(-1) ?? ""));

    expect(end.failures).toEqual([]);
    expect(end.rounds).toBeGreaterThan(0);
    // One that was created and not started yet has nothing in it that could end it.
    const running = end.leftAfterGrace.containers.filter((each) => each.startsWith("running"));
    expect({ ...end.leftAfterGrace, containers: running }).toEqual({
      processes: [],
      containers: [],
    });
    expect(end.leftAfterSweep).toEqual({ containers: [], mounts: 0, devices: 0, processes: 0 });
    expect(Object.entries(end.left).filter(([, items]) => items.length > 0)).toEqual([]);
  },
  300_000,
);
