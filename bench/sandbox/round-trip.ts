import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Sandbox } from "../../dist/sandbox/sandbox.js";
import type { Figure } from "../harness.ts";
import { sampleAll, timed } from "./measure.ts";
import { type Driver, type DriverName, openDriver, output } from "./ours.ts";
import { peerClient, peerExec, peerName } from "./peer.ts";
import { execByCli, execByEngine, removeRaw, startRaw, twinOf } from "./raw.ts";
import type { World } from "./world.ts";

/**
 * From asking for the shell command `true` to knowing how it ended, in a sandbox that is open. Ours are run by bash, the
 * others by sh: what bash takes to start in the same sandbox is measured beside it.
 */
export async function roundTrip(world: World): Promise<Figure[]> {
  const { docker, image } = world;
  const folder = await mkdtemp(join(tmpdir(), "opsthread-bench-"));
  const drivers: Driver[] = [];
  const session = await peerClient(image).create();
  try {
    const ours: Partial<Record<DriverName, () => Promise<readonly number[]>>> = {};
    let shell: (() => Promise<number>) | undefined;
    for (const name of names) {
      const driver = await openIfPossible(name, world);
      if (!driver) continue;
      drivers.push(driver);
      const sandbox = await driver.open({ sessionId: "s_trip" });
      await output(sandbox, "true");
      ours[name] = () => several(() => output(sandbox, "true"));
      if (name === "docker") shell = () => shellAlone(sandbox);
    }
    const made = await drivers[0]?.containerOf("s_trip");
    if (!made) throw new Error("There is no Docker driver to measure");
    const raw = await startRaw(docker, await twinOf(made, folder));
    try {
      const samples = await sampleAll<DriverName | Beside>(world.rounds(40), {
        ...ours,
        ...(shell && { shell }),
        cli: () => timed(() => execByCli(raw, "true")),
        engine: () => timed(() => execByEngine(raw, "true")),
        peer: () => timed(() => peerExec(session, "true")),
      });
      const figure = (name: DriverName, peer: Beside, called: string): Figure => ({
        name: `command round trip, ${name}, p50`,
        unit: "ms",
        ours: samples.p50(name),
        peer: samples.p50(peer),
        peerName: called,
        ...(name === "docker" && { target: 2 }),
      });
      return [
        figure("docker", "cli", "docker exec"),
        figure("docker", "engine", "exec by the engine's API"),
        figure("docker", "peer", peerName),
        {
          name: "command round trip, docker, p50",
          unit: "ms",
          ours: samples.p50("docker"),
          peer: samples.p50("shell"),
          peerName: "bash alone, started inside by bash",
        },
        {
          name: "command round trip, docker, p95",
          unit: "ms",
          ours: samples.p95("docker"),
          peer: samples.p95("peer"),
          peerName,
        },
        ...drivers.slice(1).map(({ name }) => figure(name, "cli", "docker exec")),
      ];
    } finally {
      await removeRaw(raw);
    }
  } finally {
    await session.close();
    for (const driver of drivers) await driver[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  }
}

type Beside = "cli" | "engine" | "peer" | "shell";

/** Milliseconds that one of 20 shells takes which are started one after the other inside the sandbox. */
async function shellAlone(sandbox: Sandbox): Promise<number> {
  const loop = "for i in {1..20}; do bash -c true; done";
  const text = await output(sandbox, `b=$EPOCHREALTIME; ${loop}; echo $b $EPOCHREALTIME`);
  const [begin = Number.NaN, end = Number.NaN] = text.trim().split(" ").map(Number);
  return ((end - begin) * 1000) / 20;
}

const names: readonly DriverName[] = ["docker", "docker+runsc", "bubblewrap", "virtual"];

/** A machine may not have every runtime. */
async function openIfPossible(name: DriverName, world: World): Promise<Driver | undefined> {
  try {
    return await openDriver(name, world);
  } catch (error) {
    console.error(`${name} is not measured:`, error instanceof Error ? error.message : error);
    return undefined;
  }
}

/** The quick ones run several times in a round: one alone would mostly measure what ran before it. */
async function several(work: () => Promise<unknown>): Promise<readonly number[]> {
  const samples: number[] = [];
  for (let count = 0; count < 10; count += 1) samples.push(await timed(work));
  return samples;
}
