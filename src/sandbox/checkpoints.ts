import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip, createGzip, type Gunzip, type Gzip } from "node:zlib";

import { openFolder } from "./beneath.ts";
import type { SignalOption } from "./compression.ts";
import { fingerprintOf } from "./fingerprint.ts";
import type { Owner } from "./owner.ts";
import { packTree } from "./pack-tree.ts";
import type { WorkspaceCheckpoints } from "./sandbox.ts";
import { unpackTree } from "./unpack-tree.ts";
import type { WorkspaceTrees } from "./workspace-trees.ts";

/**
 * Workspaces as streams of gzipped tar. Not of Zstandard, which is not on every machine: who reads one may be another one.
 * Nothing of it is written to the disk on its way.
 */
export function createCheckpoints({
  trees,
  owner,
}: {
  readonly trees: WorkspaceTrees;
  /** Whom restored files belong to. Default: this process's user. */
  readonly owner?: Owner | undefined;
}): WorkspaceCheckpoints {
  return {
    save: (sessionId, keep, { since, signal }) =>
      trees.use(sessionId, async (hostPath) => {
        using tree = openFolder(hostPath);
        const fingerprint = await fingerprintOf(tree, { signal });
        if (fingerprint === since) return undefined;
        await keep(through(createGzip({ level: 1 }), packTree(tree, { signal }), { signal }));
        return { fingerprint };
      }),
    load: (sessionId, archive, { signal }) =>
      trees.replace(sessionId, async (hostPath) => {
        using tree = openFolder(hostPath);
        const tar = through(createGunzip(), archive, { signal });
        // What these archives hold was kept within limits, and is again as soon as something writes.
        await unpackTree(tree, tar, { signal, owner, limits: noLimits });
      }),
  };
}

const noLimits = { entries: Infinity, bytes: Infinity };

async function* through(
  transform: Gzip | Gunzip,
  source: AsyncIterable<Uint8Array>,
  { signal }: SignalOption,
): AsyncGenerator<Uint8Array, void, undefined> {
  const feeding = pipeline(Readable.from(source), transform, { signal });
  feeding.catch(() => {}); // Whoever reads is told.
  yield* transform;
  await feeding;
}
