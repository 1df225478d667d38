import { execFileSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
  linkSync,
  chmodSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, onTestFinished, test } from "vitest";

import { openFolder } from "../../src/sandbox/beneath.ts";
import { packTree } from "../../src/sandbox/pack-tree.ts";
import { tarHeader } from "../../src/sandbox/tar-header.ts";

const { signal } = new AbortController();

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "opsthread-pack-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

async function packed(folder: string): Promise<Buffer> {
  using root = openFolder(folder);
  const chunks: Uint8Array[] = [];
  for await (const chunk of packTree(root, { signal })) chunks.push(chunk);
  return Buffer.concat(chunks);
}

test("other programs read what is packed", async () => {
  const folder = newFolder();
  const long = `${"folder".repeat(15)}/${"name".repeat(40)} grüße`;
  mkdirSync(join(folder, "folder".repeat(15)));
  writeFileSync(join(folder, long), "long");
  writeFileSync(join(folder, "file"), "x".repeat(1_234));
  chmodSync(join(folder, "file"), 0o640);
  linkSync(join(folder, "file"), join(folder, "same"));
  symlinkSync("../x", join(folder, "link"));
  utimesSync(join(folder, "file"), 1, 1_700_000_000.5);
  const tar = await packed(folder);
  const listed = String(
    execFileSync("tar", ["-tvf", "-", "--utc", "--full-time", "--quoting-style=literal"], {
      input: tar,
      env: { ...process.env, LC_ALL: "C.UTF-8" },
    }),
  );

  expect(tar.length % 512).toBe(0);
  expect(listed).toContain(long);
  expect(listed).toMatch(/^-rw-r----- \S+ +1234 2023-11-14 22:13:20\.5 (?:file|same)$/m);
  expect(listed).toMatch(/^hrw-r-----.* (?:same link to file|file link to same)$/m);
  expect(listed).toMatch(/^lrwxrwxrwx.* link -> \.\.\/x$/m);
});

test("a pax record counts its own length, at every length", () => {
  for (let length = 1; length < 1_200; length += 1) {
    const path = "ü".repeat(length);
    const header = tarHeader({ path, type: "file", mode: 0o600, mtimeNs: 0n, size: 0 });
    const pax = header.subarray(512, -512).toString();
    const at = pax.indexOf(" path=");
    const told = Number(/(\d+)$/.exec(pax.slice(0, at))?.[1]);
    expect(told).toBe(Buffer.byteLength(`${told} path=${path}\n`));
  }
});
