/**
 * What went wrong elsewhere when containers were run for an agent. `npm run bench -- sandbox-probes` tries the same with
 * a widely used client, too.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";

import { describe, expect, test, vi } from "vitest";

import type { ToolContext } from "../../../src/agent/tool.ts";
import { shellTool } from "../../../src/agent/tools/shell.ts";
import type { Sandbox, WorkspaceSnapshots } from "../../../src/sandbox/sandbox.ts";
import {
  exec,
  openSandbox,
  output,
  refuses,
  signal,
  type Wanted,
} from "../../../src/testing/sandbox-suite-helpers.ts";
import {
  containersOf,
  emptyImage,
  engineEnv,
  extraMemory,
  marker,
  processesWith,
} from "./docker-behaviour.ts";
import type { OnOwnFolders } from "./on-own-folders.ts";
import { openDocker, withoutRuntime } from "./open-docker.ts";

/** Far below what an unbounded buffer would take, far above what the measure itself varies by. */
const boundedMemory = 64 * 1024 * 1024;

const noDocker = withoutRuntime("runc");

describe.skipIf(noDocker)("docker sandboxes, where others went wrong", () => {
  test("closing a sandbox ends what runs in it, and says so", async () => {
    await using subject = await openDocker();
    const sandbox = await openSandbox(subject);
    const { running, mark } = await startSleeping(sandbox);
    await sandbox.close();

    expect(await processesWith(`sleep ${mark}`)).toBe(0);
    expect((await running).outcome).toEqual({ type: "stopped" });
  });

  test("an interrupted command is dead and told as stopped, not as ended well", async () => {
    await using subject = await openDocker();
    await using sandbox = await openSandbox(subject);
    const controller = new AbortController();
    const { running, mark } = await startSleeping(sandbox, controller.signal);
    controller.abort();
    const { outcome } = await running;

    expect(outcome).toEqual({ type: "stopped" });
    expect(await processesWith(`sleep ${mark}`)).toBe(0);
  });

  test("a stop does not wait for the command's time to run out", async () => {
    await using subject = await openDocker();
    await using sandbox = await openSandbox(subject);
    const controller = new AbortController();
    const mark = marker();
    const running = exec(sandbox, `trap '' TERM INT; sleep ${mark}; sleep ${mark}`, {
      signal: controller.signal,
      timeoutMs: 60_000,
    });
    await vi.waitFor(async () => expect(await processesWith(`sleep ${mark}`)).toBeGreaterThan(0));
    controller.abort();
    const { outcome, measures } = await running;

    expect(outcome).toEqual({ type: "stopped" });
    expect(await processesWith(mark)).toBe(0);
    expect(measures.wallMs).toBeLessThan(20_000);
  });

  test("a process ends when its sandboxes are closed", async () => {
    await using subject = await openDocker();
    const host = startHost(subject, "leave");
    await once(host, "message");
    const [code] = (await once(host, "exit")) as [number];
    expect(code).toBe(0);
  }, 15_000);

  test("200 MB of output take little memory and are all counted", async () => {
    await using subject = await openDocker();
    await using sandbox = await openSandbox(subject, { limits: { outputBytes: 300_000_000 } });
    await output(sandbox, "true");
    let bytes = 0;
    const extra = await extraMemory(async () => {
      const result = await exec(sandbox, "yes 0123456789abcdef | head -c 200000000");
      bytes = result.stdout.bytes;
    });

    expect(bytes).toBe(200_000_000);
    expect(extra).toBeLessThan(boundedMemory);
  });

  test("the model is shown a bounded part of long output, and where the rest is", async () => {
    await using subject = await openDocker();
    await using sandbox = await openSandbox(subject);
    const told = await shellTool().run(
      { command: "yes 0123456789abcdef | head -c 3000000" },
      contextOf(sandbox),
    );

    expect(Buffer.byteLength(told.output)).toBeLessThan(20_000);
    expect(told.measures).toMatchObject({ exitCode: 0, outputBytes: 3_000_000 });
    const { fullOutput } = told.measures;
    expect(await output(sandbox, `wc -c < ${String(fullOutput)}`)).toBe("3000000\n");
  });

  test("a few bytes of a large file are read without the rest", async () => {
    await using subject = await openDocker();
    await using sandbox = await openSandbox(subject);
    await output(sandbox, "printf 0123456789 > big; head -c 200000000 /dev/zero >> big");
    let text: string | undefined;
    const extra = await extraMemory(async () => {
      const part = await sandbox.files.read("big", { offset: 0, length: 10 });
      text = part && Buffer.from(part.bytes).toString();
    });

    expect(text).toBe("0123456789");
    expect(extra).toBeLessThan(boundedMemory);
  });

  test("values of the environment are not seen among the host's processes", async () => {
    await using subject = await openDocker();
    const value = `value-${marker()}`;
    await using sandbox = await openSandbox(subject, { permissions: { env: { MY_VALUE: value } } });
    const running = exec(sandbox, `sleep 1; printf %s "$MY_VALUE"`);
    await output(sandbox, "sleep 0.3", { executionId: "x_meanwhile" });

    expect(await processesWith(value)).toBe(0);
    expect((await running).stdout.text).toBe(value);
  });

  test("an image that is not there is told with a code, and nothing is left", async () => {
    const { before, containers, after } = await failsToOpen("SANDBOX_IMAGE", {
      image: "localhost:1/opsthread-no-such-image",
    });
    expect(containers).toEqual([]);
    expect(after).toEqual(before);
  });

  test("a container that can't be started is told with a code, and nothing is left", async () => {
    // The kernel takes no such share of a core, which only shows at the start.
    const { before, containers, after } = await failsToOpen("SANDBOX_ENGINE", {
      limits: { cpus: 0.001 },
    });
    expect(containers).toEqual([]);
    expect(after).toEqual(before);
  });

  test.for(["SIGKILL", "SIGTERM", "SIGINT"] as const)(
    "a sandbox ends by itself when its host ends by %s",
    async (how) => {
      await using subject = await openDocker();
      const mark = marker();
      const host = startHost(subject, "hold", mark);
      await once(host, "message");
      expect(await processesWith(`sleep ${mark}`)).toBeGreaterThan(0);
      host.kill(how);

      await vi.waitFor(
        async () => {
          expect(await processesWith(`sleep ${mark}`)).toBe(0);
          expect(await containersOf(stateOf(subject))).toEqual([]);
        },
        { timeout: 15_000, interval: 200 },
      );
    },
  );

  test("commands that run at once get each its own result", async () => {
    await using subject = await openDocker();
    await using sandbox = await openSandbox(subject);
    const numbers = Array.from({ length: 16 }, (_, index) => index);
    const results = await Promise.all(
      numbers.map((number) =>
        exec(sandbox, `echo out ${number}; echo err ${number} >&2; exit ${number}`, {
          executionId: `x_${number}`,
        }),
      ),
    );

    for (const [number, { outcome, stdout, stderr }] of results.entries()) {
      expect(outcome).toEqual({ type: "exit", code: number });
      expect([stdout.text, stderr.text]).toEqual([`out ${number}\n`, `err ${number}\n`]);
    }
  });

  test("an archive keeps modes, links and times", async () => {
    await using subject = await openDocker();
    await using from = await openSandbox(subject, { sessionId: "s_from" });
    await using to = await openSandbox(subject, { sessionId: "s_to" });
    await output(from, makeFiles);
    const tar = await from.files.exportTar(".", { signal });
    if (!tar) throw new Error("There is no archive");
    await to.files.importTar(".", tar, { signal });

    expect(await output(to, lookAtFiles)).toBe(await output(from, lookAtFiles));
  });

  test("a snapshot keeps modes, links and times, and is only written when something changed", async () => {
    await using subject = await openDocker();
    const snapshots = snapshotsOf(subject);
    const sandbox = await openSandbox(subject, { sessionId: "s_kept" });
    await output(sandbox, makeFiles);
    const before = await output(sandbox, lookAtFiles);
    const taken = await snapshots.take("s_kept", { signal });
    const again = await snapshots.take("s_kept", { signal });
    await output(sandbox, "rm -r -- *");
    await sandbox.close();
    await snapshots.restore("s_kept", String(taken?.id), { signal });
    await using restored = await openSandbox(subject, { sessionId: "s_kept" });

    expect(again).toBeUndefined();
    expect(await output(restored, lookAtFiles)).toBe(before);
  });

  test("an image without a shell is told on stderr, as a command that was not found", async () => {
    await using image = await emptyImage();
    await using subject = await openDocker();
    await using sandbox = await openSandbox(subject, { image: image.name });
    const { outcome, stdout, stderr } = await exec(sandbox, "true");

    expect(outcome).toEqual({ type: "exit", code: 127 });
    expect(stdout.bytes).toBe(0);
    expect(stderr.text).toContain("neither bash nor sh");
  });
});

/** All that a workspace may hold besides plain files. */
const makeFiles = [
  "echo text > plain; touch -d '2001-02-03 04:05:06 UTC' plain",
  "printf '#!/bin/sh\\n' > run.sh; chmod 755 run.sh",
  "ln -s plain link; ln plain same",
  "mkdir -p deep/er; chmod 700 deep",
].join("; ");
const lookAtFiles = "stat -c '%n %a %h %F' * deep/*; stat -c %Y plain same; readlink link";

const stateOf = ({ root }: OnOwnFolders): string => join(root, "state");

function snapshotsOf({ provider: { snapshots } }: OnOwnFolders): WorkspaceSnapshots {
  if (!snapshots) throw new Error("The driver keeps no snapshots");
  return snapshots;
}

function startHost({ root }: OnOwnFolders, how: "leave" | "hold", mark = "") {
  const program = fileURLToPath(new URL("./docker-host.mjs", import.meta.url));
  const folders = [join(root, "workspaces"), join(root, "state")];
  return fork(program, [...folders, how, mark], { stdio: "inherit", env: engineEnv });
}

async function startSleeping(sandbox: Sandbox, until: AbortSignal = signal) {
  const mark = marker();
  const running = exec(sandbox, `sleep ${mark}`, { signal: until });
  await vi.waitFor(async () => expect(await processesWith(`sleep ${mark}`)).toBeGreaterThan(0));
  return { running, mark };
}

/** What there is before a sandbox is refused, and afterwards. */
async function failsToOpen(code: Parameters<typeof refuses>[0], wanted: Wanted) {
  await using subject = await openDocker();
  const before = await everythingIn(subject);
  await refuses(code, async () => {
    await using sandbox = await openSandbox(subject, wanted);
    await exec(sandbox, "true");
  });
  const containers = await containersOf(stateOf(subject));
  await subject.provider.remove("s_suite");
  return { before, containers, after: await everythingIn(subject) };
}

/** What is there, but for the empty workspace that the driver makes ahead for whoever is next, and takes away itself. */
async function everythingIn({ root }: OnOwnFolders): Promise<readonly string[]> {
  const all = await readdir(root, { recursive: true });
  return all.filter((path) => !basename(path).startsWith(".spare-"));
}

function contextOf(sandbox: Sandbox): ToolContext {
  return {
    signal,
    callId: "call_1",
    executionId: "x_1",
    session: {
      sessionId: sandbox.sessionId,
      sandbox: () => Promise.resolve(sandbox),
      sandboxFrom: () => Promise.reject(new Error("There are no other images here")),
      keep: () => Promise.reject(new Error("Nothing is kept here")),
      access: () => ({ type: "open", expiresAt: 0 }),
    },
    progress: () => {},
  };
}
