import assert from "node:assert/strict";

import {
  openSandbox,
  output,
  read,
  refuses,
  signal,
  streamOf,
  write,
} from "./sandbox-suite-helpers.ts";
import type { SandboxCases } from "./sandbox-suite.ts";

export const filesCases: SandboxCases = {
  "write() makes folders, and read() finds what was written": async (subject) => {
    await using sandbox = await openSandbox(subject);
    const { size } = await sandbox.files.write("a/b/c.txt", Buffer.from("grüße"), { signal });

    assert.equal(size, 7);
    assert.equal(await output(sandbox, "cat /workspace/a/b/c.txt"), "grüße");
    assert.equal(await read(sandbox, "/workspace/a/b/c.txt"), "grüße");
  },

  "write() takes a stream and replaces what was there": async (subject) => {
    await using sandbox = await openSandbox(subject);
    await write(sandbox, "file", "a long first version");
    await sandbox.files.write("file", streamOf(["se", "", "cond"]), { signal });
    await write(sandbox, "empty", "");

    assert.equal(await read(sandbox, "file"), "second");
    assert.equal(await read(sandbox, "empty"), "");
  },

  "a program that write() changes is one still": async (subject) => {
    await using sandbox = await openSandbox(subject);
    await write(sandbox, "script", "echo first");
    await output(sandbox, "chmod +x script");
    await write(sandbox, "script", "echo second");
    assert.equal(await output(sandbox, "test -x script && sh script"), "second\n");
  },

  "write() leaves what was there when its stream fails or is stopped": async (subject) => {
    await using sandbox = await openSandbox(subject);
    await write(sandbox, "file", "first");
    const controller = new AbortController();
    const failing = streamOf(["second"], new Error("The stream broke"));
    async function* stopped(): AsyncGenerator<Uint8Array> {
      yield Buffer.from("second");
      controller.abort();
      yield Buffer.from("third");
    }

    await assert.rejects(sandbox.files.write("file", failing, { signal }), /The stream broke/);
    await assert.rejects(sandbox.files.write("file", stopped(), { signal: controller.signal }));
    assert.equal(await read(sandbox, "file"), "first");
    assert.equal(await output(sandbox, "ls -A"), "file\n");
  },

  "write() refuses a folder and a path below a file": async (subject) => {
    await using sandbox = await openSandbox(subject);
    await write(sandbox, "folder/file", "text");

    await assert.rejects(write(sandbox, "folder", "x"));
    await assert.rejects(write(sandbox, ".", "x"));
    await assert.rejects(write(sandbox, "folder/file/below", "x"));
    assert.equal(await read(sandbox, "folder/file"), "text");
    assert.equal(await output(sandbox, "ls -A . folder"), ".:\nfolder\n\nfolder:\nfile\n");
  },

  "read() reads a part": async (subject) => {
    await using sandbox = await openSandbox(subject);
    await write(sandbox, "file", "0123456789");
    const part = async (offset: number, length: number): Promise<string> => {
      const file = await sandbox.files.read("file", { offset, length });
      assert.equal(file?.size, 10);
      return Buffer.from(file.bytes).toString();
    };

    assert.equal(await part(0, 4), "0123");
    assert.equal(await part(8, 100), "89");
    assert.equal(await part(10, 5), "");
    assert.equal(await part(100, 5), "");
    assert.equal(await part(3, 0), "");
    assert.equal(await part(0, Number.MAX_SAFE_INTEGER), "0123456789");
  },

  "read(), export() and list() know what is not there": async (subject) => {
    await using sandbox = await openSandbox(subject);
    await write(sandbox, "folder/file", "text");

    for (const path of ["none", "none/below", "folder", "folder/file/below"]) {
      assert.equal(await sandbox.files.read(path, { offset: 0, length: 1 }), undefined, path);
      assert.equal(await sandbox.files.export(path, { signal }), undefined, path);
    }
    assert.equal(await sandbox.files.list("none", { limit: 5 }), undefined);
    assert.equal(await sandbox.files.list("folder/file", { limit: 5 }), undefined);
  },

  "export() streams the whole file and can be left": async (subject) => {
    await using sandbox = await openSandbox(subject);
    const bytes = Buffer.alloc(3_000_001, "0123456789");
    await sandbox.files.write("file", bytes, { signal });
    const file = await sandbox.files.export("file", { signal });

    assert.equal(file?.size, bytes.length);
    assert.equal(await read(sandbox, "file"), bytes.toString());
    for await (const chunk of file.bytes) {
      assert(chunk.length < bytes.length);
      break;
    }
    const again = await sandbox.files.export("file", { signal: AbortSignal.abort() });
    await assert.rejects(async () => {
      for await (const _ of again?.bytes ?? []);
    });
  },

  "list() is sorted, typed and bounded": async (subject) => {
    await using sandbox = await openSandbox(subject);
    for (const path of ["b", "a", "c/d", "e"]) await write(sandbox, path, "text");
    const entries = await sandbox.files.list(".", { limit: 3 });

    assert.deepEqual(
      entries?.map(({ name, type }) => ({ name, type })),
      [
        { name: "a", type: "file" },
        { name: "b", type: "file" },
        { name: "c", type: "folder" },
      ],
    );
    assert.equal(entries[0]?.size, 4);
    assert(entries[0].modifiedAt > 0);
    assert.deepEqual(await sandbox.files.list("c/d/..", { limit: 0 }), []);
  },

  "files of any name can be used": async (subject) => {
    await using sandbox = await openSandbox(subject);
    const names = ["with space", "üñî", "-dash", "quote'\"", "new\nline", "*", "..."];
    for (const name of names) await write(sandbox, name, name);

    for (const name of names) assert.equal(await read(sandbox, name), name);
    const listed = await sandbox.files.list(".", { limit: 100 });
    assert.deepEqual(listed?.map(({ name }) => name).toSorted(), names.toSorted());
    await refuses("SANDBOX_PATH_REFUSED", () => write(sandbox, "nul\0", ""));
  },
};
