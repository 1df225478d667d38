import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { expect, test } from "vitest";

import { isOpsthreadError } from "../../../src/core/errors.ts";
import { createQuota } from "../../../src/sandbox/quota.ts";
import { createReach } from "../../../src/sandbox/reach.ts";
import type { SandboxFiles } from "../../../src/sandbox/sandbox.ts";
import { workspaceFiles } from "../../../src/sandbox/workspace-files.ts";

const { signal } = new AbortController();
const secret = "the-secret-of-the-host";

interface Subject extends AsyncDisposable {
  readonly files: SandboxFiles;
  /** A folder of it as a tar stream. */
  readonly archive: string;
  readonly outside: string;
}

/** A workspace in which a program exchanges `swap` and `file` for links to a secret, as fast as it can. */
async function hostileWorkspace(): Promise<Subject> {
  const root = await mkdtemp(join(tmpdir(), "opsthread-race-"));
  const workspace = join(root, "workspace");
  const outside = join(root, "outside");
  await mkdir(join(workspace, "swap/deep"), { recursive: true });
  await mkdir(join(outside, "deep"), { recursive: true });
  for (const name of ["secret.txt", "deep/secret.txt"]) {
    await writeFile(join(outside, name), secret);
    await writeFile(join(workspace, "swap", name), "inside");
  }
  await writeFile(join(workspace, "file"), "inside");
  const quota = createQuota({ fileBytes: 1e9, workspaceBytes: 1e9 }, 0);
  const reach = createReach([{ path: "/workspace", hostPath: workspace, writable: true }]);
  const files = workspaceFiles(reach, { quota: async () => quota });
  const archive = await textOf(await files.exportTar("swap/deep", { signal }));
  const host = fileURLToPath(new URL("./race-host.mjs", import.meta.url));
  const child = fork(host, [workspace, outside]);
  await once(child, "message");
  return {
    files,
    archive,
    outside,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await once(child, "exit");
      await rm(root, { recursive: true });
    },
  };
}

async function textOf(bytes: AsyncIterable<Uint8Array> | undefined): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of bytes ?? []) chunks.push(chunk);
  return Buffer.concat(chunks).toString("latin1");
}

/** What the sandbox's own doings may end in. */
const expected = ["SANDBOX_PATH_REFUSED", "SANDBOX_ARCHIVE_REFUSED"] as const;

test("nothing outside is read or written while folders and files become links", async () => {
  await using subject = await hostileWorkspace();
  const { files, archive, outside } = subject;
  async function* again(): AsyncGenerator<Uint8Array> {
    yield Buffer.from(archive, "latin1");
  }
  const kinds: Readonly<Record<string, () => Promise<string>>> = {
    read: async () => {
      const file = await files.read("swap/secret.txt", { offset: 0, length: 100 });
      return Buffer.from(file?.bytes ?? []).toString();
    },
    readFile: async () => {
      const file = await files.read("file", { offset: 0, length: 100 });
      return Buffer.from(file?.bytes ?? []).toString();
    },
    export: async () => textOf((await files.export("swap/deep/secret.txt", { signal }))?.bytes),
    list: async () => JSON.stringify((await files.list("swap", { limit: 10 })) ?? []),
    write: async () => {
      const { size } = await files.write("swap/deep/new.txt", Buffer.from("x"), { signal });
      return String(size);
    },
    writeFile: async () => {
      const { size } = await files.write("file", Buffer.from("inside"), { signal });
      return String(size);
    },
    stat: async () => JSON.stringify((await files.stat("swap/secret.txt")) ?? {}),
    exportTar: async () => textOf(await files.exportTar("swap", { signal })),
    exportAll: async () => textOf(await files.exportTar(".", { signal })),
    importTar: async () => JSON.stringify(await files.importTar("swap/deep", again(), { signal })),
  };
  const done = new Set<string>();
  const all = Object.keys(kinds);
  // At least so often, and until each has gone through between two exchanges at least once.
  for (let round = 0; round < 300 || done.size < all.length; round += 1)
    for (const [kind, run] of Object.entries(kinds)) {
      try {
        expect(await run()).not.toContain(secret);
        done.add(kind);
      } catch (error) {
        if (!isOpsthreadError(error, ...expected) && !isGone(error)) throw error;
      }
    }

  expect(await readdir(outside)).toEqual(["deep", "secret.txt"]);
  expect(await readdir(join(outside, "deep"))).toEqual(["secret.txt"]);
  expect(await readFile(join(outside, "secret.txt"), "utf8")).toBe(secret);
});

/** The folder that was written to is not there any more. */
const isGone = (error: unknown): boolean =>
  /^(?:ENOENT|ENOTDIR|EEXIST|ENOTEMPTY)/.test(String(error).replace(/^Error: /, ""));
