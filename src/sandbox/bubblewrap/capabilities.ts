import type { SandboxCapabilities } from "../sandbox.ts";
import { networkLimitation } from "../supervised/session-network.ts";
import type { FoundCgroups } from "./cgroups.ts";
import type { SandboxUser } from "./user.ts";

/** What these sandboxes can and cannot do on this machine. */
export function capabilitiesOf({
  cgroups,
  user,
  limitations,
}: {
  readonly cgroups: FoundCgroups;
  readonly user: SandboxUser;
  /** Of the host's side. */
  readonly limitations: readonly string[];
}): SandboxCapabilities {
  return {
    isolation: "namespaces",
    realPrograms: true,
    network: true,
    reattach: true,
    measuresUse: true,
    limitations: [
      "It shares the host's kernel.",
      "The programs are the host's own, read-only: what is installed there is there, and what of /usr everybody may read can be read.",
      ...(cgroups.ok ? [] : withoutCgroups(cgroups.reason, user)),
      networkLimitation,
      ...limitations,
    ],
  };
}

const withoutCgroups = (reason: string, { isRoot }: SandboxUser): readonly string[] => [
  `Memory is measured every 100 ms, without what lies in /tmp, and a sandbox with too much is ended as a whole, because ${reason}.`,
  "Memory is not watched while no process of the bot is there.",
  isRoot
    ? "Processes are counted over all sandboxes together."
    : "Processes are counted by the kernel for each sandbox, without the few that hold it together.",
  "There is no limit of CPU time: a busy sandbox takes what the host has.",
];
