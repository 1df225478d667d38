import { createHash } from "node:crypto";

import type { ContainerCreateOptions } from "dockerode";

import type { Limits } from "../permissions.ts";
import { supervisorPath } from "../supervised/cell-mounts.ts";
import { keeperCommand } from "./keeper.ts";

/** Names under which the engine knows what belongs to whom. */
export const label = {
  instance: "opsthread.instance",
  session: "opsthread.session",
  /** Hash of everything that makes a container what it is: one with another is never used. */
  config: "opsthread.config",
  /** Name of its own folder on the host. */
  folder: "opsthread.folder",
  /** The process that made it; another one takes it over only when this one is gone. */
  owner: "opsthread.owner",
  /** What its main process is; one with a keeper is of no use to another process. */
  main: "opsthread.main",
} as const;

/** Everything that differs between containers. What is not here can't be changed by anybody. */
export interface ContainerPlan {
  /** - `supervisor`: it runs the commands; - `keeper`: the engine does, and the supervisor is not there. */
  readonly main: "supervisor" | "keeper";
  readonly image: string;
  readonly runtime: string | undefined;
  readonly limits: Limits;
  readonly uid: number;
  readonly gid: number;
  /** Host folder of the workspace. */
  readonly workspace: string;
  /** The session's workspace is mounted over that folder later. */
  readonly workspaceFollows?: boolean;
  /** Host folder of the container's own, which some of the mounts lie in. */
  readonly folder: string;
  readonly mounts: readonly ReadOnlyMount[];
}

export interface ReadOnlyMount {
  readonly hostPath: string;
  readonly path: string;
}

/** The hardened container of a plan. Nothing of the hardening is optional. */
export function containerOptions(plan: ContainerPlan): ContainerCreateOptions {
  const { limits, uid, gid } = plan;
  return {
    Image: plan.image,
    ...mainProcess(plan),
    WorkingDir: "/",
    Env: [],
    Hostname: "sandbox",
    OpenStdin: true,
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
    Tty: false,
    NetworkDisabled: true,
    Healthcheck: { Test: ["NONE"] },
    HostConfig: {
      ...hardening,
      PidsLimit: hostPids(plan),
      Memory: limits.memoryBytes,
      // The same number: no swap on top.
      MemorySwap: limits.memoryBytes,
      NanoCpus: Math.round(limits.cpus * 1e9),
      // When the host runs out of memory, sandboxes go first.
      OomScoreAdj: 200,
      OomKillDisable: false,
      ShmSize: limits.tmpBytes,
      Ulimits: ulimits(plan),
      Tmpfs: {
        "/tmp": `rw,exec,nosuid,nodev,size=${limits.tmpBytes},nr_inodes=${tmpInodes},mode=0700,uid=${uid},gid=${gid}`,
      },
      Mounts: [
        {
          Type: "bind",
          Source: plan.workspace,
          Target: "/workspace",
          ReadOnly: false,
          BindOptions: { Propagation: plan.workspaceFollows === true ? "rslave" : "rprivate" },
        },
        ...plan.mounts.map(({ hostPath, path }) => ({
          Type: "bind" as const,
          Source: hostPath,
          Target: path,
          ReadOnly: true,
          BindOptions: { Propagation: "rprivate" as const },
        })),
      ],
      ...(plan.runtime !== undefined && { Runtime: plan.runtime }),
    },
  };
}

function mainProcess({
  main,
  limits,
  uid,
  gid,
}: ContainerPlan): Pick<ContainerCreateOptions, "Entrypoint" | "Cmd" | "User" | "StdinOnce"> {
  if (main === "supervisor")
    return {
      Entrypoint: [supervisorPath],
      Cmd: ["--stdio"],
      User: `${uid}:${gid}`,
      // The supervisor outlives the process that started it, and decides by itself when to end.
      StdinOnce: false,
    };
  const keeper = keeperUser({ uid });
  return {
    Entrypoint: [...keeperCommand(limits.lifetimeMs)],
    Cmd: [],
    User: `${keeper}:${keeper}`,
    // It ends with the process that started it.
    StdinOnce: true,
  };
}

/** Nobody, or whom else it can be, so that it is another one than who runs the commands. */
const keeperUser = ({ uid }: Pick<ContainerPlan, "uid">): number =>
  uid === 65_534 ? 65_533 : 65_534;

/** The supervisor sees to those of each command; without one they are the container's. */
function ulimits({ main, limits }: ContainerPlan): { Name: string; Soft: number; Hard: number }[] {
  const of = (Name: string, most: number) => ({ Name, Soft: most, Hard: most });
  return main === "supervisor"
    ? [of("nofile", supervisorFiles), of("core", 0)]
    : [of("nofile", limits.openFiles), of("fsize", limits.fileBytes), of("core", 0)];
}

const hardening = {
  NetworkMode: "none",
  CapDrop: ["ALL"],
  CapAdd: [],
  Privileged: false,
  // The engine's own seccomp profile is in force as well, because no other is named.
  SecurityOpt: ["no-new-privileges:true"],
  ReadonlyRootfs: true,
  Init: true,
  AutoRemove: true,
  RestartPolicy: { Name: "no" },
  // What nobody reads must not fill the host's disk.
  LogConfig: { Type: "none", Config: {} },
  IpcMode: "private",
  CgroupnsMode: "private",
};

/** The engine counts the threads of the sentry too under gVisor, which dies when it gets no more. https://github.com/google/gvisor/issues/2490 */
const hostPids = ({ runtime, limits }: ContainerPlan): number =>
  runtime?.includes("runsc") === true ? Math.max(4_096, limits.pids) : limits.pids + ownPids;

/** The engine's init, the supervisor and its shepherds. */
const ownPids = 16;
const supervisorFiles = 4_096;
const tmpInodes = 16_384;

/**
 * A hash of what a container is made of. Where on the host its workspace and its own folder lie makes no difference: a
 * warm one has other places than one that was started for its session.
 */
export function configHash(plan: ContainerPlan): string {
  const text = JSON.stringify(
    containerOptions({ ...plan, workspace: "", workspaceFollows: false }),
  ).replaceAll(JSON.stringify(plan.folder).slice(1, -1), "");
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}
