import type { DockerSandboxesOptions } from "opsthread/docker";

import type { OnOwnFolders } from "./on-own-folders.ts";
import { openDocker } from "./open-docker.ts";

/** The Docker driver as it is where no supervisor runs: the engine runs the commands. */
export function openDockerExec(
  options: Partial<DockerSandboxesOptions> = {},
): Promise<OnOwnFolders> {
  return openDocker({ ...options, config: { supervisor: "never", ...options.config } });
}

const notKept = "of long output only head and tail are kept";

/** What of the conformance suite it can't do, and says so. */
export const withoutSupervisor = [
  {
    test: "exec() shows head and tail of a long output and keeps all of it",
    reason: notKept,
  },
  {
    test: "there is no way to the network",
    reason: "the engine's filter of system calls may allow vsock; the rest is tested below",
  },
  { test: "much output below the limit is kept whole", reason: notKept },
  { test: "what was printed long ago makes room for what is printed now", reason: notKept },
  {
    test: "only what is granted can be read and written",
    reason: "less than all of /workspace and /sources is refused",
  },
  {
    test: "what goes on in the background is told, bounded, and ends with the sandbox",
    reason: "when there is too much, all of the sandbox ends, also what earlier commands left",
  },
];
