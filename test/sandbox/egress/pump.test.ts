import { PassThrough, Readable, Writable } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";

import { expect, test } from "vitest";

import { pump } from "../../../src/sandbox/egress/pump.ts";

const same = { each: (chunk: Buffer): Buffer => chunk };
const chunk = Buffer.alloc(10_000);

test("pump() does not read on while the writer is full, and goes on when it is not", async () => {
  const release: (() => void)[] = [];
  let taken = 0;
  const slow = new Writable({
    highWaterMark: 50_000,
    write(bytes: Buffer, _encoding, done) {
      taken += bytes.length;
      release.push(done);
    },
  });
  const carried = pump(Readable.from(Array(1_000).fill(chunk), { objectMode: false }), slow, same);
  for (let round = 0; round < 50; round += 1) await turn();
  expect(slow.writableLength).toBeLessThan(200_000);
  while (!slow.writableFinished) {
    release.shift()?.();
    await turn();
  }
  expect(await carried).toBe(true);
  expect(taken).toBe(1_000 * chunk.length);
});

test("pump() writes the last words at the end", async () => {
  const to = new PassThrough();
  const carried = pump(Readable.from([Buffer.from("one ")]), to, {
    ...same,
    last: () => Buffer.from("two"),
  });
  expect(Buffer.concat(await to.toArray()).toString()).toBe("one two");
  expect(await carried).toBe(true);
});

test("pump() tells when the source, or the target, broke off", async () => {
  const source = new PassThrough();
  const one = pump(source, new PassThrough(), same);
  source.destroy(new Error("broken"));
  expect(await one).toBe(false);
  const target = new PassThrough();
  const other = pump(new PassThrough(), target, same);
  target.destroy();
  expect(await other).toBe(false);
  expect(await pump(source, target, same)).toBe(false);
});
