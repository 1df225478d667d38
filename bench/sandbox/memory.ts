import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { promisify } from "node:util";

import { z } from "zod";

import { type Figure, median } from "../harness.ts";
import { timed } from "./measure.ts";
import { openDriver, output } from "./ours.ts";
import { peerName } from "./peer.ts";
import { removeRaw, startRaw, twinOf } from "./raw.ts";
import type { World } from "./world.ts";

const execute = promisify(execFile);

/** A command that prints 200 MB, with a host process of its own whose memory is measured. */
export async function bigOutput(world: World): Promise<Figure[]> {
  const { ours, peer } = await measure(world, "output");
  const raw = await rawOutput(world);
  const streamed: Measured[] = [];
  for (let round = 0; round < world.rounds(3); round += 1)
    streamed.push(await inChild("stream", "ours", world.image));
  for (const { shownBytes } of streamed)
    if (shownBytes !== 200_000_000) throw new Error(`Only ${shownBytes} bytes were streamed`);
  return [
    // Only this is the same work: otherwise all but head and tail stays in the sandbox, in a file.
    {
      name: "200 MB of output, all of it taken to the host",
      unit: "s",
      ours: seconds(streamed),
      peer: raw,
      peerName: "docker exec > /dev/null",
    },
    {
      name: "200 MB of output, all of it taken to the host: extra memory",
      unit: "MB",
      ours: extra(streamed),
      target: 32,
    },
    { name: "200 MB of output", unit: "s", ours: seconds(ours), peer: seconds(peer), peerName },
    {
      name: "200 MB of output: extra memory of the host process",
      unit: "MB",
      ours: extra(ours),
      peer: extra(peer),
      peerName,
      target: 32,
    },
    {
      name: "200 MB of output: what the model sees",
      unit: "bytes",
      ours: Math.max(...ours.map(({ shownBytes }) => shownBytes)),
      peer: Math.max(...peer.map(({ shownBytes }) => shownBytes)),
      peerName,
      // 16 KiB of the stream, and what is said of it.
      target: 18_000,
    },
  ];
}

/** The first 10 bytes of a file of 200 MB. */
export async function smallRead(world: World): Promise<Figure[]> {
  const { ours, peer } = await measure(world, "read");
  const figure = { peerName };
  return [
    {
      ...figure,
      name: "10 bytes of a file of 200 MB",
      unit: "ms",
      ours: median(ours.map(({ ms }) => ms)),
      peer: median(peer.map(({ ms }) => ms)),
    },
    {
      ...figure,
      name: "10 bytes of a file of 200 MB: extra memory",
      unit: "MB",
      ours: extra(ours),
      peer: extra(peer),
      target: 32,
    },
  ];
}

const Measured = z.object({ ms: z.number(), extraMB: z.number(), shownBytes: z.number() });
export type Measured = z.infer<typeof Measured>;

async function measure({ image, rounds }: World, what: "output" | "read") {
  const ours: Measured[] = [];
  const peer: Measured[] = [];
  for (let round = 0; round < rounds(3); round += 1) {
    ours.push(await inChild(what, "ours", image));
    peer.push(await inChild(what, "peer", image));
  }
  return { ours, peer };
}

export async function inChild(what: string, who: string, image: string): Promise<Measured> {
  const child = join(import.meta.dirname, "memory-child.js");
  const { stdout } = await execute(process.execPath, [child, what, who, image]);
  return Measured.parse(JSON.parse(stdout));
}

const seconds = (all: readonly Measured[]): number => median(all.map(({ ms }) => ms)) / 1000;
const extra = (all: readonly Measured[]): number => Math.max(...all.map(({ extraMB }) => extraMB));

export const printing200MB = "yes 0123456789abcdef0123456789abcdef | head -c 200000000";

/** Seconds that the engine needs for it, with nobody who looks at it. */
async function rawOutput(world: World): Promise<number> {
  await using driver = await openDriver("docker", world);
  await using sandbox = await driver.open({ sessionId: "s_raw" });
  await output(sandbox, "true");
  const workspace = driver.folder;
  const raw = await startRaw(
    world.docker,
    await twinOf(await driver.containerOf("s_raw"), workspace),
  );
  try {
    const ms = await timed(async () => {
      const args = ["exec", raw.id, "/bin/sh", "-c", printing200MB];
      const child = spawn("docker", args, { stdio: "ignore" });
      await once(child, "exit");
    });
    return ms / 1000;
  } finally {
    await removeRaw(raw);
  }
}
