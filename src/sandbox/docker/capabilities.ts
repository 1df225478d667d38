import { OpsthreadError } from "../../core/errors.ts";
import type { SandboxCapabilities, SandboxSpec } from "../sandbox.ts";
import { restriction } from "../supervised/sandbox.ts";
import { networkLimitation } from "../supervised/session-network.ts";

export interface CapabilitiesOptions {
  readonly isolation: SandboxCapabilities["isolation"];
  /** Whether a supervisor runs the commands, or the engine does. */
  readonly supervised: boolean;
  /** Of the host's side. */
  readonly limitations: readonly string[];
}

/** What Docker sandboxes can and cannot do here. */
export function capabilitiesOf({
  isolation,
  supervised,
  limitations,
}: CapabilitiesOptions): SandboxCapabilities {
  return {
    isolation,
    realPrograms: true,
    network: supervised,
    reattach: supervised,
    measuresUse: supervised,
    limitations: [
      ...(isolation === "vm"
        ? [
            "Programs run on a kernel of their own, which makes system calls several times slower.",
            "When the memory limit is met, everything that runs in the sandbox ends.",
          ]
        : ["It shares the host's kernel."]),
      ...(supervised ? [networkLimitation] : withoutSupervisor),
      ...limitations,
    ],
  };
}

/**
 * Refuses what only a supervisor keeps.
 * @throws {OpsthreadError} `SANDBOX_UNSUPPORTED`
 */
export function assertKeptByExec(spec: SandboxSpec): void {
  const refuse = (grant: string): never => {
    throw new OpsthreadError(
      "SANDBOX_UNSUPPORTED",
      `Cannot grant ${grant}: the engine runs the commands of this sandbox, expected a supervisor in it`,
    );
  };
  const [host] = spec.permissions.net;
  if (host !== undefined) refuse(`"${host}"`);
  if (restriction(spec) !== undefined) refuse("less than all of /workspace and /sources");
}

const withoutSupervisor = [
  "There is no network, and none can be granted.",
  "Only the engine's own filter of system calls is in force; before Docker 23 it lets programs open connections to the machine's hypervisor (vsock).",
  "Less than all of /workspace and /sources can't be granted.",
  "When a command is stopped, takes too long, prints too much or leaves too many processes, everything that runs in the sandbox ends with it, and what lies in /tmp is gone.",
  "A command ends with the bot's process, and can't be found again afterwards.",
  "A command takes about a tenth of a second to start.",
  "CPU time and memory of commands are not measured.",
  "Of long output only the head and the tail are kept, not all of it.",
  "A command that was ended by a signal is told as exit code 128 and the signal's number.",
  "Commands that run at the same time, also in the background, can disturb each other, and what is told of each other.",
  "A command that leaves processes behind which hold its output is told some seconds later, and what they print then is lost.",
];
