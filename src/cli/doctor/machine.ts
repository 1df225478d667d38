import { randomUUID } from "node:crypto";
import { access, mkdir, open, readFile, rm } from "node:fs/promises";
import { join } from "node:path";

import { messageOf } from "../../core/errors.ts";
import type { RunCommand } from "../../sandbox/host-command.ts";
import type { Check } from "./check.ts";

const oldestNode = [20, 19] as const;

export function checkNode(version: string): Check {
  const [major = 0, minor = 0] = version.replace(/^v/, "").split(".").map(Number);
  const isNewEnough = major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1]);
  if (isNewEnough) return { name: "node", status: "ok", text: version };
  const hint = `Install Node.js ${oldestNode.join(".")} or newer`;
  return { name: "node", status: "fail", text: `${version} is too old`, hint };
}

/** A bot acknowledges a message when it is on disk, so the folder has to take a write and `fsync`. Leaves nothing there. */
export async function checkDataFolder(folder: string): Promise<Check> {
  const name = "data folder";
  const probe = join(folder, `.probe-${randomUUID()}`);
  let made: string | undefined;
  try {
    made = await mkdir(folder, { recursive: true });
    const file = await open(probe, "wx");
    try {
      await file.write("probe");
      await file.sync();
    } finally {
      await file.close();
      await rm(probe, { force: true });
    }
    return { name, status: "ok", text: `${folder} is writable` };
  } catch (error) {
    const hint = "Name a folder on a local disk that this user may write, with --data";
    return { name, status: "fail", text: messageOf(error), hint };
  } finally {
    if (made !== undefined) await rm(made, { recursive: true, force: true });
  }
}

/** Whether programs that are not root may make namespaces, which bubblewrap needs when it is not setuid. */
export async function checkUserNamespaces(): Promise<Check> {
  const name = "user namespaces";
  const [most, clone, restricted] = await Promise.all([
    readSetting("/proc/sys/user/max_user_namespaces"),
    readSetting("/proc/sys/kernel/unprivileged_userns_clone"),
    readSetting("/proc/sys/kernel/apparmor_restrict_unprivileged_userns"),
  ]);
  const off = (setting: string): Check => ({
    name,
    status: "warn",
    text: `${setting}: only root can make them`,
    hint: "Needed by bubblewrap when the bot is not root",
  });
  if (most === undefined) return { name, status: "warn", text: "this kernel has none" };
  if (most === "0") return off("user.max_user_namespaces is 0");
  if (clone === "0") return off("kernel.unprivileged_userns_clone is 0");
  if (restricted === "1") return off("kernel.apparmor_restrict_unprivileged_userns is 1");
  return { name, status: "ok", text: "open to every user" };
}

export async function checkLandlock(): Promise<Check> {
  const name = "landlock";
  const modules = await readSetting("/sys/kernel/security/lsm");
  if (modules === undefined) return { name, status: "warn", text: "the kernel does not say" };
  if (modules.split(",").includes("landlock")) return { name, status: "ok", text: "enabled" };
  return { name, status: "warn", text: "not enabled", hint: 'Add "landlock" to the lsm= list' };
}

/** Workspaces with a size that the kernel keeps are file systems in files, which only root can mount. */
export async function checkLoopMounts(
  run: RunCommand,
  { signal }: { readonly signal: AbortSignal },
): Promise<Check> {
  const name = "loop mounts";
  const without = "the size of a workspace is watched instead of kept by the kernel";
  const warn = (text: string, hint: string): Check => ({ name, status: "warn", text, hint });
  if (process.getuid?.() !== 0) return warn(`not root: ${without}`, "Nothing, or run as root");
  const device = await access("/dev/loop-control").then(
    () => true,
    () => false,
  );
  const free = device && (await run(["losetup", "-f"], { signal })).code === 0;
  if (!free) return warn(`no loop devices: ${without}`, "Load the kernel module loop");
  const makes = await run(["mkfs.ext4", "-V"], { signal });
  if (makes.code === 127)
    return warn(`mkfs.ext4 is not installed: ${without}`, 'Run "apt-get install e2fsprogs"');
  return { name, status: "ok", text: "the kernel can keep the size of a workspace" };
}

async function readSetting(path: string): Promise<string | undefined> {
  try {
    return (await readFile(path, "utf8")).trim();
  } catch {
    return undefined; // Not this kernel, or not for this user: the same to us.
  }
}
