import { execFile, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { dockerSandboxes } from "opsthread/docker";
import { describe, expect, inject, test, vi } from "vitest";

import { Stopped } from "../../../src/core/abort.ts";
import { type Logger, silentLogger } from "../../../src/core/logger.ts";
import { Limits, Permissions } from "../../../src/sandbox/permissions.ts";
import type {
  ExecOptions,
  ExecResult,
  Sandbox,
  SandboxProvider,
} from "../../../src/sandbox/sandbox.ts";
import { engineOfUnknownArchitecture } from "./another-engine.ts";
import {
  containersOf,
  emptyImage,
  engineEnv,
  extraMemory,
  marker,
  processesWith,
} from "./docker-behaviour.ts";
import { openDockerExec } from "./open-docker-exec.ts";
import { withoutRuntime } from "./open-docker.ts";

const execute = promisify(execFile);
const engine = inject("engine");
const noDocker = withoutRuntime("runc");
const why = noDocker === undefined ? "" : `: skipped, ${noDocker}`;
const { signal } = new AbortController();

interface Wanted {
  readonly limits?: Partial<Limits>;
  readonly permissions?: Partial<Permissions>;
  readonly image?: string;
}

const open = (
  provider: SandboxProvider,
  { limits = {}, permissions = {}, image }: Wanted = {},
): Promise<Sandbox> =>
  provider.open(
    {
      sessionId: "s_host",
      sources: [],
      limits: Limits.parse(limits),
      permissions: Permissions.parse(permissions),
      ...(image !== undefined && { image }),
    },
    { signal },
  );

const run = (
  sandbox: Sandbox,
  command: string,
  options: Partial<ExecOptions> = {},
): Promise<ExecResult> =>
  sandbox.exec(command, { signal, executionId: `x_${marker()}`, ...options });

/** A command that goes on until it is ended; resolves when it runs. */
async function sleeping(
  sandbox: Sandbox,
  mark: string,
  options: Partial<ExecOptions> = {},
): Promise<{ readonly result: Promise<ExecResult> }> {
  const result = run(sandbox, `sleep ${mark}`, options);
  await vi.waitFor(async () => expect(await processesWith(`sleep ${mark}`)).toBeGreaterThan(0), {
    timeout: 10_000,
  });
  return { result };
}

const nothingLeft = (mark: string): Promise<void> =>
  vi.waitFor(async () => expect(await processesWith(`sleep ${mark}`)).toBe(0), {
    timeout: 5_000,
    interval: 20,
  });

/** Folders for a process that is killed; disposing takes away what it had mounted. */
async function installation(): Promise<AsyncDisposable & { readonly root: string }> {
  const root = await mkdtemp(join(tmpdir(), "opsthread-docker-exec-"));
  return {
    root,
    async [Symbol.asyncDispose]() {
      const here = engine.available && { host: engine.socket, image: engine.image };
      const folders = { folder: join(root, "workspaces"), stateFolder: join(root, "state") };
      await (await dockerSandboxes({ ...folders, config: { ...here } }))[Symbol.asyncDispose]();
      await rm(root, { recursive: true, force: true });
    },
  };
}

/** A logger that keeps its warnings. */
function listening(): { readonly log: Logger; readonly warnings: object[] } {
  const warnings: object[] = [];
  return { log: { ...silentLogger, warn: (data) => void warnings.push(data) }, warnings };
}

describe.skipIf(noDocker !== undefined)(`commands by the engine${why}`, () => {
  test("what is lost is stated, and logged", async () => {
    const { log, warnings } = listening();
    await using subject = await openDockerExec({ log });
    const { limitations, ...capabilities } = subject.provider.capabilities;

    expect(capabilities).toEqual({
      isolation: "container",
      realPrograms: true,
      network: false,
      reattach: false,
      measuresUse: false,
    });
    expect(limitations.join(" ")).not.toMatch(/proxy/);
    expect(limitations.join(" ")).toMatch(/no network.*head and the tail.*128/s);
    expect(warnings).toEqual([{ reason: "it is configured so" }]);
  });

  test("an architecture without a supervisor gets it by itself", async () => {
    if (!engine.available) throw new TypeError(engine.reason);
    await using other = await engineOfUnknownArchitecture(engine.socket);
    const { log, warnings } = listening();
    await using subject = await openDockerExec({
      log,
      config: { supervisor: "auto", host: other.socket },
    });
    await using sandbox = await open(subject.provider);

    expect(await run(sandbox, "echo hello")).toMatchObject({ stdout: { text: "hello\n" } });
    expect(subject.provider.capabilities.reattach).toBe(false);
    expect(JSON.stringify(warnings)).toMatch(/no supervisor for zzz/);
  });

  test("a stop ends all of the sandbox, the others are told so, and the next command runs", async () => {
    await using subject = await openDockerExec();
    await using sandbox = await open(subject.provider);
    const [left, other, mark] = [marker(), marker(), marker()];
    await run(sandbox, `setsid sleep ${left} > /dev/null 2>&1 & true`);
    const stop = new AbortController();
    const meanwhile = await sleeping(sandbox, other);
    const stopped = await sleeping(sandbox, mark, { signal: stop.signal });
    expect(await sandbox.executions()).toMatchObject([{ state: "running" }, { state: "running" }]);
    stop.abort();

    expect((await stopped.result).outcome).toEqual({ type: "stopped" });
    for (const each of [left, other, mark]) expect(await processesWith(`sleep ${each}`)).toBe(0);
    expect((await meanwhile.result).outcome).toEqual({
      type: "lost",
      reason: "another command of it was stopped, and the engine can only end all of a sandbox",
    });
    expect((await run(sandbox, "echo next")).stdout.text).toBe("next\n");
  });

  test("a command that is stopped may clean up", async () => {
    await using subject = await openDockerExec();
    await using sandbox = await open(subject.provider);
    const stop = new AbortController();
    const command = "trap 'echo clean > file; exit 3' TERM; echo begun; sleep 1000 & wait";
    const stopped = run(sandbox, command, {
      signal: stop.signal,
      onOutput: () => stop.abort(),
    });

    expect(await stopped).toMatchObject({
      outcome: { type: "stopped" },
      stdout: { text: "begun\n" },
    });
    expect((await run(sandbox, "cat file")).stdout.text).toBe("clean\n");
  });

  test("whoever ends, what runs is stopped: nobody could find it again", async () => {
    await using subject = await openDockerExec();
    const sandbox = await open(subject.provider);
    const [mark, again] = [marker(), marker()];
    const stop = new AbortController();
    const first = await sleeping(sandbox, mark, { signal: stop.signal });
    stop.abort(new Stopped("shutdown"));
    expect((await first.result).outcome).toEqual({ type: "stopped" });
    const second = await sleeping(sandbox, again);
    await sandbox.detach();

    expect((await second.result).outcome).toEqual({ type: "stopped" });
    expect(await containersOf(join(subject.root, "state"))).toEqual([]);
    await nothingLeft(mark);
  });

  test("what goes on in the background is told, and with too much of it all ends", async () => {
    await using subject = await openDockerExec();
    await using sandbox = await open(subject.provider, { limits: { backgroundProcesses: 2 } });
    const mark = marker();
    const two = await run(sandbox, `sleep ${mark} & setsid sleep ${mark} & echo started`);
    const none = await run(sandbox, "seq 100000 | sort | tail -1");
    const running = await processesWith(`sleep ${mark}`);
    const tooMany = await run(sandbox, `for i in 1 2 3; do sleep ${mark} & done; exit 4`);

    expect(two).toMatchObject({
      outcome: { type: "exit", code: 0 },
      background: 2,
      stdout: { text: "started\n" },
    });
    expect([none.background, running]).toEqual([undefined, 2]);
    expect(tooMany).toMatchObject({ outcome: { type: "exit", code: 4 } });
    expect(tooMany.background).toBeUndefined();
    await nothingLeft(mark);
    expect((await run(sandbox, "echo next")).stdout.text).toBe("next\n");
  });

  test("who reads slowly holds the command back, and memory stays bounded", async () => {
    await using subject = await openDockerExec();
    await using sandbox = await open(subject.provider, { limits: { outputBytes: 100_000_000 } });
    let seen = 0;
    let whileHeld = 0;
    const onOutput = async (_stream: string, bytes: Uint8Array): Promise<void> => {
      if (seen === 0) await delay(1_000);
      else if (whileHeld === 0) whileHeld = seen;
      seen += bytes.length;
    };
    let result: ExecResult | undefined;
    const extra = await extraMemory(async () => {
      result = await run(sandbox, "head -c 60000000 /dev/zero", { onOutput });
    });

    expect(result).toMatchObject({
      outcome: { type: "exit", code: 0 },
      stdout: { bytes: 60_000_000 },
    });
    expect(seen).toBe(60_000_000);
    expect(whileHeld).toBeLessThan(100_000);
    expect(extra).toBeLessThan(48_000_000);
  });

  test("a terminal has its size, and its input an end", async () => {
    await using subject = await openDockerExec();
    await using sandbox = await open(subject.provider);
    const terminal = { columns: 100, rows: 30 };
    const result = await run(sandbox, "tty; stty size; cat; exit 5", { terminal, stdin: "in\n" });

    expect(result.outcome).toEqual({ type: "exit", code: 5 });
    expect(result.stdout.text).toMatch(/pts.*30 100.*in\r\n/s);
    expect((await run(sandbox, "cat; exit 6", { terminal })).outcome).toMatchObject({ code: 6 });
  });

  test("much stdin is passed whole, and may be left unread", async () => {
    await using subject = await openDockerExec();
    await using sandbox = await open(subject.provider);
    const stdin = "0123456789".repeat(500_000);

    expect((await run(sandbox, "wc -c", { stdin })).stdout.text.trim()).toBe("5000000");
    for (let times = 0; times < 5; times += 1)
      expect(await run(sandbox, "seq 20000; exit 3", { stdin })).toMatchObject({
        outcome: { type: "exit", code: 3 },
        stdout: { bytes: 108_894 },
      });
  });

  test("a command sees the variables that it is given, not those of the image", async () => {
    await using subject = await openDockerExec();
    await using sandbox = await open(subject.provider, { permissions: { env: { GIVEN: "yes" } } });
    const { stdout } = await run(sandbox, "env");
    const names = stdout.text.split("\n").map((line) => line.replace(/=.*/, ""));

    expect(
      names.toSorted().filter((name) => !["", "SHLVL", "PWD", "OLDPWD", "_"].includes(name)),
    ).toEqual(["GIVEN", "HOME", "LC_CTYPE", "PATH", "SHELL", "TMPDIR"]);
  });

  test("work that runs is not run again beside itself", async () => {
    await using subject = await openDockerExec();
    await using sandbox = await open(subject.provider);
    const stop = new AbortController();
    const first = await sleeping(sandbox, marker(), { executionId: "x_1", signal: stop.signal });
    const again = await run(sandbox, "true", { executionId: "x_1" });
    stop.abort();

    expect(again.outcome).toEqual({ type: "exit", code: 126 });
    expect(again.stderr.text).toMatch(/the execution id is in use/);
    expect((await first.result).outcome).toEqual({ type: "stopped" });
  });

  test("a command that closes its streams has not ended", async () => {
    await using subject = await openDockerExec();
    await using sandbox = await open(subject.provider);
    const { outcome } = await run(sandbox, "exec >&- 2>&-; sleep 0.5; echo x > file; exit 7");

    expect(outcome).toEqual({ type: "exit", code: 7 });
    expect((await run(sandbox, "cat file")).stdout.text).toBe("x\n");
  });

  test("a signal is told as the engine tells it", async () => {
    await using subject = await openDockerExec();
    await using sandbox = await open(subject.provider);

    expect((await run(sandbox, "kill -9 $$")).outcome).toEqual({ type: "exit", code: 137 });
    expect((await run(sandbox, "kill -TERM $$")).outcome).toEqual({ type: "exit", code: 143 });
  });

  test("there is no network but the loopback", async () => {
    await using subject = await openDockerExec();
    await using sandbox = await open(subject.provider);
    const { stdout } = await run(sandbox, "cat /proc/net/dev");

    expect(stdout.text.match(/^\s*\w+:/gm)?.map((name) => name.trim())).toEqual(["lo:"]);
    for (const socket of ["17, 3, 768", "2, 3, 1", "10, 3, 58"])
      expect((await run(sandbox, `perl -e 'socket(S, ${socket}) or exit 9'`)).outcome).toEqual({
        type: "exit",
        code: 9,
      });
  });

  test("grants that only a supervisor keeps are refused", async () => {
    await using subject = await openDockerExec();
    for (const [permissions, message] of [
      [{ net: ["example.com:443"] }, /Cannot grant "example.com:443": .*expected a supervisor/],
      [{ write: ["/workspace/out"] }, /Cannot grant less than all of \/workspace/],
    ] as const)
      await expect(open(subject.provider, { permissions })).rejects.toThrow(message);
  });

  test("an image without a shell is refused with what is missing", async () => {
    await using image = await emptyImage();
    await using subject = await openDockerExec();

    await expect(open(subject.provider, { image: image.name })).rejects.toMatchObject({
      code: "SANDBOX_IMAGE",
      message: expect.stringMatching(/it has no sh, expected one/),
    });
    expect(await containersOf(join(subject.root, "state"))).toEqual([]);
  });

  test("a container that goes is told, and another one takes its place", async () => {
    await using subject = await openDockerExec();
    await using sandbox = await open(subject.provider);
    const running = await sleeping(sandbox, marker());
    const [container = ""] = await containersOf(join(subject.root, "state"));
    await execute("docker", ["kill", container], { env: engineEnv });

    expect((await running.result).outcome).toEqual({ type: "lost", reason: "its container ended" });
    expect((await run(sandbox, "echo next")).stdout.text).toBe("next\n");
  });

  test("a sandbox ends when it is idle, and after its lifetime whatever runs", async () => {
    await using subject = await openDockerExec();
    const gone = (): Promise<void> =>
      vi.waitFor(async () => expect(await containersOf(join(subject.root, "state"))).toEqual([]), {
        timeout: 5_000,
      });
    const idle = await open(subject.provider, { limits: { idleMs: 400 } });
    await gone();
    await idle.close();
    await using short = await open(subject.provider, { limits: { lifetimeMs: 1_500 } });

    expect((await run(short, "sleep 1000")).outcome).toEqual({
      type: "lost",
      reason: "its lifetime was over",
    });
    await gone();
  });

  test("nothing is left of a process that was killed", async () => {
    await using place = await installation();
    const state = join(place.root, "state");
    const mark = marker();
    const host = fileURLToPath(new URL("./docker-host.mjs", import.meta.url));
    const args = [join(place.root, "workspaces"), state, "hold", mark, "600000", "never"];
    const child = fork(host, args, { env: engineEnv });
    await once(child, "message");
    expect(await processesWith(`sleep ${mark}`)).toBeGreaterThan(0);
    child.kill("SIGKILL");

    await nothingLeft(mark);
    await vi.waitFor(async () => expect(await containersOf(state)).toEqual([]), { timeout: 5_000 });
  });

  test("a container that a dead process left is removed at the next start, not taken over", async () => {
    if (!engine.available) throw new TypeError(engine.reason);
    const mark = marker();
    const instance = `left-${mark}`;
    const labels = { instance, owner: "nobody", main: "keeper", session: "s_host", test: "1" };
    const flags = Object.entries(labels).flatMap(([name, value]) => [
      "--label",
      `opsthread.${name}=${value}`,
    ]);
    const name = `opsthread-${instance}.s_host.0123456789ab`;
    const args = ["run", "-d", "--rm", "--network", "none", "--name", name, ...flags];
    await execute("docker", [...args, engine.image, "sleep", mark], { env: engineEnv });
    expect(await processesWith(`sleep ${mark}`)).toBeGreaterThan(0);
    try {
      await using subject = await openDockerExec({ config: { supervisor: "auto", instance } });
      expect(subject.provider.capabilities.reattach).toBe(true);
      await nothingLeft(mark);
    } finally {
      await execute("docker", ["rm", "-f", name], { env: engineEnv }).catch(() => {}); // As it should be.
    }
  });

  test("a warm one is taken", async () => {
    const { log, warnings } = listening();
    await using subject = await openDockerExec({ log, config: { pool: { size: 1 } } });
    await (await open(subject.provider)).close();
    await vi.waitFor(
      async () => expect(await containersOf(join(subject.root, "state"))).toHaveLength(1),
      { timeout: 10_000 },
    );
    await delay(300);
    const [warm] = await containersOf(join(subject.root, "state"));
    await using sandbox = await open(subject.provider);
    await sandbox.files.write("file", Buffer.from("mine\n"), { signal });

    expect((await run(sandbox, "cat file")).stdout.text).toBe("mine\n");
    expect(await containersOf(join(subject.root, "state"))).toContain(warm);
    expect(warnings).toHaveLength(1);
  });
});
