import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chmod, chown, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { bubblewrapSandboxes } from "opsthread/bubblewrap";
import { describe, expect, test, vi } from "vitest";

import { findCgroups, membersOf } from "../../../src/sandbox/bubblewrap/cgroups.ts";
import { probeBubblewrap } from "../../../src/sandbox/bubblewrap/probe.ts";
import { readRecord } from "../../../src/sandbox/bubblewrap/records.ts";
import { runOnHost } from "../../../src/sandbox/host-command.ts";
import { Limits, Permissions } from "../../../src/sandbox/permissions.ts";
import { allProcesses, processesNaming, treeOf } from "../../../src/sandbox/processes.ts";
import type { ExecResult, Sandbox, SandboxProvider } from "../../../src/sandbox/sandbox.ts";

const { signal } = new AbortController();
const isRoot = process.getuid?.() === 0;
const probe = await probeBubblewrap(runOnHost, { signal });
const reason = probe.ok ? "" : `: skipped, ${probe.reason}`;

/** A folder of an installation's own, which is empty of mounts when it goes. */
async function installation(): Promise<AsyncDisposable & { readonly root: string }> {
  const root = await mkdtemp(join(tmpdir(), "opsthread-bubblewrap-"));
  await chmod(root, 0o711);
  return {
    root,
    async [Symbol.asyncDispose]() {
      // Takes away what hosts that were killed have left.
      await (await openProvider(root))[Symbol.asyncDispose]();
      await rm(root, { recursive: true, force: true });
    },
  };
}

const openProvider = (root: string): Promise<SandboxProvider> =>
  bubblewrapSandboxes({ folder: join(root, "workspaces"), stateFolder: join(root, "state") });

const openSandbox = (provider: SandboxProvider, limits: Partial<Limits> = {}): Promise<Sandbox> =>
  provider.open(
    {
      sessionId: "s_host",
      permissions: Permissions.parse({}),
      limits: Limits.parse(limits),
      sources: [],
    },
    { signal },
  );

interface HostOptions {
  readonly root: string;
  readonly limits?: Partial<Limits>;
  readonly command?: string;
  readonly commands?: readonly string[];
}

function forkHost(options: HostOptions, uid?: number): ChildProcess {
  const host = fileURLToPath(new URL("./bubblewrap-host.mjs", import.meta.url));
  return fork(host, [JSON.stringify(options)], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
    ...(uid !== undefined && { uid, gid: uid }),
  });
}

/** Starts a command from a process that is killed in the middle of it. */
async function killedHost(options: HostOptions): Promise<void> {
  const host = forkHost(options);
  const [told] = (await once(host, "message")) as [unknown];
  expect(told).toBe("running");
  host.kill("SIGKILL");
  await once(host, "exit");
}

/** The folders that an installation's cgroups are in, if there are any. */
async function groupsOf(root: string): Promise<readonly string[]> {
  const instance = (await readFile(join(root, "state/instance"), "utf8")).trim();
  return (await readFile("/proc/self/mountinfo", "utf8"))
    .split("\n")
    .filter((line) => / - cgroup2? /.test(line))
    .map((line) => join(line.split(" ")[4] ?? "", `opsthread-${instance}`));
}

/** What the host has of the sandboxes of an installation. */
async function traces(root: string): Promise<readonly string[]> {
  const cells = join(root, "state/bubblewrap/cells");
  const mounts = (await readFile("/proc/self/mountinfo", "utf8")).split("\n");
  const groups = await groupsOf(root);
  const inGroups = await Promise.all(
    groups.map((group) => readdir(group, { withFileTypes: true }).catch(() => [])),
  );
  return [
    ...(await processesNaming(`${root}/state/bubblewrap`)).map(({ pid }) => `process ${pid}`),
    ...inGroups.flat().flatMap((item) => (item.isDirectory() ? [`cgroup ${item.name}`] : [])),
    ...(await readdir(cells)).map((name) => `folder ${name}`),
    ...mounts.filter((line) => line.includes(`${root}/`)).map((line) => `mount ${line}`),
  ];
}

const kinds = (found: readonly string[]): readonly string[] =>
  [...new Set(found.map((trace) => trace.split(" ")[0] ?? ""))].toSorted();

describe.skipIf(!probe.ok)(`bubblewrap${reason}`, () => {
  test("a command goes on when its host is killed, and another process gets its result", async () => {
    await using place = await installation();
    const command = "echo first; until [ -e go ]; do sleep 0.1; done; echo last; exit 7";
    await killedHost({ ...place, command });
    await using provider = await openProvider(place.root);
    await using sandbox = await openSandbox(provider);
    const running = await sandbox.executions();
    await sandbox.files.write("go", Buffer.from(""), { signal });
    const result = await sandbox.attach("x_host", { signal });

    expect(running).toMatchObject([{ executionId: "x_host", state: "running" }]);
    expect(result).toMatchObject({
      outcome: { type: "exit", code: 7 },
      stdout: { text: "first\nlast\n" },
    });
    expect(await sandbox.attach("x_host", { signal })).toBeUndefined();
    expect((await sandbox.exec("echo more", { signal, executionId: "x_2" })).stdout.text).toBe(
      "more\n",
    );
  });

  test("a sandbox that nobody comes back to ends after its grace and leaves nothing", async () => {
    await using place = await installation();
    const command = "echo begun; setsid sleep 1000 & sleep 1000";
    await killedHost({ ...place, command, limits: { graceMs: 1_000 } });
    const before = kinds(await traces(place.root));
    await vi.waitFor(
      async () => expect(await processesNaming(`${place.root}/state/bubblewrap`)).toEqual([]),
      { timeout: 10_000, interval: 50 },
    );
    await using next = await openProvider(place.root);
    const after = await traces(place.root);
    await next[Symbol.asyncDispose]();

    expect(before).toEqual(
      isRoot ? ["cgroup", "folder", "mount", "process"] : ["folder", "process"],
    );
    expect(after).toEqual([]);
    expect((await groupsOf(place.root)).filter((path) => existsSync(path))).toEqual([]);
  });

  test("a sandbox of another make is not taken over but removed", async () => {
    await using place = await installation();
    await killedHost({ ...place, command: "echo begun; sleep 1000" });
    const before = await processesNaming(`${place.root}/state/bubblewrap`);
    await using provider = await openProvider(place.root);
    await using sandbox = await openSandbox(provider, { pids: 99 });
    const after = await processesNaming(`${place.root}/state/bubblewrap`);

    expect(before).not.toEqual([]);
    expect(await sandbox.executions()).toEqual([]);
    expect(await sandbox.attach("x_host", { signal })).toBeUndefined();
    expect(after.filter(({ pid }) => before.some((one) => one.pid === pid))).toEqual([]);
  });

  test("a sandbox whose maker died before it knew the processes is removed", async () => {
    await using place = await installation();
    await killedHost({ ...place, command: "echo begun; sleep 1000" });
    const before = await processesNaming(`${place.root}/state/bubblewrap`);
    const cells = join(place.root, "state/bubblewrap/cells");
    const [name = ""] = await readdir(cells);
    const file = join(cells, name, "record.json");
    const { processes, cgroups, ...rest } = JSON.parse(await readFile(file, "utf8")) as {
      readonly processes: readonly unknown[];
      readonly cgroups?: unknown;
    };
    await writeFile(file, JSON.stringify(rest));
    await using provider = await openProvider(place.root);
    await using sandbox = await openSandbox(provider);
    const after = await processesNaming(`${place.root}/state/bubblewrap`);

    expect(processes).toHaveLength(2);
    expect(cgroups === undefined).toBe(!isRoot);
    expect(await sandbox.executions()).toEqual([]);
    expect(after.filter(({ pid }) => before.some((one) => one.pid === pid))).toEqual([]);
  });

  test("a sandbox whose processes are all stopped is closed at once", async () => {
    await using place = await installation();
    await using provider = await openProvider(place.root);
    const sandbox = await openSandbox(provider);
    await sandbox.exec("true", { signal, executionId: "x_1" });
    const [outside] = (await processesNaming(`${place.root}/state/bubblewrap`)).toSorted(
      (one, other) => one.pid - other.pid,
    );
    const stopped = treeOf(outside?.pid ?? 0, await allProcesses());
    for (const { pid } of stopped) process.kill(pid, "SIGSTOP");
    const startedAt = performance.now();
    await sandbox.close();

    expect(stopped.length).toBeGreaterThan(3);
    expect(performance.now() - startedAt).toBeLessThan(3_000);
    expect(await traces(place.root)).toEqual([]);
  });

  test("installations leave each other's sandboxes alone", async () => {
    await using place = await installation();
    await using other = await installation();
    await using provider = await openProvider(place.root);
    await using sandbox = await openSandbox(provider);
    await sandbox.exec("echo kept > /tmp/file", { signal, executionId: "x_1" });
    await using others = await openProvider(other.root);
    await others.remove("s_host");

    const { stdout } = await sandbox.exec("cat /tmp/file", { signal, executionId: "x_2" });
    expect(stdout.text).toBe("kept\n");
  });

  test("a process that lives keeps its sandboxes when another of the installation starts", async () => {
    await using place = await installation();
    await using provider = await openProvider(place.root);
    await using sandbox = await openSandbox(provider);
    await sandbox.exec("echo kept > /tmp/file", { signal, executionId: "x_1" });
    await using _ = await openProvider(place.root);

    const { stdout } = await sandbox.exec("cat /tmp/file", { signal, executionId: "x_2" });
    expect(stdout.text).toBe("kept\n");
  });

  test("a sandbox that another process took over is left to it", async () => {
    await using place = await installation();
    await using first = await openProvider(place.root);
    const lost = await openSandbox(first);
    await lost.exec("echo kept > /tmp/file", { signal, executionId: "x_1" });
    await using second = await openProvider(place.root);
    await using sandbox = await openSandbox(second);
    await expect(lost.exec("true", { signal, executionId: "x_2" })).rejects.toThrow(
      /another process has taken it over/,
    );
    await lost.close();

    const { stdout } = await sandbox.exec("cat /tmp/file", { signal, executionId: "x_3" });
    expect(stdout.text).toBe("kept\n");
  });

  test("of the host only its programs are there", async () => {
    await using place = await installation();
    await using provider = await openProvider(place.root);
    await using sandbox = await openSandbox(provider);
    const look = async (command: string): Promise<string> =>
      (await sandbox.exec(command, { signal, executionId: "x_1" })).stdout.text;

    expect((await look("ls /")).split("\n")).toEqual(
      expect.not.arrayContaining([
        "home",
        "root",
        "var",
        "run",
        "sys",
        "boot",
        "mnt",
        "opt",
        "srv",
      ]),
    );
    expect(await look("ls /etc")).not.toMatch(/shadow|ssh|hostname|fstab|resolv/);
    expect(await look("find / -type s 2>/dev/null")).toBe("");
    expect(await look("cat /etc/passwd | wc -l; hostname; ls /dev | sort | tr '\\n' ' '")).toBe(
      "2\nsandbox\ncore fd full null ptmx pts random shm stderr stdin stdout tty urandom zero ",
    );
    expect(await look("curl --version | head -c 4; python3 -c 'import ssl; print(1)'")).toMatch(
      /1/,
    );
  });

  test("a long path of the state folder does no harm", async () => {
    await using place = await installation();
    const root = join(place.root, "deep".repeat(30));
    await using provider = await openProvider(root);
    await using sandbox = await openSandbox(provider);

    const { stdout } = await sandbox.exec("echo here", { signal, executionId: "x_1" });
    expect(stdout.text).toBe("here\n");
  });

  test.runIf(isRoot)("the kernel keeps all processes of a sandbox to its limits", async () => {
    await using place = await installation();
    await using provider = await openProvider(place.root);
    await using sandbox = await openSandbox(provider, {
      memoryBytes: 2 ** 26,
      pids: 50,
      cpus: 0.5,
    });
    await sandbox.exec("sleep 100 & setsid sleep 100 &", { signal, executionId: "x_1" });
    const cells = join(place.root, "state/bubblewrap/cells");
    const [name = ""] = await readdir(cells);
    const { processes = [], cgroups } = (await readRecord(join(cells, name))) ?? {};
    const outside = processes.at(-1)?.pid ?? 0;
    const tree = treeOf(outside, await allProcesses()).map(({ pid }) => pid);
    const valueOf = async (file: string): Promise<string> => {
      const texts = (cgroups?.folders ?? []).map((folder) =>
        readFile(join(folder, file), "utf8").catch(() => ""),
      );
      return (await Promise.all(texts)).join("").trim();
    };

    expect(tree.length).toBeGreaterThan(5);
    for (const folder of cgroups?.folders ?? [])
      expect(await membersOf([folder])).toEqual(expect.arrayContaining(tree));
    expect(await valueOf("memory.limit_in_bytes")).toMatch(/^(67108864)?$/);
    expect(await valueOf("memory.max")).toMatch(/^(67108864)?$/);
    expect(await valueOf("pids.max")).toBe("66");
    expect(await valueOf("cpu.max")).toMatch(/^(50000 100000)?$/);
    expect(await valueOf("cpu.cfs_quota_us")).toMatch(/^(50000)?$/);
  });

  test.runIf(isRoot)("another user than root runs sandboxes with what limits it has", async () => {
    await using place = await installation();
    await chown(place.root, 1_000, 1_000);
    const limits = { memoryBytes: 96 * 1024 * 1024, pids: 32 };
    const commands = [
      "id -u; cat /proc/self/status",
      "unshare -U true",
      "for i in $(seq 60); do sleep 5 & done; echo no more; wait",
      "perl -e 'my @a; push @a, \"x\" x 1_000_000 while 1'",
      "echo alive",
      "touch /x /dev/x /etc/x /usr/x /opsthread/x /opsthread/session/x /sources/x 2> /dev/null; ls /x /dev/x /etc/x /usr/x /opsthread/x /opsthread/session/x /sources/x",
    ];
    const [told] = (await once(forkHost({ ...place, limits, commands }, 1_000), "message")) as [
      { readonly results: readonly ExecResult[]; readonly capabilities: { limitations: string[] } },
    ];
    const [status, unshare, many, hog, alive, touched] = told.results;

    expect(status?.stdout.text).toMatch(/^1000\n[\s\S]*^CapBnd:\t0+$[\s\S]*^NoNewPrivs:\t1$/m);
    expect(unshare?.outcome).toMatchObject({ type: "exit" });
    expect(unshare?.outcome).not.toEqual({ type: "exit", code: 0 });
    expect(many?.stderr.text).toMatch(/fork/);
    expect(hog?.outcome).toEqual({ type: "out-of-memory", limitBytes: limits.memoryBytes });
    expect(alive?.stdout.text).toBe("alive\n");
    expect(touched?.stdout.text).toBe("");
    expect(told.capabilities.limitations.join(" ")).toMatch(/may make no cgroups/);
    await chown(place.root, 0, 0);
  });

  test("where cgroups are required and can't be had, nothing runs", async () => {
    await using place = await installation();
    const found = await findCgroups({ instance: "test" });
    const opened = await bubblewrapSandboxes({
      folder: join(place.root, "workspaces"),
      stateFolder: join(place.root, "state"),
      config: { cgroups: "required" },
    }).catch(String);
    if (typeof opened !== "string") await opened[Symbol.asyncDispose]();

    expect(typeof opened === "string" ? opened : "").toMatch(
      found.ok ? /^$/ : /SANDBOX_UNSUPPORTED.*may make no cgroups|may make no cgroups/,
    );
  });
});

test("a configuration that is not known is refused", async () => {
  await expect(
    bubblewrapSandboxes({
      folder: "/nowhere",
      stateFolder: "/nowhere",
      config: { args: ["--bind", "/", "/"] } as object,
    }),
  ).rejects.toThrow(/CONFIG_INVALID|args/);
});

test("the probe says that bubblewrap is not there", async () => {
  const nowhere = await probeBubblewrap(
    (command, options) => runOnHost(command, { ...options, env: { PATH: "/nonexistent" } }),
    { signal },
  );
  expect(nowhere).toEqual({
    ok: false,
    reason: "bubblewrap is not installed",
    hint: 'Run "apt-get install bubblewrap"',
  });
});

test.runIf(isRoot && probe.ok)("the probe says why bubblewrap can't make namespaces", async () => {
  const powerless = ["setpriv", "--bounding-set", "-all", "--inh-caps", "-all", "--"];
  const refused = await probeBubblewrap(
    (command, options) => runOnHost([...powerless, ...command], options),
    { signal },
  );
  expect(refused).toMatchObject({
    ok: false,
    reason: expect.stringMatching(
      /^bubblewrap can't start a process: bwrap: .*(permitted|denied)/i,
    ),
    hint: expect.stringMatching(/may make no namespaces/),
  });
});
