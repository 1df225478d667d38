import { join } from "node:path";

import type { SandboxSpec } from "../sandbox.ts";
import { sourceMounts } from "../source-mounts.ts";
import type { TaskHost } from "../task-host/task-host.ts";

/** Where things lie inside of every cell. */
export const supervisorPath = "/opsthread/supervisor";
export const sessionPath = "/opsthread/session";

export interface CellMountsOptions {
  /** Host folder of the cell's own. */
  readonly folder: string;
  /** Host path of the supervisor's program, if it is to have one. */
  readonly supervisor: string | undefined;
  readonly tasks: Pick<TaskHost, "mounts">;
}

/** Everything that a cell shows read-only. */
export async function cellMounts(
  { sources }: Pick<SandboxSpec, "sources">,
  { folder, supervisor, tasks }: CellMountsOptions,
): Promise<readonly { readonly hostPath: string; readonly path: string }[]> {
  return [
    ...(supervisor === undefined ? [] : [{ hostPath: supervisor, path: supervisorPath }]),
    ...tasks.mounts,
    { hostPath: join(folder, "session"), path: sessionPath },
    ...(await sourceMounts(sources, { stage: join(folder, "sources") })),
  ];
}
