import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { type Figure, median } from "../harness.ts";
import { sampleAll, timed } from "./measure.ts";
import { type Driver, nextSession, openDriver, output, poolFilled } from "./ours.ts";
import { peerClient, peerName } from "./peer.ts";
import { removeRaw, startRaw, twinOf } from "./raw.ts";
import type { World } from "./world.ts";

/**
 * From asking for a sandbox to having it: its supervisor has answered. Raw containers are only started, and so is the
 * peer's. What the first command takes on top is told apart.
 */
export async function open(world: World): Promise<Figure[]> {
  const { docker, image } = world;
  const folder = await mkdtemp(join(tmpdir(), "opsthread-bench-"));
  const cold = await openDriver("docker", world);
  const warm = await openDriver("docker", { ...world, pool: 1 });
  try {
    await using model = await cold.open({ sessionId: "s_model" });
    await output(model, "true");
    const twin = await twinOf(await cold.containerOf("s_model"), folder);
    const client = peerClient(image);
    await openOnce(cold, known, () => Promise.resolve());
    // The pool learns from the first request which containers are wanted.
    await openOnce(warm, known, () => Promise.resolve());
    const firstCommand: number[] = [];
    const samples = await sampleAll(world.rounds(15), {
      cold: () => openOnce(cold, nextSession(), () => Promise.resolve()),
      again: () => openOnce(cold, known, () => Promise.resolve()),
      warm: () => openOnce(warm, nextSession(), () => poolFilled(warm, 1), firstCommand),
      warmAgain: () => openOnce(warm, known, () => poolFilled(warm, 1)),
      async raw() {
        const start = performance.now();
        const container = await startRaw(docker, twin);
        const ms = performance.now() - start;
        await removeRaw(container);
        return ms;
      },
      async peer() {
        const start = performance.now();
        const session = await client.create();
        const ms = performance.now() - start;
        await session.close();
        return ms;
      },
    });
    const raw = { peer: samples.p50("raw"), peerName: "create and start by the engine's API" };
    const peer = { peer: samples.p50("peer"), peerName: `${peerName}, not hardened` };
    const target = samples.p50("raw") * 1.1;
    const figure = { unit: "ms" };
    return [
      { ...figure, name: "cold open, new session, p50", ours: samples.p50("cold"), ...raw, target },
      { ...figure, name: "cold open, new session, p50", ours: samples.p50("cold"), ...peer },
      { ...figure, name: "cold open, new session, p95", ours: samples.p95("cold") },
      {
        ...figure,
        name: "cold open, known session, p50",
        ours: samples.p50("again"),
        ...raw,
        target,
      },
      {
        ...figure,
        name: "open from the warm pool, new session, p50",
        ours: samples.p50("warm"),
        ...peer,
        target: 20,
      },
      {
        ...figure,
        name: "open from the warm pool, known session, p50",
        ours: samples.p50("warmAgain"),
        ...peer,
        target: 20,
      },
      { ...figure, name: "open from the warm pool, new session, p95", ours: samples.p95("warm") },
      { ...figure, name: "and its first command, p50", ours: median(firstCommand) },
    ];
  } finally {
    await cold[Symbol.asyncDispose]();
    await warm[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  }
}

const known = "s_known";

async function openOnce(
  driver: Driver,
  sessionId: string,
  prepare: () => Promise<unknown>,
  firstCommand: number[] = [],
): Promise<number> {
  await prepare();
  const start = performance.now();
  const sandbox = await driver.open({ sessionId });
  const ms = performance.now() - start;
  firstCommand.push(await timed(() => output(sandbox, "true")));
  await sandbox.close();
  if (sessionId !== known) await driver.provider.remove(sessionId);
  return ms;
}
