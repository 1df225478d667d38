/**
 * Sandboxes, beside the container engine that nobody who uses it can be quicker than, and beside the local Docker client
 * of @openai/agents, all in one run. `--only <part>` runs one part, `--quick` fewer rounds, `--image` another image.
 */
import type { Figure, Flags } from "./harness.ts";
import { files } from "./sandbox/files.ts";
import { many } from "./sandbox/many.ts";
import { bigOutput, smallRead } from "./sandbox/memory.ts";
import { open } from "./sandbox/open.ts";
import { roundTrip } from "./sandbox/round-trip.ts";
import { snapshots } from "./sandbox/snapshots.ts";
import { stop } from "./sandbox/stop.ts";
import { findWorld, type World } from "./sandbox/world.ts";

const parts: Readonly<Record<string, (world: World) => Promise<Figure[]>>> = {
  "round-trip": roundTrip,
  open,
  stop,
  files,
  snapshots,
  output: bigOutput,
  read: smallRead,
  many,
};

export async function run(flags: Flags): Promise<Figure[]> {
  const only = flags["only"];
  if (only !== undefined && !(only in parts))
    throw new Error(`There is no part "${only}", expected one of ${Object.keys(parts).join(", ")}`);
  const world = await findWorld(flags);
  const figures: Figure[] = [];
  for (const [name, part] of Object.entries(parts)) {
    if (only !== undefined && only !== name) continue;
    console.error(`${name} …`);
    figures.push(...(await part(world)));
  }
  return figures;
}
