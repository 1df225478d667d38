import { access, constants } from "node:fs/promises";
import { join } from "node:path";

import type { z } from "zod";

import { OpsthreadError } from "../../core/errors.ts";
import { silentLogger } from "../../core/logger.ts";
import { assertKept } from "../assert-kept.ts";
import { runOnHost } from "../host-command.ts";
import { instanceOf } from "../instance.ts";
import { programPath } from "../run-program.ts";
import type { SandboxProvider } from "../sandbox.ts";
import { parseConfig } from "../supervised/config.ts";
import { type HostSideOptions, openHostSide } from "../supervised/host-side.ts";
import { sweepRegularly } from "../supervised/sweep-regularly.ts";
import { supervisorBinary } from "../supervisor/binary.ts";
import { capabilitiesOf } from "./capabilities.ts";
import { openCells } from "./cells.ts";
import { findCgroups } from "./cgroups.ts";
import { BubblewrapConfig } from "./options.ts";
import { probeBubblewrap } from "./probe.ts";
import { systemView } from "./system-view.ts";

export interface BubblewrapSandboxesOptions extends HostSideOptions {
  readonly config?: z.input<typeof BubblewrapConfig>;
  readonly signal?: AbortSignal;
}

/**
 * Sandboxes that are namespaces of this machine's kernel around the machine's own programs, made by bubblewrap. They
 * need no engine and no image, and open in some milliseconds.
 *
 * @example
 * await using sandboxes = await bubblewrapSandboxes({
 *   folder: "/var/lib/opsthread/workspaces",
 *   stateFolder: "/var/lib/opsthread/sandbox",
 * });
 *
 * @throws {OpsthreadError} `CONFIG_INVALID`, `SANDBOX_UNSUPPORTED` with what stands in the way
 */
export async function bubblewrapSandboxes(
  options: BubblewrapSandboxesOptions,
): Promise<SandboxProvider> {
  const { log = silentLogger, signal = new AbortController().signal, stateFolder } = options;
  const config = parseConfig(BubblewrapConfig, options.config ?? {}, { driver: "bubblewrap" });
  const probe = await probeBubblewrap(runOnHost, { signal });
  if (!probe.ok) throw unsupported(probe.reason, probe.hint);
  const instance = config.instance ?? (await instanceOf(stateFolder));
  const found = await findCgroups({ instance });
  if (!found.ok && config.cgroups === "required")
    throw unsupported(
      found.reason,
      "Run it as root or in a delegated cgroup (systemd: Delegate=yes)",
    );
  const supervisor = await supervisorBinary(process.arch);
  const bwrap = await pathOf("bwrap");
  const host = await openHostSide({ ...options, quota: config.quota });
  const user = { uid: host.uid, gid: host.gid, isRoot: process.getuid?.() === 0 };
  const cells = await openCells({
    // Apart from what other drivers keep in the same folder.
    folder: join(stateFolder, "bubblewrap", "cells"),
    system: await systemView({ etcFolder: join(stateFolder, "bubblewrap", "etc"), user }),
    cgroups: found.ok ? found.cgroups : undefined,
    user,
    supervisor,
    bwrap,
    host,
    log,
  });
  const sweeping = await sweepRegularly(
    async () => {
      await cells.sweep();
      await host.sweep();
    },
    { log },
  );
  log.info(
    { version: probe.version, cgroups: found.ok ? found.version : found.reason, quota: host.quota },
    "Sandboxes run in bubblewrap",
  );

  return {
    name: "bubblewrap",
    capabilities: capabilitiesOf({ cgroups: found, user, limitations: host.limitations }),
    snapshots: host.snapshots,
    checkpoints: host.checkpoints,
    async open(spec, { signal: opening }) {
      assertKept(spec);
      opening.throwIfAborted();
      if (spec.image !== undefined)
        throw unsupported(`there are no images, and "${spec.image}" is asked for`);
      return host.open(spec, { signal: opening, reserve: cells.reserve });
    },
    async remove(sessionId) {
      await host.closeAll(sessionId);
      await cells.removeOf(sessionId);
      await host.remove(sessionId);
    },
    async [Symbol.asyncDispose]() {
      sweeping[Symbol.dispose]();
      await host.closeAll();
      if (found.ok) await found.cgroups.close();
      await host[Symbol.asyncDispose]();
    },
  };
}

function unsupported(reason: string, hint = ""): OpsthreadError {
  return new OpsthreadError(
    "SANDBOX_UNSUPPORTED",
    `Cannot run sandboxes in bubblewrap: ${reason}${hint === "" ? "" : `. ${hint}`}`,
  );
}

/** Where a program of the system lies; never one of this process's PATH. */
async function pathOf(program: string): Promise<string> {
  for (const folder of programPath.split(":")) {
    const path = join(folder, program);
    if (
      await access(path, constants.X_OK).then(
        () => true,
        () => false,
      )
    )
      return path;
  }
  throw unsupported(`there is no ${program}`);
}
