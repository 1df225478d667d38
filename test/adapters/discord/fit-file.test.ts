import { randomBytes } from "node:crypto";
import { gunzipSync } from "node:zlib";

import { expect, test } from "vitest";

import { batches, fileLimits, readArtifacts } from "../../../src/adapters/discord/artifacts.ts";
import { fitted } from "../../../src/adapters/discord/fit-file.ts";

const file = (name: string, data: Buffer) => ({ name, contentType: "text/plain", data });
const { signal } = new AbortController();

test("a file that just fits goes as it is", async () => {
  const data = randomBytes(100);
  expect(await fitted(file("a.bin", data), 100)).toEqual({ files: [file("a.bin", data)] });
});

test("too large, and smaller when compressed: compressed, and said so", async () => {
  const text = Buffer.from("ERROR disk is full\n".repeat(100));
  const { files, note } = await fitted(file("app.log", text), 1000);
  expect(files.map(({ name }) => name)).toEqual(["app.log.gz"]);
  expect(gunzipSync(files[0]?.data ?? Buffer.alloc(0)).equals(text)).toBe(true);
  expect(note).toMatch(/app\.log is too large for Discord as it is: compressed/);
});

test("too large either way: in parts that are put together as is said", async () => {
  const noise = randomBytes(950);
  const { files, note } = await fitted(file("core.bin", noise), 100);
  expect(files).toHaveLength(10);
  expect(files.every(({ data }) => data.byteLength <= 100)).toBe(true);
  expect(Buffer.concat(files.map(({ data }) => data)).equals(noise)).toBe(true);
  expect(note).toMatch(/in 10 parts, cat core\.bin\.\* > core\.bin/);
});

test("too large for twenty parts: said, and nothing is sent", async () => {
  const { files, note } = await fitted(file("core.bin", randomBytes(2001)), 100);
  expect(files).toEqual([]);
  expect(note).toBe("core.bin is too large for Discord (0.0 MiB).");
});

test("what is too large to be held in memory is said without being read", async () => {
  const bytes = 300 * 1024 ** 2;
  const artifact = { name: "huge.bin", blob: "b", bytes, mediaType: "application/octet-stream" };
  const { files, notes } = await readArtifacts([artifact], {
    open: () => Promise.reject(new Error("It was opened")),
    limits: fileLimits(),
    signal,
  });
  expect(files).toEqual([]);
  expect(notes).toEqual(["huge.bin is too large for Discord (300.0 MiB)."]);
});

test("what is no longer kept is said", async () => {
  const artifact = { name: "old.log", blob: "b", bytes: 5, mediaType: "text/plain" };
  const { notes } = await readArtifacts([artifact], {
    open: async () => undefined,
    limits: fileLimits(),
    signal,
  });
  expect(notes).toEqual(["old.log is no longer kept."]);
});

test("files of one request are at most ten, and together no more than it may have", () => {
  const small = Array.from({ length: 23 }, (_, index) => file(`${index}`, Buffer.alloc(1)));
  expect(batches(small, fileLimits()).map(({ length }) => length)).toEqual([10, 10, 3]);
  const ten = Buffer.alloc(10 * 1024 ** 2);
  const large = [1, 2, 3].map((index) => file(`${index}`, ten));
  expect(batches(large, fileLimits()).map(({ length }) => length)).toEqual([2, 1]);
  const boosted = Array.from({ length: 9 }, (_, index) => file(`${index}`, ten));
  expect(batches(boosted, fileLimits(3)).map(({ length }) => length)).toEqual([9]);
});
