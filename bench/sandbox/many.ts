import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import type { Figure } from "../harness.ts";
import { availableMB, timed } from "./measure.ts";
import { openDriver, output } from "./ours.ts";
import { execByEngine, removeRaw, startRaw, twinOf } from "./raw.ts";
import type { World } from "./world.ts";

/** Many sandboxes at once: all are opened, each runs a command, all are closed. */
export async function many(world: World): Promise<Figure[]> {
  const count = world.quick ? 10 : 50;
  const folder = await mkdtemp(join(tmpdir(), "opsthread-bench-"));
  await using driver = await openDriver("docker", world);
  try {
    await using model = await driver.open({ sessionId: "s_model" });
    await output(model, "true");
    const twin = await twinOf(await driver.containerOf("s_model"), folder);
    const ours = await measure(count, {
      open: () => driver.open(),
      use: (sandbox) => output(sandbox, "true"),
      close: (sandbox) => sandbox.close(),
    });
    const raw = await measure(count, {
      async open(index) {
        const workspace = join(folder, String(index));
        await mkdir(workspace);
        return startRaw(world.docker, withWorkspace(twin, workspace));
      },
      use: (container) => execByEngine(container, "true"),
      close: removeRaw,
    });
    const figure = { peerName: "the engine's API" };
    return [
      {
        ...figure,
        name: `${count} sandboxes: opened, one command each, closed`,
        unit: "s",
        ours: ours.seconds,
        peer: raw.seconds,
      },
      {
        ...figure,
        name: `memory of one idle sandbox of ${count}`,
        unit: "MB",
        ours: ours.megabytes,
        peer: raw.megabytes,
      },
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Way<Item> {
  readonly open: (index: number) => Promise<Item>;
  readonly use: (item: Item) => Promise<unknown>;
  readonly close: (item: Item) => Promise<void>;
}

async function measure<Item>(count: number, { open, use, close }: Way<Item>) {
  const before = availableMB();
  let items: readonly Item[] = [];
  const opening = await timed(async () => {
    items = await Promise.all(Array.from({ length: count }, (_, index) => open(index)));
    await Promise.all(items.map(use));
  });
  await delay(1_000);
  const megabytes = (before - availableMB()) / count;
  const closing = await timed(() => Promise.all(items.map(close)));
  return { seconds: (opening + closing) / 1000, megabytes };
}

type Twin = Awaited<ReturnType<typeof twinOf>>;

function withWorkspace({ HostConfig, ...rest }: Twin, workspace: string): Twin {
  const mounts = (HostConfig?.Mounts ?? []).map((mount) =>
    mount.Target === "/workspace" ? { ...mount, Source: workspace } : mount,
  );
  return { ...rest, HostConfig: { ...HostConfig, Mounts: mounts } };
}
