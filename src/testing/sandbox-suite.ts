import type { SandboxProvider } from "../sandbox/sandbox.ts";
import { archiveCases } from "./sandbox-suite-archives.ts";
import { checkpointCases } from "./sandbox-suite-checkpoints.ts";
import { execCases } from "./sandbox-suite-exec.ts";
import { filesCases } from "./sandbox-suite-files.ts";
import { hostileCases } from "./sandbox-suite-hostile.ts";
import { isolationCases } from "./sandbox-suite-isolation.ts";
import { limitCases } from "./sandbox-suite-limits.ts";
import { serviceCases } from "./sandbox-suite-services.ts";
import { snapshotCases } from "./sandbox-suite-snapshots.ts";
import { taskCases } from "./sandbox-suite-tasks.ts";
import { defineSuite, type SuiteOptions } from "./suite.ts";

/** A driver that a test has for itself; disposing ends its sandboxes and removes their workspaces. */
export interface SandboxesUnderTest extends AsyncDisposable {
  readonly provider: SandboxProvider;
  /** An empty host folder that sources may lie in. */
  readonly folder: string;
  /** The host folder of a session's workspace, when the driver has such. */
  workspace?(sessionId: string): string;
  /** A command that takes more and more memory, and which no other limit ends. */
  readonly memoryHog: string;
}

export type SandboxCases = Readonly<Record<string, (subject: SandboxesUnderTest) => Promise<void>>>;

/** Each part of the suite can be run by itself: `limits` has what takes seconds, `hostile` needs real programs. */
const parts = {
  archives: archiveCases,
  checkpoints: checkpointCases,
  exec: execCases,
  files: filesCases,
  isolation: isolationCases,
  limits: limitCases,
  services: serviceCases,
  snapshots: snapshotCases,
  tasks: taskCases,
  hostile: hostileCases,
} as const satisfies Readonly<Record<string, SandboxCases>>;

/**
 * What every driver of the {@link SandboxProvider} port must do.
 *
 * @example
 * sandboxSuite({ test, open: async () => openMyDriverOnAnEmptyFolder() });
 */
export function sandboxSuite({
  parts: wanted = Object.keys(parts),
  ...options
}: SuiteOptions & {
  readonly open: () => Promise<SandboxesUnderTest>;
  readonly parts?: readonly string[];
}): void {
  const casesOf = (names: readonly string[]): SandboxCases =>
    Object.assign(
      {},
      ...Object.entries(parts).map(([part, some]) => (names.includes(part) ? some : {})),
    );
  const cases = casesOf(wanted);
  const others = casesOf(Object.keys(parts).filter((part) => !wanted.includes(part)));
  // A driver may name all that it skips, whichever parts run.
  const skip = options.skip?.filter(({ test }) => !(test in others));
  defineSuite(cases, { ...options, ...(skip && { skip }) });
}
