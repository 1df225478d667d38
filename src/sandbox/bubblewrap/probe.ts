import { lstat, readlink } from "node:fs/promises";

import type { RunCommand } from "../host-command.ts";

export type BubblewrapProbe =
  | { readonly ok: true; readonly version: string }
  | { readonly ok: false; readonly reason: string; readonly hint: string };

/** Whether bubblewrap works here, found out by starting it with every namespace that a sandbox has. */
export async function probeBubblewrap(
  run: RunCommand,
  { signal }: { readonly signal: AbortSignal },
): Promise<BubblewrapProbe> {
  if (process.platform !== "linux")
    return { ok: false, reason: `bubblewrap is for Linux, not ${process.platform}`, hint: "" };
  const patience = AbortSignal.any([signal, AbortSignal.timeout(5_000)]);
  const version = await run(["bwrap", "--version"], { signal: patience });
  if (version.code === 127)
    return {
      ok: false,
      reason: "bubblewrap is not installed",
      hint: 'Run "apt-get install bubblewrap"',
    };
  const started = await run(["bwrap", ...(await view()), "/usr/bin/true"], { signal: patience });
  if (started.code === 0)
    return { ok: true, version: version.output.replace(/^bubblewrap\s+/, "").trim() };
  return {
    ok: false,
    reason: `bubblewrap can't start a process: ${started.output.split("\n")[0] ?? ""}`,
    hint: hintFor(started.output),
  };
}

/** All namespaces, no capability, and the system's programs read-only. */
async function view(): Promise<readonly string[]> {
  const folders = await Promise.all(["bin", "sbin", "lib", "lib64"].map(rootFolder));
  return [
    ..."--unshare-all --die-with-parent --new-session --cap-drop ALL --clearenv".split(" "),
    ..."--ro-bind /usr /usr".split(" "),
    ...folders.flat(),
    ..."--proc /proc --dev /dev --tmpfs /tmp --".split(" "),
  ];
}

/** On most systems `/bin` is a link into `/usr`. */
async function rootFolder(name: string): Promise<readonly string[]> {
  const found = await lstat(`/${name}`).catch(() => undefined);
  if (found === undefined) return [];
  if (!found.isSymbolicLink()) return ["--ro-bind", `/${name}`, `/${name}`];
  return ["--symlink", await readlink(`/${name}`), `/${name}`];
}

function hintFor(output: string): string {
  if (/user namespace|uid map|Operation not permitted|Permission denied/i.test(output))
    return (
      "This user may make no namespaces. Allow them (kernel.unprivileged_userns_clone=1, or on Ubuntu an " +
      "AppArmor profile for bwrap); inside a container they are usually forbidden"
    );
  return "Run the same with bwrap by hand to see why";
}
