import { openFolder } from "./beneath.ts";
import type { Owner } from "./owner.ts";
import { packTree } from "./pack-tree.ts";
import { unpackTree } from "./unpack-tree.ts";

/** Copies what is in a folder into an empty one, with modes, times and links. */
export async function copyTree(
  from: string,
  to: string,
  { signal, owner }: { readonly signal: AbortSignal; readonly owner: Owner | undefined },
): Promise<void> {
  using source = openFolder(from);
  using target = openFolder(to);
  await unpackTree(target, packTree(source, { signal }), { signal, owner, limits: noLimits });
}

/** What it holds was made here. */
const noLimits = { entries: Infinity, bytes: Infinity };
