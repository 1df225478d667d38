import type { z } from "zod";

import { OpsthreadError } from "../../core/errors.ts";
import { silentLogger } from "../../core/logger.ts";
import { assertKept } from "../assert-kept.ts";
import { instanceOf } from "../instance.ts";
import type { SandboxProvider } from "../sandbox.ts";
import { parseConfig } from "../supervised/config.ts";
import { type HostSideOptions, openHostSide } from "../supervised/host-side.ts";
import { sweepRegularly } from "../supervised/sweep-regularly.ts";
import { assertKeptByExec, capabilitiesOf } from "./capabilities.ts";
import { openCells } from "./cells.ts";
import { createContainers } from "./containers.ts";
import { endsWithHost } from "./ends-with-host.ts";
import { listenToEngine } from "./events.ts";
import { ensureImage } from "./image.ts";
import { isolationOf } from "./isolation.ts";
import { DockerConfig } from "./options.ts";
import { probeDocker } from "./probe.ts";
import { supervisorFor } from "./supervisor-for.ts";
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
  const config = parseConfig(DockerConfig, options.config ?? {}, { driver: "Docker" });
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
  const supervisor = await supervisorFor(facts, { wanted: config.supervisor, log });
  const instance = config.instance ?? (await instanceOf(stateFolder));
  const host = await openHostSide({ ...options, quota: config.quota });
  const events = await listenToEngine(docker, { instance, log });
  const containers = createContainers({ docker, events, instance, owner: host.process, log });
  // What is mounted later reaches a container that shares the host's kernel, and none with its own.
  const isolation = isolationOf(config.runtime ?? facts.defaultRuntime);
  const canWarm = host.quota === "filesystem" && isolation === "container";
  const warm = canWarm
    ? await openWarmCells({ containers, host, pool: config.pool, stateFolder, log })
    : noWarmCells;
  const cells = await openCells({ containers, config, host, supervisor, stateFolder, warm, log });
  const sweeping = await sweepRegularly(
    async () => {
      await containers.sweep();
      const used = await containers.places();
      await cells.sweep(used);
      // What is mounted at a slot is taken away first.
      await host.sweep();
      await warm.sweep(used);
    },
    { log },
  );
  log.info(
    { image: config.image, digest: probe.image.digest, runtime: config.runtime, quota: host.quota },
    "Sandboxes run in Docker",
  );

  return {
    name: config.runtime === undefined ? "docker" : `docker+${config.runtime}`,
    capabilities: capabilitiesOf({
      isolation,
      supervised: supervisor !== undefined,
      limitations: host.limitations,
    }),
    snapshots: host.snapshots,
    checkpoints: host.checkpoints,
    async open(spec, { signal: opening }) {
      assertKept(spec);
      if (supervisor === undefined) assertKeptByExec(spec);
      opening.throwIfAborted();
      if (spec.image !== undefined && spec.image !== config.image)
        await ensureImage(docker, { reference: spec.image, signal: opening });
      const sandbox = await host.open(spec, {
        signal: opening,
        reserve: (wanted, how) => cells.reserve(wanted, how),
      });
      return supervisor === undefined ? endsWithHost(sandbox) : sandbox;
    },
    async remove(sessionId) {
      await host.closeAll(sessionId);
      await containers.removeOf(sessionId);
      await host.remove(sessionId);
    },
    async [Symbol.asyncDispose]() {
      sweeping[Symbol.dispose]();
      await host.closeAll();
      await cells[Symbol.asyncDispose]();
      await events[Symbol.asyncDispose]();
      await host[Symbol.asyncDispose]();
    },
  };
}
