import { join } from "node:path";

import { z } from "zod";

import { type Logger, silentLogger } from "./core/logger.ts";
import {
  type CandidateProbe,
  chooseSandboxes,
  type PassedOver,
  type SandboxCandidate,
} from "./sandbox/choose.ts";
import { isolationOf } from "./sandbox/docker/isolation.ts";
import type { SandboxProvider } from "./sandbox/sandbox.ts";
import type { NetworkOptions } from "./sandbox/supervised/session-network.ts";

/** Which sandboxes there are to be. What each driver takes besides is checked by the driver. */
export const SandboxConfig = z.strictObject({
  /** `auto`: the strongest that works here. */
  driver: z.enum(["auto", "docker", "bubblewrap", "virtual"]).default("auto"),
  /** Less than this is refused, never silently taken. */
  minimumIsolation: z.enum(["interpreter", "namespaces", "container", "vm"]).exactOptional(),
  docker: z.record(z.string(), z.unknown()).default({}),
  bubblewrap: z.record(z.string(), z.unknown()).default({}),
});
export type SandboxConfig = z.infer<typeof SandboxConfig>;

export interface OpenSandboxesOptions {
  /** Workspaces and all that belongs to sandboxes are kept below it. */
  readonly dataFolder: string;
  readonly config: SandboxConfig;
  readonly network?: NetworkOptions;
  /** Where the container engine listens, when the configuration does not say. */
  readonly host?: string | undefined;
  /** Sockets of container engines to try. Default: the usual ones. */
  readonly sockets?: readonly string[];
  readonly log?: Logger;
  readonly signal: AbortSignal;
}

/**
 * Opens the strongest sandbox driver that works here and that the configuration allows.
 * @throws {OpsthreadError} `SANDBOX_UNSUPPORTED` with the reason of each that does not, `CONFIG_INVALID`
 */
export async function openSandboxes(
  options: OpenSandboxesOptions,
): Promise<{ readonly provider: SandboxProvider; readonly passedOver: readonly PassedOver[] }> {
  const { config, signal } = options;
  return chooseSandboxes({
    wanted: config.driver,
    minimumIsolation: config.minimumIsolation,
    candidates: candidates(options),
    signal,
  });
}

/** Each driver is loaded when it is asked for. */
function candidates({
  dataFolder,
  config,
  network,
  host,
  sockets,
  log = silentLogger,
}: OpenSandboxesOptions): readonly SandboxCandidate[] {
  const shared = {
    folder: join(dataFolder, "workspaces"),
    stateFolder: join(dataFolder, "sandbox"),
    log,
    ...(network && { network }),
  };
  const { runtime } = config.docker;
  return [
    {
      name: "docker",
      isolation: typeof runtime === "string" ? isolationOf(runtime) : "container",
      async probe({ signal }) {
        const { dockerSandboxes } = await import("./sandbox/docker/docker.ts");
        return opening(() =>
          dockerSandboxes({
            ...shared,
            config: { host, ...config.docker },
            signal,
            ...(sockets && { sockets }),
          }),
        );
      },
    },
    {
      name: "bubblewrap",
      isolation: "namespaces",
      async probe({ signal }) {
        const { bubblewrapSandboxes } = await import("./sandbox/bubblewrap/bubblewrap.ts");
        return opening(() => bubblewrapSandboxes({ ...shared, config: config.bubblewrap, signal }));
      },
    },
    {
      name: "virtual",
      isolation: "interpreter",
      async probe() {
        const { virtualSandboxes } = await import("./sandbox/virtual/index.ts");
        return { ok: true, open: async () => virtualSandboxes(shared) };
      },
    },
  ];
}

/** A driver looks for itself whether it works when it is opened: one that opened is what is taken. */
async function opening(open: () => Promise<SandboxProvider>): Promise<CandidateProbe> {
  const provider = await open();
  return { ok: true, open: async () => provider };
}
