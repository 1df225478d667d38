import { dockerSandboxes, type DockerSandboxesOptions } from "opsthread/docker";
import { inject } from "vitest";

import { onOwnFolders, type OnOwnFolders } from "./on-own-folders.ts";

const engine = inject("engine");

/** Why a runtime can't be tried here; undefined when it can. */
export function withoutRuntime(runtime: string): string | undefined {
  if (!engine.available) return engine.reason;
  if (engine.runtimes.includes(runtime)) return undefined;
  return engine.without[runtime] ?? `the engine has no runtime "${runtime}"`;
}

/** The Docker driver on folders of its own. */
export function openDocker(options: Partial<DockerSandboxesOptions> = {}): Promise<OnOwnFolders> {
  const here = engine.available && { host: engine.socket, image: engine.image };
  return onOwnFolders("docker", (folders) =>
    dockerSandboxes({
      ...folders,
      ...options,
      config: { pool: { size: 0 }, ...here, ...options.config },
    }),
  );
}
