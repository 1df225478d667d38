import type { RunCommand } from "../host-command.ts";
import { isolation, kernelFolders, readOnlyRoot } from "./command-line.ts";
import { programs } from "./system-view.ts";

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
  const { code, output } = await run(["bwrap", "--version"], { signal: patience });
  if (code === 127)
    return {
      ok: false,
      reason: "bubblewrap is not installed",
      hint: 'Run "apt-get install bubblewrap"',
    };
  const version = output.replace(/^bubblewrap\s+/, "").trim();
  if (isOlder(version))
    return {
      ok: false,
      reason: `bubblewrap ${version} is too old`,
      hint: `Install bubblewrap ${oldest.join(".")} or newer`,
    };
  const started = await run(["bwrap", ...(await trial())], { signal: patience });
  if (started.code === 0) return { ok: true, version };
  return {
    ok: false,
    reason: `bubblewrap can't start a process: ${started.output.split("\n")[0] ?? ""}`,
    hint: hintFor(started.output),
  };
}

/** The first with `--size` (0.7) and `--disable-userns` (0.8). */
const oldest = [0, 8, 0] as const;

function isOlder(version: string): boolean {
  const parts = version.split(".").map(Number);
  const first = oldest.findIndex((part, index) => part !== (parts[index] ?? 0));
  return first >= 0 && (parts[first] ?? 0) < (oldest[first] ?? 0);
}

/** What a sandbox is isolated by, with a program of the system in it. */
async function trial(): Promise<readonly string[]> {
  return [
    ...isolation({ isRoot: process.getuid?.() === 0 }),
    "--die-with-parent",
    ...(await programs()),
    ...kernelFolders(4_096),
    ...readOnlyRoot,
    "--",
    "/usr/bin/true",
  ];
}

function hintFor(output: string): string {
  if (/user namespace|uid map|Operation not permitted|Permission denied/i.test(output))
    return (
      "This user may make no namespaces. Allow them (kernel.unprivileged_userns_clone=1, or on Ubuntu an " +
      "AppArmor profile for bwrap); inside a container they are usually forbidden"
    );
  return "Run the same with bwrap by hand to see why";
}
