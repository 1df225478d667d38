import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { describe, expect, test } from "vitest";

import { silentLogger } from "../../../src/core/logger.ts";
import { watchWorkspace, type WatchOptions } from "../../../src/sandbox/watch-workspace.ts";
import { openWorkspaces, whyNoImages } from "./open-workspaces.ts";

const { signal } = new AbortController();
const limits = { workspaceBytes: 2_000_000, fileBytes: 1_000_000 };

async function emptyFolder(): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), "opsthread-watch-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** Runs a command under watch until it ends, or has run for so long; tells the limit that ended it. */
async function watched(
  command: string,
  options: Omit<WatchOptions, "onLimit" | "log">,
  longestMs = 10_000,
): Promise<string> {
  const child = spawn("sh", ["-c", command], { cwd: options.hostPath, stdio: "ignore" });
  const ended = once(child, "exit");
  let told = "nothing";
  await using _ = watchWorkspace({
    ...options,
    log: silentLogger,
    onLimit(limit) {
      told = limit;
      child.kill("SIGKILL");
    },
  });
  await Promise.race([ended, delay(longestMs)]);
  child.kill("SIGKILL");
  await ended;
  return told;
}

describe("a watched folder", () => {
  const fill = "i=0; while true; do i=$((i+1)); head -c 100000 /dev/zero > f$i; sleep 0.02; done";

  test("a command that fills it is ended", async () => {
    await using folder = await emptyFolder();
    const options = { hostPath: folder.path, quota: "watched", ...limits } as const;
    expect(await watched(fill, options)).toBe("workspaceBytes");
  });

  test("a folder that is too full already can be cleared, and not be filled more", async () => {
    await using folder = await emptyFolder();
    for (let index = 0; index < 30; index += 1)
      await writeFile(join(folder.path, `old${index}`), Buffer.alloc(100_000));
    const options = { hostPath: folder.path, quota: "watched", ...limits } as const;

    expect(await watched("sleep 0.5; rm old1; sleep 0.5", options)).toBe("nothing");
    expect(await watched(`sleep 0.5; ${fill}`, options)).toBe("workspaceBytes");
  });

  test("a command whose file has reached its limit is ended, an older file is no reason", async () => {
    await using folder = await emptyFolder();
    await writeFile(join(folder.path, "older"), Buffer.alloc(1_000_000));
    await utimes(join(folder.path, "older"), 1, 1);
    const options = { hostPath: folder.path, quota: "watched", ...limits } as const;

    expect(await watched("sleep 1", options)).toBe("nothing");
    const atLimit = "mkdir -p a/b; head -c 1000000 /dev/zero > a/b/file; sleep 20";
    expect(await watched(atLimit, options)).toBe("fileBytes");
  });

  test("links are not followed, and what is nested too deeply counts as too much", async () => {
    await using folder = await emptyFolder();
    await using other = await emptyFolder();
    await writeFile(join(other.path, "large"), Buffer.alloc(5_000_000));
    const options = { hostPath: folder.path, quota: "watched", ...limits } as const;

    expect(await watched(`ln -s ${other.path} l; sleep 1`, options)).toBe("nothing");
    const deep = "sleep 0.3; mkdir -p $(printf 'd/%.0s' $(seq 700)); sleep 20";
    expect(await watched(deep, options)).toBe("workspaceBytes");
    execFileSync("rm", ["-rf", folder.path]);
  });

  test("nothing is told, and nothing runs on, after the command has ended", async () => {
    await using folder = await emptyFolder();
    let told = 0;
    const options = {
      hostPath: folder.path,
      quota: "watched",
      ...limits,
      log: silentLogger,
    } as const;
    const watch = watchWorkspace({ ...options, onLimit: () => (told += 1) });
    await watch[Symbol.asyncDispose]();
    await mkdir(join(folder.path, "a"));
    await writeFile(join(folder.path, "a/file"), Buffer.alloc(5_000_000));
    await delay(300);
    expect(told).toBe(0);
  });
});

describe.skipIf((await whyNoImages()) !== undefined)("a watched file system", () => {
  test("a command that fills it is ended; a full one can be cleared and filled again", async () => {
    await using it = await openWorkspaces();
    const { hostPath } = await it.workspaces.open("s_1", { ...limits, signal });
    const options = { hostPath, quota: "filesystem", ...limits } as const;
    const fill = "i=0; while true; do i=$((i+1)); head -c 100000 /dev/zero > f$i; done";

    expect(await watched(fill, options)).toBe("workspaceBytes");
    expect(await watched("sleep 0.5; ls; sleep 0.5", options)).toBe("nothing");
    expect(await watched("rm -f f*; sleep 0.3", options)).toBe("nothing");
    expect(await watched(`rm -f f*; sleep 0.3; ${fill}`, options)).toBe("workspaceBytes");
    await watched("rm -f f*", options);
    const files = "i=0; while true; do i=$((i+1)); true > f$i; done";
    expect(await watched(files, options)).toBe("workspaceBytes");
  });
});
