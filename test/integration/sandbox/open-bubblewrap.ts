import { bubblewrapSandboxes, type BubblewrapSandboxesOptions } from "opsthread/bubblewrap";

import { onOwnFolders, type OnOwnFolders } from "./on-own-folders.ts";

/** The bubblewrap driver on folders of its own. */
export function openBubblewrap(
  options: Partial<BubblewrapSandboxesOptions> = {},
): Promise<OnOwnFolders> {
  return onOwnFolders("bubblewrap", (folders) => bubblewrapSandboxes({ ...folders, ...options }));
}
