import { execFile, fork } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { dockerSandboxes } from "opsthread/docker";
import { describe, expect, inject, test } from "vitest";

import { imageMounts } from "../../../src/sandbox/image-mounts.ts";
import { Limits, Permissions } from "../../../src/sandbox/permissions.ts";
import type { ExecResult, Sandbox, SandboxProvider } from "../../../src/sandbox/sandbox.ts";
import { containersOf, emptyImage, engineEnv } from "./docker-behaviour.ts";
import { type OnOwnFolders, runtimeFolder } from "./on-own-folders.ts";
import { openDocker, withoutRuntime } from "./open-docker.ts";
import { whyNoImages } from "./open-workspaces.ts";

const { signal } = new AbortController();
const why = withoutRuntime("runc") ?? (await whyNoImages());
let executions = 0;

const open = (
  provider: SandboxProvider,
  sessionId: string,
  limits: Partial<Limits> = {},
): Promise<Sandbox> =>
  provider.open(
    { sessionId, sources: [], permissions: Permissions.parse({}), limits: Limits.parse(limits) },
    { signal },
  );

const exec = (sandbox: Sandbox, command: string): Promise<ExecResult> =>
  sandbox.exec(command, { signal, executionId: `x_${(executions += 1)}` });

const sh = async (sandbox: Sandbox, command: string): Promise<string> =>
  (await exec(sandbox, command)).stdout.text.trim();

const pool = (size: number, other: object = {}) => ({ config: { pool: { size, ...other } } });
const containers = ({ root }: OnOwnFolders) => containersOf(join(root, "state"));
const readyImages = async ({ root }: OnOwnFolders): Promise<readonly string[]> =>
  (await readdir(join(root, "workspaces", ".images"))).filter((name) => name.startsWith(".ready"));

/** Ids of a session's containers. */
const containersNamed = async (it: OnOwnFolders, sessionId: string): Promise<readonly string[]> => {
  const args = ["ps", "-q", "--filter", `name=\\.${sessionId}\\.`];
  const { stdout } = await promisify(execFile)("docker", args, { env: engineEnv });
  const own = await containers(it);
  return stdout.split("\n").filter((id) => own.includes(id));
};

async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; !(await isSo()); tries += 1) {
    if (tries === 300) throw new Error("It does not become so");
    await delay(100);
  }
}

/** Waits until so many wait warm: each has a workspace made ahead. */
const warmed = (it: OnOwnFolders, size: number): Promise<void> =>
  until(async () => {
    const mounted = await imageMounts(join(it.root, "workspaces", ".images"));
    return mounted.filter(({ image }) => image.includes("/.ready-")).length === size;
  });

describe.skipIf(why !== undefined)(`warm docker sandboxes${why ? `: skipped, ${why}` : ""}`, () => {
  test("each is taken once, by a new session or a known one, whose files it has", async () => {
    await using it = await openDocker(pool(1));
    const used = new Set<string>();
    const one = await open(it.provider, "s_1");
    await sh(one, "echo text > file");
    await one.close();
    for (const sessionId of ["s_2", "s_1", "s_3"]) {
      await warmed(it, 1);
      const [waiting = ""] = await containers(it);
      expect(used).not.toContain(waiting);
      used.add(waiting);
      const sandbox = await open(it.provider, sessionId);
      expect(await containers(it)).toContain(waiting);
      expect(await sh(sandbox, "cat file 2>&1; hostname; df --output=target . | tail -1")).toBe(
        sessionId === "s_1"
          ? "text\nsandbox\n/workspace"
          : "cat: file: No such file or directory\nsandbox\n/workspace",
      );
      await sandbox.files.write("from-host", Buffer.from("seen\n"), { signal });
      expect(await sh(sandbox, "cat from-host; stat -c %U .")).toBe("seen\nnobody");
      await sandbox.close();
      expect(await containers(it)).not.toContain(waiting);
    }
  });

  test("there are no more than asked for, none when nobody asks, and none at the end", async () => {
    const it = await openDocker(pool(1, { maxSize: 1, idleMs: 2_000 }));
    for (const pids of [64, 65]) {
      await (await open(it.provider, `s_${pids}`, { pids })).close();
      await warmed(it, 1);
      expect(await containers(it)).toHaveLength(1);
    }
    await until(async () => (await containers(it)).length === 0);
    await until(async () => (await readyImages(it)).length === 0);

    await (await open(it.provider, "s_1")).close();
    await warmed(it, 1);
    await it.provider[Symbol.asyncDispose]();
    expect(await containers(it)).toEqual([]);
    expect(await readyImages(it)).toEqual([]);
    expect(await readdir(join(it.root, "state", "slots"))).toEqual([]);
    expect(await imageMounts(join(it.root, "workspaces", ".images"))).toEqual([]);
    await it[Symbol.asyncDispose]();
  });
});

test.skipIf(why !== undefined)(
  "a session may have a further sandbox from another image, on the same files",
  async () => {
    await using it = await openDocker(pool(0));
    await using empty = await emptyImage();
    const first = await open(it.provider, "s_1");
    await sh(first, "echo text > file");
    const second = await it.provider.open(
      {
        sessionId: "s_1",
        image: empty.name,
        sources: [],
        permissions: Permissions.parse({}),
        limits: Limits.parse({}),
      },
      { signal },
    );
    expect(await containers(it)).toHaveLength(2);
    expect((await exec(second, "true")).stderr.text).toContain("neither bash nor sh");
    expect(await second.files.stat("file")).toMatchObject({ type: "file" });
    await second.files.write("new", Buffer.from("seen"), { signal });
    await second.close();
    expect(await sh(first, "cat file new")).toBe("text\nseen");
    await first.close();
    expect(await containers(it)).toEqual([]);
  },
);

describe.skipIf(why !== undefined)(`two processes on the same folders`, () => {
  /** The folders of `it`, as a further process would open them. */
  const beside = (it: OnOwnFolders, size = 0): Promise<SandboxProvider> => {
    const engine = inject("engine");
    return dockerSandboxes({
      folder: join(it.root, "workspaces"),
      stateFolder: join(it.root, "state"),
      runtimeFolder,
      config: {
        pool: { size },
        ...(engine.available && { host: engine.socket, image: engine.image }),
      },
    });
  };

  test("one leaves alone what the other uses and keeps warm", async () => {
    await using it = await openDocker(pool(1));
    const sandbox = await open(it.provider, "s_1");
    await sh(sandbox, "echo text > file");
    await warmed(it, 1);
    const before = await containers(it);
    await using other = await beside(it);
    await (await open(other, "s_2")).close();
    expect(await containers(it)).toEqual(before);
    await warmed(it, 1);
    expect(await sh(sandbox, "cat file")).toBe("text");
    expect(await sandbox.files.stat("file")).toMatchObject({ type: "file" });
    await sandbox.close();
  });

  test("a warm sandbox is taken over from a process that was killed, with its files", async () => {
    await using it = await openDocker(pool(0));
    const program = fileURLToPath(new URL("./warm-host.mjs", import.meta.url));
    const folders = [join(it.root, "workspaces"), join(it.root, "state"), runtimeFolder];
    const host = fork(program, folders, { env: engineEnv });
    await once(host, "message");
    const [before] = (await containersNamed(it, "s_1")) ?? [];
    host.kill("SIGKILL");
    await once(host, "exit");
    await using next = await beside(it, 1);
    const sandbox = await open(next, "s_1");
    expect(await sh(sandbox, "cat file")).toBe("text");
    expect(await containersNamed(it, "s_1")).toEqual([before]);
    await sandbox.close();
  });

  test("who opens a session last has it; the other can't use it, nor end it", async () => {
    await using it = await openDocker(pool(0));
    const first = await open(it.provider, "s_1");
    await sh(first, "echo text > file; sleep 1000 & ");
    await using other = await beside(it);
    const second = await open(other, "s_1");
    expect(await sh(second, "cat file; pgrep -c sleep")).toBe("text\n1");
    await expect(exec(first, "true")).rejects.toMatchObject({ code: "SANDBOX_BUSY" });
    expect(first.isAlive).toBe(false);
    await first.close();
    expect(await sh(second, "cat file; pgrep -c sleep")).toBe("text\n1");
    expect(await second.files.stat("file")).toMatchObject({ type: "file" });
    await second.close();
    expect(await containers(it)).toEqual([]);
    expect(existsSync(join(it.root, "workspaces", "s_1", "file"))).toBe(false);
  });
});
