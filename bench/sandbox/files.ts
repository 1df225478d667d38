import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Sandbox } from "../../dist/sandbox/sandbox.js";
import type { Figure } from "../harness.ts";
import { sampleAll, timed } from "./measure.ts";
import { never, openDriver, output } from "./ours.ts";
import { peerClient, peerName } from "./peer.ts";
import { getTar, putTar, removeRaw, startRaw, twinOf } from "./raw.ts";
import { content, drain, pieces, tarOf } from "./tar.ts";
import type { World } from "./world.ts";

const sizes = [
  { megabytes: 1, files: 10, rounds: 10 },
  { megabytes: 100, files: 100, rounds: 3 },
] as const;

/** Files in and out, one at a time and as archives, while the sandbox runs. */
export async function files(world: World): Promise<Figure[]> {
  const { docker, image } = world;
  const folder = await mkdtemp(join(tmpdir(), "opsthread-bench-"));
  const session = await peerClient(image).create();
  await using driver = await openDriver("docker", world);
  await using sandbox = await driver.open({ sessionId: "s_files" });
  await output(sandbox, "true");
  await mkdir(join(folder, "w"));
  const raw = await startRaw(
    docker,
    await twinOf(await driver.containerOf("s_files"), join(folder, "w")),
  );
  const figures: Figure[] = [];
  try {
    for (const { megabytes, files: count, rounds } of sizes) {
      const bytes = content(megabytes * 1_000_000);
      const one = await tarOf({ folder: "one", count: 1, bytes: bytes.length });
      const many = await tarOf({ folder: "many", count, bytes: bytes.length / count });
      const samples = await sampleAll(world.rounds(rounds), {
        write: () => timed(() => sandbox.files.write("one", pieces(bytes), { signal: never })),
        put: () => timed(() => putTar(raw, one)),
        peerWrite: () =>
          timed(() =>
            session.materializeEntry({ path: "one", entry: { type: "file", content: bytes } }),
          ),
        export: () => timed(() => exported(sandbox, bytes.length)),
        get: () => timed(() => getTar(raw, "/workspace/one")),
        peerRead: () => timed(() => session.readFile({ path: "one" })),
        importTar: () =>
          timed(() => sandbox.files.importTar("many", pieces(many), { signal: never })),
        putMany: () => timed(() => putTar(raw, many)),
        exportTar: () =>
          timed(async () => drain(await sandbox.files.exportTar("many", { signal: never }))),
        getMany: () => timed(() => getTar(raw, "/workspace/many")),
        peerPersist: () => timed(() => session.persistWorkspace()),
      });
      const figure = (name: string, ours: Name, peer: Name, called: string): Figure => ({
        name: `${megabytes} MB ${name}`,
        unit: "ms",
        ours: samples.p50(ours),
        peer: samples.p50(peer),
        peerName: called,
      });
      const archive = `in ${count} files`;
      figures.push(
        figure("in, one file", "write", "put", "putArchive"),
        figure("in, one file", "write", "peerWrite", peerName),
        figure("out, one file", "export", "get", "getArchive"),
        figure("out, one file", "export", "peerRead", peerName),
        figure(`in, tar, ${archive}`, "importTar", "putMany", "putArchive"),
        figure(`out, tar, ${archive}`, "exportTar", "getMany", "getArchive"),
        figure(`out, tar, ${archive}`, "exportTar", "peerPersist", `${peerName}, persistWorkspace`),
      );
    }
    return figures;
  } finally {
    await removeRaw(raw);
    await session.close();
    await rm(folder, { recursive: true, force: true });
  }
}

type Name =
  | "write"
  | "put"
  | "peerWrite"
  | "export"
  | "get"
  | "peerRead"
  | "importTar"
  | "putMany"
  | "exportTar"
  | "getMany"
  | "peerPersist";

async function exported(sandbox: Sandbox, size: number): Promise<void> {
  const file = await sandbox.files.export("one", { signal: never });
  const read = await drain(file?.bytes);
  if (read !== size) throw new Error(`${read} of ${size} bytes came out`);
}
