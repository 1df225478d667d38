import { supervisorPath } from "../supervised/cell-mounts.ts";
import { folderArgs } from "./system-view.ts";
import type { SandboxUser } from "./user.ts";

/** Everything that differs between sandboxes. What is not here can't be changed by anybody. */
export interface CellPlan {
  readonly user: SandboxUser;
  /** Options that show the system's programs; see `systemView()`. */
  readonly system: readonly string[];
  /** Host folder of the workspace. */
  readonly workspace: string;
  /** Shown read-only. */
  readonly mounts: readonly { readonly hostPath: string; readonly path: string }[];
  readonly tmpBytes: number;
  /** Host folder with the kernel's count of processes that met the memory limit. */
  readonly memoryFolder?: string;
}

const memoryPath = "/opsthread/memory";

/** What bwrap is started with. Nothing of the hardening is optional. */
export function bubblewrapArgs({
  user,
  system,
  workspace,
  mounts,
  tmpBytes,
  memoryFolder,
}: CellPlan): readonly string[] {
  return [
    ...isolation(user),
    ...system,
    ...kernelFolders(tmpBytes),
    ...folderArgs("/sources"),
    ...folderArgs("/opsthread"),
    ...option("--bind", workspace, "/workspace"),
    ...mounts.flatMap(({ hostPath, path }) => option("--ro-bind", hostPath, path)),
    ...(memoryFolder === undefined ? [] : option("--ro-bind", memoryFolder, memoryPath)),
    ...readOnlyRoot,
    ...option("--chdir", "/"),
    ...option("--", supervisorPath),
    ...option("--listen-fd", "3"),
    ...(user.isRoot ? ["--uid", String(user.uid), "--gid", String(user.gid)] : []),
    ...(memoryFolder === undefined ? [] : option("--memory", memoryPath)),
  ];
}

/**
 * Namespaces of its own, no environment, no capabilities. Root needs no user namespace, whose code in the kernel is
 * better not reached at all; its supervisor keeps what it needs to become nobody, and gives that up with it.
 * A user namespace can't be had again inside: there every other kind of namespace could be made.
 */
export const isolation = ({ isRoot }: Pick<SandboxUser, "isRoot">): readonly string[] => [
  ...["pid", "net", "ipc", "uts", "cgroup"].map((name) => `--unshare-${name}`),
  ...(isRoot ? [] : ["--unshare-user", "--disable-userns"]),
  ...option("--hostname", "sandbox"),
  "--new-session",
  "--clearenv",
  ...option("--cap-drop", "ALL"),
  ...(isRoot ? ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"] : []),
];

/** What the kernel and programs of any kind expect, with what can be written in memory. */
export function kernelFolders(tmpBytes: number): readonly string[] {
  const sized = (path: string): readonly string[] =>
    option("--size", String(tmpBytes), "--perms", "1777", "--tmpfs", path);
  return [
    ...option("--proc", "/proc"),
    ...option("--dev", "/dev"),
    ...sized("/dev/shm"),
    ...sized("/tmp"),
  ];
}

/** Last, because nothing can be put below them afterwards. What is mounted below stays as it is. */
export const readOnlyRoot: readonly string[] = ["--remount-ro", "/dev", "--remount-ro", "/"];

const option = (...args: readonly string[]): readonly string[] => args;

/** More can't be given to bwrap. https://github.com/containers/bubblewrap/blob/v0.8.0/bubblewrap.c `MAX_ARGS` */
export const maxArgs = 9_000;
