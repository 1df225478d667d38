import { execFile } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { chmod, copyFile, link, mkdir, realpath, rename, rm, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { promisify } from "node:util";

import { messageOf, OpsthreadError } from "../../core/errors.ts";
import { codeOf } from "../system-error.ts";
import { loaderOf } from "./elf.ts";

/** A Node that runs in any image of this machine's architecture, as it brings along all that it needs. */
export interface NodeRuntime {
  /** Host folder to be shown read-only in sandboxes. */
  readonly folder: string;
  /** What to run in a sandbox that shows the folder at this path; Node's own arguments follow. */
  argv(mountedAt: string): readonly string[];
}

const run = promisify(execFile);

/**
 * Makes a copy of this process's Node with its dynamic loader and libraries, or finds the one made before.
 * @throws {OpsthreadError} `SANDBOX_UNSUPPORTED` when the copy can't be made or does not run
 */
export async function prepareNodeRuntime({
  folder,
  program = process.execPath,
}: {
  readonly folder: string;
  /** Default: the Node that runs this. */
  readonly program?: string;
}): Promise<NodeRuntime> {
  try {
    const parts = await partsOf(program);
    const hash = createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 12);
    const runtime = runtimeAt(join(folder, `node-${process.versions.node}-${hash}`), parts);
    if (!(await isWhole(runtime.folder, parts))) await make(runtime, parts);
    return runtime;
  } catch (cause) {
    throw new OpsthreadError(
      "SANDBOX_UNSUPPORTED",
      `Cannot bring Node into sandboxes: ${messageOf(cause)}`,
      { cause },
    );
  }
}

interface Part {
  readonly role: "node" | "loader" | "library";
  readonly name: string;
  readonly hostPath: string;
  readonly size: number;
  readonly mtimeMs: number;
}

async function partsOf(program: string): Promise<readonly Part[]> {
  const node = await partAt(program, "node", "node");
  const loader = await loaderOf(node.hostPath);
  if (loader === undefined) return [node];
  const parts = [node, await partAt(loader, "loader", basename(loader))];
  for (const [name, path] of await librariesOf(node.hostPath, loader))
    parts.push(await partAt(path, "library", name));
  return parts;
}

async function partAt(path: string, role: Part["role"], name: string): Promise<Part> {
  const hostPath = await realpath(path);
  const { size, mtimeMs } = await stat(hostPath);
  return { role, name, hostPath, size, mtimeMs };
}

/** The loader is asked: it alone knows its caches, default folders and RUNPATHs. glibc's and musl's can both tell. */
async function librariesOf(program: string, loader: string): Promise<ReadonlyMap<string, string>> {
  const { stdout } = await run(loader, ["--list", program]);
  const missing = /^\s*(\S+) => not found/m.exec(stdout);
  if (missing) throw new Error(`its library ${missing[1]} is not there`);
  const found = stdout.matchAll(/^\s*(\S+) => (\/.+) \(0x[0-9a-f]+\)$/gm);
  const libraries = new Map(
    Array.from(found, ([, name = "", path = ""]) => [basename(name), path]),
  );
  libraries.delete(basename(loader)); // musl's loader is also its libc.
  return libraries;
}

function runtimeAt(folder: string, parts: readonly Part[]): NodeRuntime {
  const loader = parts.find(({ role }) => role === "loader");
  return {
    folder,
    argv: (mountedAt) =>
      loader === undefined
        ? [`${mountedAt}/node`]
        : [
            `${mountedAt}/${loader.name}`,
            "--library-path",
            `${mountedAt}/lib`,
            `${mountedAt}/node`,
          ],
  };
}

const placeOf = ({ role, name }: Part): string => (role === "library" ? join("lib", name) : name);

async function isWhole(folder: string, parts: readonly Part[]): Promise<boolean> {
  for (const part of parts) {
    const stats = await statIfThere(join(folder, placeOf(part)));
    if (stats?.size !== part.size) return false;
  }
  return true;
}

async function statIfThere(path: string): Promise<{ readonly size: number } | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** Made beside its place and then put there, so that nobody sees half of it. */
async function make(runtime: NodeRuntime, parts: readonly Part[]): Promise<void> {
  const draft = `${runtime.folder}.${randomUUID()}`;
  try {
    await mkdir(join(draft, "lib"), { recursive: true });
    for (const folder of [draft, join(draft, "lib")]) await chmod(folder, 0o755);
    for (const part of parts) await bring(part, join(draft, placeOf(part)));
    const [command = "", ...args] = runtime.argv(draft);
    const { stdout } = await run(command, [...args, "--version"], { env: {} });
    if (!stdout.startsWith("v")) throw new Error(`the copy says ${JSON.stringify(stdout)}`);
    await putInPlace(draft, runtime.folder, () => isWhole(runtime.folder, parts));
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/** A link takes no room and shares the page cache, but needs the same file system and a file that all may run. */
async function bring({ hostPath }: Part, target: string): Promise<void> {
  const { mode } = await stat(hostPath);
  const isForAll = (mode & 0o555) === 0o555;
  if (isForAll && (await isLinked(hostPath, target))) return;
  await copyFile(hostPath, target, constants.COPYFILE_FICLONE);
  await chmod(target, 0o555);
}

async function isLinked(hostPath: string, target: string): Promise<boolean> {
  try {
    await link(hostPath, target);
    return true;
  } catch {
    return false; // Another file system, or the kernel protects files of others. A copy does as well.
  }
}

/** Somebody else may put the same there at the same time. What is there but not whole is replaced. */
async function putInPlace(
  draft: string,
  folder: string,
  isThere: () => Promise<boolean>,
): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    try {
      await rename(draft, folder);
      return;
    } catch (error) {
      const code = codeOf(error);
      if ((code !== "ENOTEMPTY" && code !== "EEXIST") || tries === 3) throw error;
      if (await isThere()) return;
      await rm(folder, { recursive: true, force: true });
    }
  }
}
