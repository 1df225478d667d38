import { join, resolve } from "node:path";

import { systemClock } from "../../core/clock.ts";
import { messageOf, OpsthreadError } from "../../core/errors.ts";
import { type Logger, silentLogger } from "../../core/logger.ts";
import { createCheckpoints } from "../checkpoints.ts";
import { makeFolderFor } from "../owner.ts";
import { workspacePath } from "../places.ts";
import { type Owner, signIn } from "../process-owner.ts";
import { createQuota, type Quota } from "../quota.ts";
import { createReach, type Reach } from "../reach.ts";
import type {
  Sandbox,
  SandboxFiles,
  SandboxSpec,
  WorkspaceCheckpoints,
  WorkspaceSnapshots,
} from "../sandbox.ts";
import { createSnapshots, type SnapshotsOptions } from "../snapshots.ts";
import { prepareTaskHost, type TaskHost } from "../task-host/task-host.ts";
import { trimOutputs } from "../trim-outputs.ts";
import { watchWorkspace } from "../watch-workspace.ts";
import { workspaceFiles } from "../workspace-files.ts";
import { createWorkspaces, type Workspace, type Workspaces } from "../workspaces.ts";
import { sessionPath } from "./cell-mounts.ts";
import type { Cell } from "./cell.ts";
import { restriction, supervisedSandbox } from "./sandbox.ts";
import { openSessionNetwork, type NetworkOptions } from "./session-network.ts";

/** What every driver with supervisors takes. */
export interface HostSideOptions {
  /** Host folder that holds a workspace for each session. */
  readonly folder: string;
  /** Host folder for everything else. */
  readonly stateFolder: string;
  /** Host folder for copies of Node and of tasks' code, which installations may share. Default `stateFolder`. */
  readonly runtimeFolder?: string;
  /** How granted hosts are reached, and what is told of it. */
  readonly network?: NetworkOptions;
  /** Snapshots that are kept of each workspace. Default 5. */
  readonly keepSnapshots?: number;
  /** Whether they are clones where that can be. Default `auto`. See {@link SnapshotsOptions.form}. */
  readonly snapshotForm?: SnapshotsOptions["form"];
  readonly log?: Logger;
}

/** The host's side of sandboxes: workspaces, files, tasks, network. A driver adds cells. */
export interface HostSide extends AsyncDisposable {
  /** Whom the files in workspaces belong to, and everything runs as. */
  readonly uid: number;
  readonly gid: number;
  readonly quota: "filesystem" | "watched";
  readonly limitations: readonly string[];
  /** This process among those that share the folders. */
  readonly process: Owner;
  readonly workspaces: Pick<Workspaces, "premake" | "discard">;
  readonly tasks: TaskHost;
  readonly snapshots: WorkspaceSnapshots;
  readonly checkpoints: WorkspaceCheckpoints;
  open(spec: SandboxSpec, options: OpenOptions): Promise<Sandbox>;
  /** Closes the open sandboxes, all or those of a session. */
  closeAll(sessionId?: string): Promise<void>;
  remove(sessionId: string): Promise<void>;
  sweep(): Promise<void>;
}

export interface OpenOptions {
  readonly signal: AbortSignal;
  readonly reserve: (spec: SandboxSpec, options: ReserveOptions) => Promise<Reserved>;
}

export interface ReserveOptions {
  /** Where the workspace will be, unless the cell wants it elsewhere: it is mounted there before the cell is started. */
  readonly workspace: string;
  readonly signal: AbortSignal;
}

/** A cell that is to be a session's, or the place for one. */
export interface Reserved {
  /** Where the workspace has to be mounted; default its own folder. */
  readonly at?: string;
  /** Host folder that is shown at `/opsthread/session`. */
  readonly sessionFolder: string;
  /** The cell with the workspace, which is mounted at `workspace` now. Called again when one was lost. */
  start(workspace: string, options: { readonly signal: AbortSignal }): Promise<Cell>;
  /** Takes away what was made for it on the host, after the cell has ended; one that was let go of keeps it. */
  release(options: { readonly detached: boolean }): Promise<void>;
}

export async function openHostSide({
  folder,
  stateFolder,
  runtimeFolder = stateFolder,
  quota,
  network = { audit: () => {} },
  keepSnapshots,
  snapshotForm,
  log = silentLogger,
}: HostSideOptions & { readonly quota: "auto" | "watched" }): Promise<HostSide> {
  const owner = sandboxUser();
  const process = await signIn(join(stateFolder, "owners"));
  const workspaces = await createWorkspaces({
    folder,
    ...owner,
    process,
    log,
    prefer: quota === "auto" ? "filesystem" : "watched",
  }).catch(async (error: unknown) => {
    await process[Symbol.asyncDispose]();
    throw error;
  });
  const tasks = await prepareTaskHost({ folder: runtimeFolder });
  const snapshots = createSnapshots({
    folder: join(stateFolder, "snapshots"),
    trees: workspaces.trees,
    clock: systemClock,
    owner,
    keep: keepSnapshots,
    form: snapshotForm,
  });
  const open = new Map<Sandbox, SandboxSpec>();
  const openSession = async (
    spec: SandboxSpec,
    { signal, reserve }: OpenOptions,
  ): Promise<Sandbox> => {
    const place = await workspaces.place(spec.sessionId);
    const reserved = await reserve(spec, { workspace: place, signal });
    const undo: (() => PromiseLike<void>)[] = [() => reserved.release({ detached: false })];
    try {
      const workspace = await workspaces.open(spec.sessionId, {
        workspaceBytes: spec.limits.workspaceBytes,
        signal,
        ...(reserved.at !== undefined && { at: reserved.at }),
      });
      undo.unshift(() => workspace.release());
      const { hostPath } = workspace;
      const net = await openSessionNetwork(spec, {
        network: { logger: log, ...network },
        hostFolder: reserved.sessionFolder,
        insidePath: sessionPath,
      });
      undo.unshift(() => net[Symbol.asyncDispose]());
      const start = async (options: { readonly signal: AbortSignal }): Promise<Cell> => {
        const cell = await reserved.start(hostPath, options);
        assertRestrictable(spec, cell);
        return cell;
      };
      const sandbox = supervisedSandbox(spec, {
        files: await filesOf(spec, workspace, owner),
        async usage() {
          const { bytes, limitBytes } = await workspace.usage();
          return { workspaceBytes: bytes, workspaceLimitBytes: limitBytes, quota: workspace.quota };
        },
        trimOutputs: () =>
          trimOutputs(hostPath, spec.limits).catch((error: unknown) =>
            log.warn({ error: messageOf(error) }, "Old outputs could not be removed"),
          ),
        watch: (onLimit) =>
          watchWorkspace({ ...spec.limits, hostPath, quota: workspace.quota, log, onLimit }),
        firstCell: await start({ signal }),
        startCell: start,
        cellEnv: (cell) => net.env(cell),
        tasks,
        async release(how) {
          open.delete(sandbox);
          await net[Symbol.asyncDispose]();
          await workspace.release(how);
          await reserved.release(how);
        },
      });
      open.set(sandbox, spec);
      return sandbox;
    } catch (error) {
      for (const step of undo) await step();
      throw error;
    }
  };

  return {
    ...owner,
    quota: workspaces.quota,
    limitations: [...limitations, ...workspaces.limitations],
    process,
    workspaces,
    tasks,
    snapshots,
    checkpoints: createCheckpoints({ trees: workspaces.trees, owner }),
    open: openSession,
    async closeAll(sessionId) {
      const closing = [...open].filter(
        ([, spec]) => sessionId === undefined || spec.sessionId === sessionId,
      );
      await Promise.all(closing.map(([sandbox]) => sandbox.close()));
    },
    async remove(sessionId) {
      await workspaces.remove(sessionId);
      await snapshots.remove(sessionId);
    },
    sweep: () => workspaces.sweep(),
    async [Symbol.asyncDispose]() {
      await workspaces[Symbol.asyncDispose]();
      await workspaces.sweep();
      await process[Symbol.asyncDispose]();
    },
  };
}

/** The workspace and the sources, as the harness sees them. */
async function filesOf(
  spec: SandboxSpec,
  workspace: Workspace,
  owner: { readonly uid: number; readonly gid: number },
): Promise<SandboxFiles> {
  const places = [
    { path: workspacePath, hostPath: workspace.hostPath, writable: true },
    ...spec.sources.map(({ name, hostPath, include }) => ({
      path: `/sources/${name}`,
      hostPath: resolve(hostPath),
      writable: false,
      ...(include && { include }),
    })),
  ];
  const reach = createReach(places);
  const { fileBytes, workspaceBytes } = spec.limits;
  const quota = async (): Promise<Quota> =>
    workspace.quota === "filesystem"
      ? // The file system itself says when it is full.
        createQuota({ fileBytes, workspaceBytes: Number.MAX_SAFE_INTEGER }, 0)
      : createQuota({ fileBytes, workspaceBytes }, (await workspace.usage()).bytes);
  const files = workspaceFiles(reach, { quota, owner });
  await makeGranted(spec, reach, owner);
  return files;
}

/** Folders that may be written although what is above them may not: a command could not make them itself. */
async function makeGranted(
  { permissions: { write } }: SandboxSpec,
  reach: Reach,
  owner: { readonly uid: number; readonly gid: number },
): Promise<void> {
  for (const path of write) {
    if (path === workspacePath) continue;
    using found = reach.find(path);
    if (found) continue;
    using target = reach.target(path, (parent, name) => makeFolderFor(owner, parent, name));
    if (!target.stats) makeFolderFor(owner, target.folder, target.name);
  }
}

/** @throws {OpsthreadError} `SANDBOX_UNSUPPORTED` for narrow grants where the kernel can't keep them */
function assertRestrictable(spec: SandboxSpec, { connection }: Cell): void {
  if (restriction(spec) === undefined || connection.features.has("landlockFiles")) return;
  throw new OpsthreadError(
    "SANDBOX_UNSUPPORTED",
    "Cannot grant less than all of /workspace and /sources: the kernel of the sandbox has no Landlock, expected Linux 5.13 or newer",
  );
}

const limitations = [
  "Nothing can be installed into the system: only /workspace and /tmp can be written.",
];

/** This process's own user, or nobody in the place of root. */
function sandboxUser(): { readonly uid: number; readonly gid: number } {
  const uid = process.getuid?.() ?? 0;
  return uid === 0 ? { uid: nobody, gid: nobody } : { uid, gid: process.getgid?.() ?? uid };
}

const nobody = 65_534;
