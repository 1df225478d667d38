import { join } from "node:path";

import { z } from "zod";

import { OpsthreadError } from "../../core/errors.ts";
import { silentLogger } from "../../core/logger.ts";
import { instanceOf } from "../instance.ts";
import { signIn } from "../process-owner.ts";
import type { SandboxCapabilities, SandboxProvider } from "../sandbox.ts";
import { assertKept } from "../supervised/grants.ts";
import { type HostSideOptions, openHostSide } from "../supervised/host-side.ts";
import { supervisorBinary } from "../supervisor/binary.ts";
import { openCells } from "./cells.ts";
import { createContainers } from "./containers.ts";
import type { EngineFacts } from "./engine.ts";
import { listenToEngine } from "./events.ts";
import { ensureImage } from "./image.ts";
import { DockerConfig } from "./options.ts";
import { isolationOf, probeDocker } from "./probe.ts";
import { noWarmCells, openWarmCells } from "./warm.ts";

export interface DockerSandboxesOptions extends HostSideOptions {
  readonly config?: z.input<typeof DockerConfig>;
  /** Sockets to try, when the configuration names none. Default: the usual ones. */
  readonly sockets?: readonly string[];
  readonly signal?: AbortSignal;
}

/**
 * Sandboxes that are hardened containers of a Docker engine on this machine.
 *
 * @example
 * await using sandboxes = await dockerSandboxes({
 *   folder: "/var/lib/opsthread/workspaces",
 *   stateFolder: "/var/lib/opsthread/sandbox",
 * });
 *
 * @throws {OpsthreadError} `CONFIG_INVALID`, `SANDBOX_UNSUPPORTED` with what stands in the way
 */
export async function dockerSandboxes(options: DockerSandboxesOptions): Promise<SandboxProvider> {
  const { log = silentLogger, signal = new AbortController().signal, stateFolder } = options;
  const config = parseConfig(options.config ?? {});
  const probe = await probeDocker({
    signal,
    host: config.host,
    sockets: options.sockets,
    runtime: config.runtime,
    image: config.image,
    digest: config.digest,
    pull: config.pull,
  });
  if (!probe.ok)
    throw new OpsthreadError(
      "SANDBOX_UNSUPPORTED",
      `Cannot run sandboxes in Docker: ${probe.reason}${probe.hint === "" ? "" : `. ${probe.hint}`}`,
    );
  const { client: docker, facts } = probe.engine;
  const architecture = architectures[facts.architecture] ?? facts.architecture;
  const supervisor = await supervisorBinary(architecture);
  const instance = config.instance ?? (await instanceOf(stateFolder));
  const host = await openHostSide({ ...options, quota: config.quota });
  const owner = await signIn(join(stateFolder, "owners"));
  const events = await listenToEngine(docker, { instance, log });
  const containers = createContainers({ docker, events, instance, owner, log });
  // What is mounted later reaches a container that shares the host's kernel, and none with its own.
  const canWarm = host.quota === "filesystem" && isolationOf(config.runtime ?? "") === "container";
  const warm = canWarm
    ? await openWarmCells({ containers, pool: config.pool, stateFolder, log })
    : noWarmCells;
  const cells = await openCells({ containers, config, host, supervisor, stateFolder, warm, log });
  const sweep = async (): Promise<void> => {
    await containers.sweep();
    await cells.sweep();
    await host.sweep();
  };
  await sweep();
  const sweeping = setInterval(() => {
    sweep().catch((error: unknown) =>
      log.warn({ error: String(error) }, "A sweep of sandboxes failed"),
    );
  }, sweepEveryMs);
  sweeping.unref();
  log.info(
    { image: config.image, digest: probe.image.digest, runtime: config.runtime, quota: host.quota },
    "Sandboxes run in Docker",
  );

  return {
    name: config.runtime === undefined ? "docker" : `docker+${config.runtime}`,
    capabilities: capabilitiesOf(config, facts, host.limitations),
    snapshots: host.snapshots,
    async open(spec, { signal: opening }) {
      assertKept(spec);
      opening.throwIfAborted();
      if (spec.image !== undefined && spec.image !== config.image)
        await ensureImage(docker, { reference: spec.image, signal: opening });
      return host.open(spec, {
        signal: opening,
        reserve: (wanted, how) => cells.reserve(wanted, how),
      });
    },
    async remove(sessionId) {
      await host.closeAll(sessionId);
      await containers.removeOf(sessionId);
      await host.remove(sessionId);
    },
    async [Symbol.asyncDispose]() {
      clearInterval(sweeping);
      await host.closeAll();
      await cells[Symbol.asyncDispose]();
      await events[Symbol.asyncDispose]();
      await owner[Symbol.asyncDispose]();
      await host[Symbol.asyncDispose]();
    },
  };
}

const sweepEveryMs = 3 * 60_000;

/** Names of the engine for architectures, as Node has them. */
const architectures: Readonly<Record<string, string>> = {
  x86_64: "x64",
  amd64: "x64",
  aarch64: "arm64",
  arm64: "arm64",
};

function parseConfig(config: z.input<typeof DockerConfig>): DockerConfig {
  const parsed = DockerConfig.safeParse(config);
  if (parsed.success) return parsed.data;
  throw new OpsthreadError(
    "CONFIG_INVALID",
    `Cannot use the configuration of Docker sandboxes: ${z.prettifyError(parsed.error)}`,
    { cause: parsed.error },
  );
}

function capabilitiesOf(
  { runtime }: DockerConfig,
  { defaultRuntime }: EngineFacts,
  limitations: readonly string[],
): SandboxCapabilities {
  const isolation = isolationOf(runtime ?? defaultRuntime);
  return {
    isolation,
    realPrograms: true,
    network: true,
    reattach: true,
    measuresUse: true,
    limitations: [
      "There is no network but through an HTTP proxy to granted hosts; names can't be looked up inside.",
      "Nothing can be installed into the system: only /workspace and /tmp can be written.",
      ...(isolation === "vm"
        ? [
            "Programs run on a kernel of their own, which makes system calls several times slower.",
            "When the memory limit is met, everything that runs in the sandbox ends.",
          ]
        : ["It shares the host's kernel."]),
      ...limitations,
    ],
  };
}
