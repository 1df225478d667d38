import { lstat, mkdir, readlink, realpath, writeFile } from "node:fs/promises";
import { join } from "node:path";

import type { SandboxUser } from "./user.ts";

/**
 * bwrap's options that show the host's programs read-only, and an /etc that has only what programs can't do without.
 * Nothing else of the host is there: no home, no /var, no /run and no configuration.
 */
export async function systemView({
  etcFolder,
  user,
}: {
  /** Host folder for the files that are made for it. */
  readonly etcFolder: string;
  readonly user: SandboxUser;
}): Promise<readonly string[]> {
  await mkdir(etcFolder, { recursive: true, mode: 0o755 });
  const made = etcFiles(user);
  for (const [name, text] of Object.entries(made))
    await writeFile(join(etcFolder, name), text, { mode: 0o644 });
  const own = Object.keys(made).flatMap((name) => [
    "--ro-bind",
    join(etcFolder, name),
    `/etc/${name}`,
  ]);
  const shown = await Promise.all(etcOfHost.map((path) => shownAsItIs(path)));
  // What bwrap makes by itself on the way to something is for root alone.
  const folders = ["/etc", ...new Set(shown.flatMap(foldersAbove))];
  return [...(await programs()), ...folders.flatMap(folderArgs), ...own, ...shown.flat()];
}

/** An empty folder that everybody may look into. */
export const folderArgs = (path: string): readonly string[] => ["--perms", "0755", "--dir", path];

/** Between /etc and what an option puts there, from the top. */
function foldersAbove([, , path = "/"]: readonly string[]): readonly string[] {
  const parts = path.split("/").slice(2, -1);
  return parts.map((_, index) => `/etc/${parts.slice(0, index + 1).join("/")}`);
}

/** Where the programs are. On most systems `/bin` and the like are links into `/usr`. */
export async function programs(): Promise<readonly string[]> {
  const others = await Promise.all(
    ["bin", "sbin", "lib", "lib32", "lib64", "libx32"].map((name) => shownAsItIs(`/${name}`)),
  );
  return ["--ro-bind", "/usr", "/usr", ...others.flat()];
}

/** What of /etc is public by its nature, and needed: to load libraries, to find programs, time zones and authorities. */
const etcOfHost = [
  "/etc/ld.so.cache",
  "/etc/alternatives",
  "/etc/localtime",
  "/etc/ssl/certs",
  "/etc/ssl/openssl.cnf",
  "/etc/pki/tls/certs",
  "/etc/pki/ca-trust/extracted",
];

const etcFiles = ({ uid, gid }: SandboxUser): Readonly<Record<string, string>> => ({
  passwd: `root:x:0:0:root:/:/usr/sbin/nologin\nsandbox:x:${uid}:${gid}:sandbox:/workspace:/bin/sh\n`,
  group: `root:x:0:\nsandbox:x:${gid}:\n`,
  hosts: "127.0.0.1 localhost sandbox\n::1 localhost\n",
  "nsswitch.conf": "passwd: files\ngroup: files\nshadow: files\nhosts: files\n",
});

/** A link into /usr stays a link; what else leads elsewhere is shown by what it leads to. */
async function shownAsItIs(path: string): Promise<readonly string[]> {
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) return [];
  if (!found.isSymbolicLink()) return ["--ro-bind", path, path];
  const real = await realpath(path).catch(() => undefined);
  if (real === undefined) return [];
  return real.startsWith("/usr/")
    ? ["--symlink", await readlink(path), path]
    : ["--ro-bind", real, path];
}
