import Docker from "dockerode";

import type { Flags } from "../harness.ts";

/** What the parts of the benchmark share. */
export interface World {
  readonly docker: Docker;
  /** An image with sh and the usual tools: ours, the peer's and the raw containers all start from it. */
  readonly image: string;
  /** How many rounds for this many in a full run. */
  readonly rounds: (full: number) => number;
  readonly quick: boolean;
}

export async function findWorld(flags: Flags): Promise<World> {
  const docker = new Docker();
  const image = flags["image"] ?? "opsthread-sandbox";
  await docker.getImage(image).inspect();
  const quick = flags["quick"] !== undefined;
  return { docker, image, quick, rounds: (full) => (quick ? Math.ceil(full / 5) : full) };
}
