import assert from "node:assert/strict";

import { extract, pack } from "tar-stream";

import type { Sandbox } from "../sandbox/sandbox.ts";
import {
  exec,
  hostFolder,
  openSandbox,
  output,
  read,
  refuses,
  signal,
  streamOf,
  write,
} from "./sandbox-suite-helpers.ts";
import type { SandboxCases } from "./sandbox-suite.ts";

type Header = Parameters<ReturnType<typeof pack>["entry"]>[0];

/** A tar stream of these entries, whatever they are. */
async function archive(...entries: readonly (readonly [Header, string?])[]): Promise<Buffer> {
  const tar = pack();
  for (const [header, text] of entries)
    if (text === undefined) tar.entry({ ...header });
    else tar.entry({ ...header }, text);
  tar.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of tar) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function* inPieces(bytes: Uint8Array, size = 1_000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const unpack = (
  sandbox: Sandbox,
  path: string,
  bytes: Uint8Array,
): ReturnType<Sandbox["files"]["importTar"]> =>
  sandbox.files.importTar(path, inPieces(bytes), { signal });

/** What an exported folder holds, by path: a type, or a file's text. */
async function exported(sandbox: Sandbox, path: string): Promise<Record<string, string>> {
  const headers = await headersOf(sandbox, path);
  return Object.fromEntries(
    [...headers].map(([name, { type, linkname, text }]) => [
      name,
      type === "file" ? text : `${type} ${linkname ?? ""}`,
    ]),
  );
}

async function headersOf(
  sandbox: Sandbox,
  path: string,
): Promise<Map<string, Header & { readonly text: string }>> {
  const tar = extract();
  const stream = await sandbox.files.exportTar(path, { signal });
  assert(stream !== undefined, `There is no "${path}" to export`);
  const writing = (async () => {
    for await (const chunk of stream) tar.write(chunk);
    tar.end(null);
  })();
  const found = new Map<string, Header & { readonly text: string }>();
  for await (const entry of tar) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of entry) if (chunk instanceof Uint8Array) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString();
    found.set(entry.header.name, { ...entry.header, text });
  }
  await writing;
  return found;
}

const long = `${"deep/".repeat(60)}grüße`;

export const archiveCases: SandboxCases = {
  "stat() tells what a path names": async (subject) => {
    await using sandbox = await openSandbox(subject);
    await write(sandbox, "folder/file", "text");
    const file = await sandbox.files.stat("folder/file");

    assert.deepEqual(
      { name: file?.name, type: file?.type, size: file?.size },
      { name: "file", type: "file", size: 4 },
    );
    assert(Math.abs(Number(file?.modifiedAt) - Date.now()) < 60_000);
    assert.equal((await sandbox.files.stat("folder"))?.type, "folder");
    assert.equal((await sandbox.files.stat("/workspace"))?.name, "workspace");
    for (const path of ["none", "folder/file/below"])
      assert.equal(await sandbox.files.stat(path), undefined, path);
    await refuses("SANDBOX_PATH_REFUSED", () => sandbox.files.stat("/etc/hostname"));
  },

  "a folder that was exported can be imported": async (subject) => {
    await using sandbox = await openSandbox(subject);
    await write(sandbox, "from/a.txt", "a");
    await write(sandbox, "from/empty", "");
    await write(sandbox, `from/${long}`, "deep");
    await sandbox.files.write("from/large", Buffer.alloc(3_000_001, "x"), { signal });
    await output(sandbox, "mkdir from/nothing; chmod 700 from/a.txt");
    const stream = await sandbox.files.exportTar("from", { signal });
    assert(stream !== undefined);
    const counts = await sandbox.files.importTar("to/below", stream, { signal });

    assert.equal(counts.bytes, 3_000_001 + 1 + 4);
    assert(counts.entries >= 5);
    assert.equal(await read(sandbox, "to/below/a.txt"), "a");
    assert.equal(await read(sandbox, `to/below/${long}`), "deep");
    assert.equal((await sandbox.files.stat("to/below/large"))?.size, 3_000_001);
    assert.equal((await sandbox.files.stat("to/below/nothing"))?.type, "folder");
    const [before, after] = await Promise.all(
      ["from/a.txt", "to/below/a.txt"].map((path) => sandbox.files.stat(path)),
    );
    assert(Math.abs(Number(before?.modifiedAt) - Number(after?.modifiedAt)) < 1);
    assert.equal((await headersOf(sandbox, "to/below")).get("a.txt")?.mode, 0o700);
    assert.deepEqual(await exported(sandbox, "to/below"), await exported(sandbox, "from"));
  },

  "exportTar() knows what is not there, and what is not shown": async (subject) => {
    const hostPath = await hostFolder(subject, "app", {
      "a.log": "a",
      "b.env": "secret",
      "c/d": "",
    });
    const sources = [{ name: "app", hostPath, include: ["*.log"] }];
    await using sandbox = await openSandbox(subject, { sources });
    await write(sandbox, "file", "text");

    for (const path of ["none", "file"])
      assert.equal(await sandbox.files.exportTar(path, { signal }), undefined, path);
    await refuses("SANDBOX_PATH_REFUSED", () => sandbox.files.exportTar("..", { signal }));
    assert.deepEqual(await exported(sandbox, "/sources/app"), { "a.log": "a" });
  },

  "exportTar() can be left and stopped": async (subject) => {
    await using sandbox = await openSandbox(subject);
    await sandbox.files.write("folder/large", Buffer.alloc(5_000_000), { signal });
    const left = await sandbox.files.exportTar("folder", { signal });
    for await (const _ of left ?? []) break;

    const stop = AbortSignal.abort();
    const stopped = await sandbox.files.exportTar("folder", { signal: stop });
    await assert.rejects(async () => {
      for await (const _ of stopped ?? []);
    });
  },

  "importTar() merges folders and replaces files": async (subject) => {
    await using sandbox = await openSandbox(subject);
    await write(sandbox, "a/kept", "kept");
    await write(sandbox, "a/file", "old");
    const bytes = await archive(
      [{ name: "./", type: "directory" }],
      [{ name: "./a/file" }, "new"],
      [{ name: "b/c" }, "first"],
      [{ name: "b/c" }, "second"],
    );

    assert.deepEqual(await unpack(sandbox, ".", bytes), { entries: 4, bytes: 14 });
    assert.equal(await read(sandbox, "a/kept"), "kept");
    assert.equal(await read(sandbox, "a/file"), "new");
    assert.equal(await read(sandbox, "b/c"), "second");
    assert.equal(await output(sandbox, "ls -A"), "a\nb\n");
  },

  "importTar() makes links that stay inside, and drops set-id bits": async (subject) => {
    await using sandbox = await openSandbox(subject);
    const bytes = await archive(
      [{ name: "program", mode: 0o6755 }, "#!"],
      [{ name: "d/same", type: "link", linkname: "program" }],
      [{ name: "d/link", type: "symlink", linkname: "../program" }],
    );
    await unpack(sandbox, "into", bytes);

    assert.equal(await read(sandbox, "into/d/same"), "#!");
    assert.equal((await sandbox.files.stat("into/d/link"))?.type, "link");
    assert.equal(await read(sandbox, "into/d/link"), "#!");
    assert.equal((await headersOf(sandbox, "into")).get("program")?.mode, 0o755);
    assert.equal((await exported(sandbox, "into"))["d/link"], "symlink ../program");
  },

  "importTar() refuses what leads out or is no file": async (subject) => {
    const outside = await hostFolder(subject, "private", { "secret.txt": "secret" });
    await using sandbox = await openSandbox(subject);
    await write(sandbox, "kept", "kept");
    const bad: Readonly<Record<string, readonly (readonly [Header, string?])[]>> = {
      "a path with ..": [[{ name: "../out" }, "x"]],
      "a deeper path with ..": [[{ name: "a/../../out" }, "x"]],
      "an absolute path": [[{ name: `${outside}/new` }, "x"]],
      "a link to an absolute path": [[{ name: "l", type: "symlink", linkname: outside }]],
      "a link that leads up": [[{ name: "a/l", type: "symlink", linkname: "../../x" }]],
      "a link with .. after a name": [[{ name: "a/b/l", type: "symlink", linkname: "c/../../x" }]],
      "a file through a link": [
        [{ name: "d/", type: "directory" }],
        [{ name: "l", type: "symlink", linkname: "d" }],
        [{ name: "l/file" }, "x"],
      ],
      "a second name of what is outside": [
        [{ name: "hard", type: "link", linkname: `${outside}/secret.txt` }],
      ],
      "a second name of what is above": [[{ name: "hard", type: "link", linkname: "../kept" }]],
      "a second name of what is not in it": [[{ name: "hard", type: "link", linkname: "kept" }]],
      "a device": [[{ name: "null", type: "character-device", devmajor: 1, devminor: 3 }]],
      "a pipe": [[{ name: "pipe", type: "fifo" }]],
      "a file in place of a folder": [
        [{ name: "a/b" }, "x"],
        [{ name: "a" }, "x"],
      ],
      "a folder in place of a file": [
        [{ name: "a" }, "x"],
        [{ name: "a/b" }, "x"],
      ],
      "a name that is too long": [[{ name: "n".repeat(300) }, "x"]],
      "a path that is too deep": [[{ name: `${"d/".repeat(2_000)}f` }, "x"]],
    };
    for (const [what, entries] of Object.entries(bad)) {
      const bytes = await archive([{ name: "first" }, "x"], ...entries);
      await refuses("SANDBOX_ARCHIVE_REFUSED", () => unpack(sandbox, "into", bytes)).catch(
        (cause: unknown) => {
          throw new Error(what, { cause });
        },
      );
      assert.deepEqual(await sandbox.files.list("into", { limit: 5 }), [], what);
    }
    assert.equal(await output(sandbox, "ls -A"), "into\nkept\n");
  },

  "importTar() refuses what is in the way of what is there": async (subject) => {
    await using sandbox = await openSandbox(subject);
    await write(sandbox, "folder/file", "kept");
    for (const name of ["folder", "folder/file/below"]) {
      const bytes = await archive([{ name: "a" }, "x"], [{ name }, "x"]);
      await refuses("SANDBOX_ARCHIVE_REFUSED", () => unpack(sandbox, ".", bytes));
    }
    const bytes = await archive([{ name: "a" }, "x"]);
    await refuses("SANDBOX_ARCHIVE_REFUSED", () => unpack(sandbox, "folder/file", bytes));
    for (const path of ["..", "/sources", "/etc"])
      await refuses("SANDBOX_PATH_REFUSED", () => unpack(sandbox, path, bytes));
    assert.deepEqual(await exported(sandbox, "."), {
      "folder/": "directory ",
      "folder/file": "kept",
    });
  },

  "importTar() refuses a damaged or shortened stream": async (subject) => {
    await using sandbox = await openSandbox(subject);
    const whole = await archive([{ name: "a" }, "x".repeat(2_000)], [{ name: "b" }, "y"]);
    const damaged = Buffer.from(whole);
    damaged.write("damaged", 2_600);
    const streams = {
      nothing: Buffer.alloc(0),
      text: Buffer.alloc(5_000, "no tar"),
      "cut in a header": whole.subarray(0, 300),
      "cut in a file": whole.subarray(0, 1_700),
      "cut between two files": whole.subarray(0, 2_560),
      "without its end": whole.subarray(0, 3_584),
      damaged,
    };
    for (const [what, bytes] of Object.entries(streams)) {
      await refuses("SANDBOX_ARCHIVE_REFUSED", () => unpack(sandbox, "into", bytes)).catch(
        (cause: unknown) => {
          throw new Error(what, { cause });
        },
      );
      assert.deepEqual(await sandbox.files.list("into", { limit: 5 }), [], what);
    }
    const failing = streamOf([], new Error("The stream broke"));
    await assert.rejects(sandbox.files.importTar("into", failing, { signal }), /stream broke/);
  },

  "importTar() keeps to the limits, and leaves room when it fails": async (subject) => {
    const limits = { workspaceBytes: 2_000_000, fileBytes: 900_000 };
    await using sandbox = await openSandbox(subject, { limits });
    const file = (name: string, size: number): readonly [Header, string] => [
      { name },
      "x".repeat(size),
    ];
    const large = await archive(file("a", 900_001));
    const much = await archive(file("a", 800_000), file("b", 800_000), file("c", 800_000));

    await refuses("SANDBOX_QUOTA", () => unpack(sandbox, ".", large));
    await refuses("SANDBOX_QUOTA", () => unpack(sandbox, ".", much));
    assert.equal(await output(sandbox, "ls -A"), "");
    for (let times = 0; times < 4; times += 1)
      await unpack(sandbox, ".", await archive(file("a", 800_000)));
    await exec(sandbox, "rm a");
    await unpack(sandbox, ".", await archive(file("a", 800_000), file("b", 800_000)));
  },
};
