import assert from "node:assert/strict";

import type { Blobs } from "../store/blobs.ts";
import { defineSuite, type SuiteOptions } from "./suite.ts";

/** Blobs that a test has for itself; disposing removes them. */
export interface BlobsUnderTest extends AsyncDisposable {
  readonly blobs: Blobs;
}

/**
 * What every driver of the {@link Blobs} port must do.
 *
 * @example
 * blobsSuite({ test, open: async () => openMyBlobsOnEmptyData() });
 */
export function blobsSuite(
  options: SuiteOptions & { readonly open: () => Promise<BlobsUnderTest> },
): void {
  defineSuite(cases, options);
}

const { signal } = new AbortController();

async function* streamOf(...chunks: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield Buffer.from(chunk);
}

async function textOf(bytes: AsyncIterable<Uint8Array> | undefined): Promise<string | undefined> {
  if (bytes === undefined) return undefined;
  const chunks: Uint8Array[] = [];
  for await (const chunk of bytes) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

const cases: Readonly<Record<string, (subject: BlobsUnderTest) => Promise<void>>> = {
  "put() writes what open() reads": async ({ blobs }) => {
    const put = await blobs.put("s_1/turn-2/A_b", streamOf("hello ", "wörld"), { signal });

    assert.deepEqual(put, { bytes: 12 });
    assert.equal(await textOf(await blobs.open("s_1/turn-2/A_b")), "hello wörld");
  },

  "put() takes an empty blob": async ({ blobs }) => {
    assert.deepEqual(await blobs.put("empty", streamOf(), { signal }), { bytes: 0 });
    assert.equal(await textOf(await blobs.open("empty")), "");
  },

  "put() takes blobs of many chunks": async ({ blobs }) => {
    const chunks = Array.from({ length: 50 }, (_, index) => `${index} `.repeat(10_000));
    await blobs.put("large", streamOf(...chunks), { signal });

    assert.equal(await textOf(await blobs.open("large")), chunks.join(""));
  },

  "put() replaces a blob of the same id": async ({ blobs }) => {
    await blobs.put("a", streamOf("a long first version"), { signal });
    await blobs.put("a", streamOf("second"), { signal });

    assert.equal(await textOf(await blobs.open("a")), "second");
  },

  "put() leaves an id below another blob's id alone": async ({ blobs }) => {
    await blobs.put("a", streamOf("outer"), { signal });
    await blobs.put("a/b", streamOf("inner"), { signal });

    assert.equal(await textOf(await blobs.open("a")), "outer");
    assert.equal(await textOf(await blobs.open("a/b")), "inner");
  },

  "open() of what is not there gives nothing": async ({ blobs }) => {
    await blobs.put("a", streamOf("x"), { signal });

    assert.equal(await blobs.open("b"), undefined);
    assert.equal(await blobs.open("a/b"), undefined);
  },

  "open() may be left early": async ({ blobs }) => {
    await blobs.put("a", streamOf("x".repeat(1_000_000)), { signal });

    const bytes = await blobs.open("a");
    assert.ok(bytes);
    for await (const chunk of bytes) {
      assert.ok(chunk.length > 0);
      break;
    }
  },

  "nothing of a blob shows before all of it is there": async ({ blobs }) => {
    async function* watched(): AsyncGenerator<Uint8Array> {
      yield Buffer.from("first half, ");
      assert.equal(await textOf(await blobs.open("a")), "old");
      yield Buffer.from("second half");
    }
    await blobs.put("a", streamOf("old"), { signal });

    await blobs.put("a", watched(), { signal });

    assert.equal(await textOf(await blobs.open("a")), "first half, second half");
  },

  "put() of bytes that break off leaves what was there": async ({ blobs }) => {
    const broken = new Error("download broke off");
    async function* breaking(): AsyncGenerator<Uint8Array> {
      yield Buffer.from("half");
      throw broken;
    }
    await blobs.put("a", streamOf("old"), { signal });

    await assert.rejects(blobs.put("a", breaking(), { signal }), broken);
    await assert.rejects(blobs.put("b", breaking(), { signal }), broken);

    assert.equal(await textOf(await blobs.open("a")), "old");
    assert.equal(await blobs.open("b"), undefined);
  },

  "put() that is aborted leaves nothing, even while its bytes hang": async ({ blobs }) => {
    const controller = new AbortController();
    const reason = new Error("enough");
    async function* hanging(): AsyncGenerator<Uint8Array> {
      yield Buffer.from("half");
      setImmediate(() => controller.abort(reason));
      await new Promise(() => {});
    }

    await assert.rejects(blobs.put("a", hanging(), { signal: controller.signal }), reason);
    await assert.rejects(blobs.put("a", streamOf("x"), { signal: controller.signal }), reason);

    assert.equal(await blobs.open("a"), undefined);
  },

  "put() closes its source when it is aborted": async ({ blobs }) => {
    const controller = new AbortController();
    const closed = new Promise<void>((resolve) => {
      async function* endless(): AsyncGenerator<Uint8Array> {
        try {
          for (let count = 0; ; count += 1) {
            if (count === 3) controller.abort(new Error("enough"));
            yield Buffer.from("more");
          }
        } finally {
          resolve();
        }
      }
      void assert.rejects(blobs.put("a", endless(), { signal: controller.signal }));
    });

    await closed;
  },

  "remove() removes what lies below a prefix, and nothing else": async ({ blobs }) => {
    for (const id of ["s_1", "s_1/a", "s_1/b/c", "s_10/a"]) {
      await blobs.put(id, streamOf(id), { signal });
    }

    await blobs.remove("s_1");
    await blobs.remove("unknown");

    const left = ["s_1", "s_1/a", "s_1/b/c", "s_10/a"].map(async (id) => await blobs.open(id));
    const found = (await Promise.all(left)).map((bytes) => bytes !== undefined);
    assert.deepEqual(found, [true, false, false, true]);
  },

  "ids that are no ids are refused": async ({ blobs }) => {
    const ids = [
      "",
      "/",
      "a/",
      "/a",
      "a//b",
      ".",
      "..",
      "a/../b",
      "a b",
      "a.b",
      "ä",
      "a\n",
      "a\\b",
    ];
    for (const id of ids) {
      await assert.rejects(blobs.put(id, streamOf("x"), { signal }), RangeError, id);
      await assert.rejects(blobs.open(id), RangeError, id);
      await assert.rejects(blobs.remove(id), RangeError, id);
    }
  },
};
