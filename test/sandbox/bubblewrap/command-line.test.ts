import { expect, test } from "vitest";

import { bubblewrapArgs, type CellPlan } from "../../../src/sandbox/bubblewrap/command-line.ts";

const plan: CellPlan = {
  user: { uid: 65_534, gid: 65_534, isRoot: true },
  system: ["--ro-bind", "/usr", "/usr"],
  workspace: "/host/workspace",
  mounts: [{ hostPath: "/host/app", path: "/sources/app" }],
  tmpBytes: 1_000,
  memoryFolder: "/host/memory",
};

const other: CellPlan = { ...plan, user: { uid: 1_000, gid: 1_000, isRoot: false } };

/** What an option is given, each time that it is there. */
function given(args: readonly string[], option: string, count: number): readonly string[][] {
  return args.flatMap((arg, at) => (arg === option ? [args.slice(at + 1, at + 1 + count)] : []));
}

test("bubblewrapArgs() isolates by every namespace", () => {
  for (const name of ["pid", "net", "ipc", "uts", "cgroup"]) {
    expect(bubblewrapArgs(plan)).toContain(`--unshare-${name}`);
    expect(bubblewrapArgs(other)).toContain(`--unshare-${name}`);
  }
});

test("bubblewrapArgs() leaves root's supervisor what it needs to become another user, and nothing else", () => {
  const args = bubblewrapArgs(plan);
  expect(given(args, "--cap-drop", 1)).toEqual([["ALL"]]);
  expect(given(args, "--cap-add", 1)).toEqual([["CAP_SETUID"], ["CAP_SETGID"]]);
  expect(args.slice(args.indexOf("--")).join(" ")).toBe(
    "-- /opsthread/supervisor --listen-fd 3 --uid 65534 --gid 65534 --memory /opsthread/memory",
  );
});

test("bubblewrapArgs() gives another user than root a user namespace that has none in it, and no capability", () => {
  const args = bubblewrapArgs(other);
  expect(args).toEqual(expect.arrayContaining(["--unshare-user", "--disable-userns"]));
  expect(args).not.toContain("--cap-add");
  expect(args).not.toContain("--uid");
});

test("bubblewrapArgs() lets nothing be written but the workspace and what lies in memory", () => {
  const args = bubblewrapArgs(plan);
  expect(given(args, "--bind", 2)).toEqual([["/host/workspace", "/workspace"]]);
  expect(given(args, "--dev-bind", 2)).toEqual([]);
  expect(given(args, "--tmpfs", 1)).toEqual([["/dev/shm"], ["/tmp"]]);
  expect(given(args, "--size", 1)).toEqual([["1000"], ["1000"]]);
  expect(given(args, "--remount-ro", 1)).toEqual([["/dev"], ["/"]]);
  expect(given(args, "--ro-bind", 2)).toEqual([
    ["/usr", "/usr"],
    ["/host/app", "/sources/app"],
    ["/host/memory", "/opsthread/memory"],
  ]);
  // What comes after these could not be made any more, or could be written.
  expect(args.lastIndexOf("--ro-bind")).toBeLessThan(args.indexOf("--remount-ro"));
});

test("bubblewrapArgs() takes nothing of the host's environment, terminal or folder along", () => {
  const args = bubblewrapArgs(plan);
  expect(args).toEqual(expect.arrayContaining(["--clearenv", "--new-session"]));
  expect(given(args, "--chdir", 1)).toEqual([["/"]]);
  expect(args).not.toContain("--setenv");
});

test("bubblewrapArgs() says nothing of memory where nothing counts it", () => {
  const { memoryFolder: _, ...without } = plan;
  expect(bubblewrapArgs(without).join(" ")).not.toContain("memory");
});
