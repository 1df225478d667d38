import { setTimeout as delay } from "node:timers/promises";

import { type Figure, median, percentile } from "../harness.ts";
import { marker, processesWith } from "./measure.ts";
import { type Driver, exec, openDriver } from "./ours.ts";
import { peerClient, peerName, peerTurn } from "./peer.ts";
import type { World } from "./world.ts";

/** From abort to the promise's end; by then nothing of the command may run, whatever it did to stay. */
export async function stop(world: World): Promise<Figure[]> {
  const ours: number[] = [];
  await using driver = await openDriver("docker", world);
  for (let round = 0; round < world.rounds(15); round += 1) ours.push(await stopOnce(driver));
  const peer = await stopPeer(world);
  const figure = { unit: "ms" };
  return [
    {
      ...figure,
      name: "stop of a command that ignores SIGTERM, p50",
      ours: median(ours),
      peer: peer.ms,
      peerName: `${peerName}${peer.survives ? ", and the process lives on" : ""}`,
      target: 1_000,
    },
    { ...figure, name: "stop, slowest", ours: percentile(ours, 100), target: 1_000 },
  ];
}

async function stopOnce(driver: Driver): Promise<number> {
  await using sandbox = await driver.open({ sessionId: "s_stop" });
  const mark = marker();
  const controller = new AbortController();
  const command = `trap '' TERM INT HUP; setsid sleep ${mark} & (sleep ${mark} &) ; sleep ${mark}`;
  const running = exec(sandbox, command, { signal: controller.signal });
  while ((await processesWith(mark, "sleep")).length < 3) await delay(20);
  const start = performance.now();
  controller.abort();
  const { outcome } = await running;
  const ms = performance.now() - start;
  if (outcome.type !== "stopped") throw new Error(`It ended with ${JSON.stringify(outcome)}`);
  const left = await processesWith(mark);
  if (left.length > 0) throw new Error(`Still there after the stop: ${left.join(", ")}`);
  return ms;
}

/** An agent's run is aborted while its command runs, and the model had asked to wait for 20 s. */
export async function stopPeer({ image }: World): Promise<{ ms: number; survives: boolean }> {
  const session = await peerClient(image).create();
  try {
    const mark = marker();
    const controller = new AbortController();
    const running = peerTurn(
      session,
      { cmd: `sleep ${mark}`, yield_time_ms: 20_000 },
      { signal: controller.signal },
    );
    const settled = running.then(
      () => performance.now(),
      () => performance.now(),
    );
    while ((await processesWith(`sleep ${mark}`)).length === 0) await delay(50);
    await delay(2_000);
    const start = performance.now();
    controller.abort();
    const end = await settled;
    const alive = (await processesWith(`sleep ${mark}`)).filter((line) => line.startsWith("sleep"));
    return { ms: end - start, survives: alive.length > 0 };
  } finally {
    await session.close();
  }
}
