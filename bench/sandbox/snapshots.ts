import { execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { type Figure, median } from "../harness.ts";
import { timed } from "./measure.ts";
import { never, openDriver, output } from "./ours.ts";
import { peerClient, peerName } from "./peer.ts";
import { pieces, tarOf } from "./tar.ts";
import type { World } from "./world.ts";

/** A workspace of 100 MB and 2,000 files, of which a little changes between one snapshot and the next. */
export async function snapshots(world: World): Promise<Figure[]> {
  const tar = await tarOf(
    { folder: "large", count: 100, bytes: 980_000 },
    { folder: "small", count: 1_900, bytes: 1_000 },
  );
  const ours = await measureOurs(world, tar);
  const peer = await measurePeer(world, tar);
  const figure = { unit: "ms", peerName };
  const what = "100 MB in 2,000 files";
  return [
    {
      ...figure,
      name: `snapshot of ${what}`,
      ours: median(ours.take),
      peer: median(peer.take),
    },
    {
      ...figure,
      name: `snapshot of the same, when nothing has changed`,
      ours: median(ours.unchanged),
      peer: median(peer.unchanged),
    },
    {
      ...figure,
      name: `restore of ${what}`,
      ours: median(ours.restore),
      peer: median(peer.restore),
    },
    { name: `a snapshot of ${what} on disk`, unit: "MB", ours: ours.megabytes },
  ];
}

async function measureOurs(world: World, tar: Buffer) {
  const take: number[] = [];
  const unchanged: number[] = [];
  const restore: number[] = [];
  let megabytes = 0;
  const sessionId = "s_snapshots";
  await using driver = await openDriver("docker", world);
  const { snapshots: kept } = driver.provider;
  if (!kept) throw new Error("The Docker driver keeps no snapshots");
  {
    await using sandbox = await driver.open({ sessionId });
    await sandbox.files.importTar(".", pieces(tar), { signal: never });
  }
  for (let round = 0; round < world.rounds(4); round += 1) {
    {
      await using sandbox = await driver.open({ sessionId });
      await output(sandbox, `echo ${round} > small/0/file-0`);
      take.push(await timed(() => kept.take(sessionId, { signal: never })));
      unchanged.push(await timed(() => kept.take(sessionId, { signal: never })));
      await output(sandbox, "rm -r large");
    }
    const last = (await kept.list(sessionId)).at(-1);
    if (!last) throw new Error("No snapshot was kept");
    megabytes = last.bytes / 1e6;
    restore.push(await timed(() => kept.restore(sessionId, last.id, { signal: never })));
    await using sandbox = await driver.open({ sessionId });
    const count = await output(sandbox, "find large small -type f | wc -l");
    if (Number(count) !== 2_000) throw new Error(`${count.trim()} of 2,000 files were restored`);
  }
  await driver.provider.remove(sessionId);
  return { take, unchanged, restore, megabytes };
}

/** The peer's own way to keep a workspace: a local snapshot when the session's state is written, and a resume from it. */
async function measurePeer({ image, rounds }: World, tar: Buffer) {
  const take: number[] = [];
  const unchanged: number[] = [];
  const restore: number[] = [];
  const baseDir = await mkdtemp(join(tmpdir(), "opsthread-bench-"));
  const client = peerClient(image, { snapshot: { type: "local", baseDir } });
  let session = await client.create();
  try {
    execFileSync("tar", ["-x", "-C", session.state.workspaceRootPath], { input: tar });
    for (let round = 0; round < rounds(4); round += 1) {
      await session.exec({ cmd: `echo ${round} > small/0/file-0` });
      take.push(await timed(() => client.serializeSessionState(session.state)));
      const start = performance.now();
      const state = await client.serializeSessionState(session.state);
      unchanged.push(performance.now() - start);
      await session.close();
      restore.push(
        await timed(async () => {
          session = await client.resume(await client.deserializeSessionState(state));
        }),
      );
    }
    return { take, unchanged, restore };
  } finally {
    await session.close();
    await rm(baseDir, { recursive: true, force: true });
  }
}
