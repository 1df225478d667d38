import type { DockerSandboxesOptions } from "opsthread/docker";

import type { OnOwnFolders } from "./on-own-folders.ts";
import { openDocker } from "./open-docker.ts";

/** The Docker driver as it is where no supervisor runs: the engine runs the commands. */
export function openDockerExec(
  options: Partial<DockerSandboxesOptions> = {},
): Promise<OnOwnFolders> {
  return openDocker({ ...options, config: { supervisor: "never", ...options.config } });
}
