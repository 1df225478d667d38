import { randomBytes } from "node:crypto";
import { setImmediate as tick } from "node:timers/promises";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { type S3Options, s3Blobs } from "../../src/store/s3/index.ts";
import { blobsSuite } from "../../src/testing/blobs-suite.ts";
import { s3Twin, type S3Twin } from "../../src/testing/s3-twin/s3-twin.ts";

const { signal } = new AbortController();
const partBytes = 5 * 1024 ** 2;

const at = ({ url: endpoint, bucket, credentials }: S3Twin, more: Partial<S3Options> = {}) =>
  s3Blobs({ endpoint, bucket, credentials, partBytes, ...more });

async function* chunks(...list: readonly (string | Buffer)[]): AsyncGenerator<Uint8Array> {
  for (const chunk of list) yield Buffer.from(chunk);
}

async function read(bytes: AsyncIterable<Uint8Array> | undefined): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const chunk of bytes ?? []) all.push(chunk);
  return Buffer.concat(all);
}

describe("s3Blobs()", () => {
  blobsSuite({
    test,
    async open() {
      const s3 = await s3Twin();
      const blobs = at(s3, { prefix: "bots/ops/" });
      return {
        blobs,
        async [Symbol.asyncDispose]() {
          await blobs[Symbol.asyncDispose]();
          await s3[Symbol.asyncDispose]();
        },
      };
    },
  });
});

describe("s3Blobs() and its bucket", () => {
  let s3: S3Twin;
  let blobs: ReturnType<typeof s3Blobs>;
  beforeEach(async () => {
    s3 = await s3Twin({ pageSize: 2 });
    blobs = at(s3);
  });
  afterEach(async () => {
    await blobs[Symbol.asyncDispose]();
    await s3[Symbol.asyncDispose]();
  });

  const large = randomBytes(partBytes + 1000);
  const asked = (): readonly string[] => s3.requests.map(({ operation }) => operation);
  /** A large blob, in chunks that fit into no part. */
  const putLarge = () =>
    blobs.put("s/large", chunks(large.subarray(0, 4_000_000), large.subarray(4_000_000)), {
      signal,
    });

  test("keys begin with the prefix", async () => {
    await using other = at(s3, { prefix: "bots/ops/" });
    await other.put("a/b", chunks("x"), { signal });

    expect(s3.keys()).toEqual(["bots/ops/a/b"]);
  });

  test("a large blob goes up in parts, and comes back as it was", async () => {
    expect(await putLarge()).toEqual({ bytes: large.length });

    expect(asked()).toEqual([
      "CreateMultipartUpload",
      "UploadPart",
      "UploadPart",
      "CompleteMultipartUpload",
    ]);
    expect(large.equals(await read(await blobs.open("s/large")))).toBe(true);
  });

  test("a blob of exactly one part goes up in one request", async () => {
    await blobs.put("a", chunks(large.subarray(0, partBytes)), { signal });

    expect(asked()).toEqual(["PutObject"]);
    expect(await read(await blobs.open("a"))).toHaveLength(partBytes);
  });

  test("parts that went up are taken away when the bytes break off", async () => {
    const broken = new Error("download broke off");
    async function* breaking(): AsyncGenerator<Uint8Array> {
      yield large;
      yield large;
      throw broken;
    }

    await expect(blobs.put("a", breaking(), { signal })).rejects.toBe(broken);

    expect(asked().at(-1)).toBe("AbortMultipartUpload");
    expect(s3.uploads()).toEqual([]);
    expect(s3.keys()).toEqual([]);
  });

  test("parts that went up are taken away when S3 refuses one for good", async () => {
    s3.fault("UploadPart", { type: "refused", status: 403, code: "AccessDenied" });

    await expect(putLarge()).rejects.toMatchObject({ code: "BLOBS_UNAVAILABLE" });
    expect(s3.uploads()).toEqual([]);
  });

  test("parts that went up are taken away when the writer is aborted", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    async function* hanging(): AsyncGenerator<Uint8Array> {
      yield large;
      yield large;
      while (!asked().includes("UploadPart")) await tick();
      controller.abort(reason);
      await new Promise(() => {});
    }

    const put = blobs.put("a", hanging(), { signal: controller.signal });
    await expect(put).rejects.toBe(reason);
    expect(s3.uploads()).toEqual([]);
  });

  test("reads no further ahead than what it holds in memory", async () => {
    let given = 0;
    let release = (): void => {};
    s3.fault("UploadPart", {
      type: "slow",
      until: new Promise((resolve) => {
        release = resolve;
      }),
    });
    async function* counted(): AsyncGenerator<Uint8Array> {
      for (; given < 16; given += 1) yield Buffer.alloc(1024 ** 2);
    }
    const put = blobs.put("a", counted(), { signal });
    const isQuiet = async (): Promise<boolean> => {
      const before = given;
      for (let round = 0; round < 200; round += 1) await tick();
      return before === given && given >= 9;
    };
    while (!(await isQuiet()));
    release();
    // Two parts: that it is more than one has to be known before the first one goes up.
    expect(given).toBe(9);
    expect(await put).toEqual({ bytes: 16 * 1024 ** 2 });
  });

  test.each([
    ["PutObject", { type: "failed", taken: false }],
    ["PutObject", { type: "failed", taken: true }],
    ["PutObject", { type: "slow-down" }],
    ["PutObject", { type: "drop", taken: true }],
    ["GetObject", { type: "failed", taken: false }],
    ["HeadObject", { type: "drop", taken: false }],
  ] as const)("%s is tried again after %o", async (operation, fault) => {
    s3.fault(operation, fault);
    await blobs.put("a", chunks("hello"), { signal });

    expect((await read(await blobs.open("a"))).toString()).toBe("hello");
    expect(asked().filter((each) => each === operation)).toHaveLength(2);
  });

  test.each([
    ["CreateMultipartUpload", false],
    ["UploadPart", true],
    ["UploadPart", false],
    ["CompleteMultipartUpload", false],
    ["CompleteMultipartUpload", true],
  ] as const)("%s is tried again after a failure (taken: %s)", async (operation, taken) => {
    s3.fault(operation, { type: "failed", taken });

    expect(await putLarge()).toEqual({ bytes: large.length });
    expect(s3.bytes("s/large")?.equals(large)).toBe(true);
  });

  test("reading goes on where the connection broke", async () => {
    await putLarge();
    s3.fault("GetObject", { type: "cut", after: 3_000_000 });
    s3.fault("GetObject", { type: "cut", after: 100 });

    expect(large.equals(await read(await blobs.open("s/large")))).toBe(true);
    expect(asked().filter((each) => each === "GetObject")).toHaveLength(3);
  });

  test("reading goes on in the same object only", async () => {
    await putLarge();
    const bytes = await blobs.open("s/large");
    s3.fault("GetObject", { type: "cut", after: 3_000_000 });
    const reading = (async () => {
      for await (const _ of bytes ?? [])
        if (s3.bytes("s/large")?.length !== 5)
          await blobs.put("s/large", chunks("other"), { signal });
    })();

    await expect(reading).rejects.toMatchObject({ code: "BLOBS_UNAVAILABLE" });
  });

  test.each([
    ["one", () => blobs.put("s/large", chunks("hello"), { signal })],
    ["several", putLarge],
  ])(
    "a blob in %s part that the bucket spoilt is not taken for what was written",
    async (_, put) => {
      await put();
      s3.spoil("s/large");

      await expect(read(await blobs.open("s/large"))).rejects.toMatchObject({
        code: "BLOB_DAMAGED",
      });
    },
  );

  test("remove() takes away more than one page of objects, and what a killed writer left", async () => {
    for (const id of ["s/1", "s/2", "s/3", "s/4", "s/5"])
      await blobs.put(id, chunks("x"), { signal });
    // Whoever was killed aborts nothing.
    s3.fault("AbortMultipartUpload", { type: "refused", status: 403, code: "AccessDenied" });
    s3.fault("UploadPart", { type: "refused", status: 403, code: "AccessDenied" });
    await expect(putLarge()).rejects.toThrow("access is denied");
    expect(s3.uploads()).toEqual(["s/large"]);

    await blobs.remove("s");

    expect(s3.keys()).toEqual([]);
    expect(s3.uploads()).toEqual([]);
  });

  test("check() tries all of it and leaves nothing", async () => {
    await blobs.check({ signal });

    expect(asked()).toEqual([
      "PutObject",
      "HeadObject",
      "GetObject",
      "ListObjectsV2",
      "DeleteObjects",
      "ListMultipartUploads",
    ]);
    expect(s3.keys()).toEqual([]);
  });
});

describe("what s3Blobs() says when", () => {
  const told = async (more: Partial<S3Options>, twin: Parameters<typeof s3Twin>[0] = {}) => {
    await using s3 = await s3Twin(twin);
    await using blobs = at(s3, more);
    return await blobs.check({ signal }).then(
      () => "nothing",
      (error: unknown) => (error instanceof Error ? error.message : "no error"),
    );
  };
  const credentials = { accessKeyId: "AKIATWIN", secretAccessKey: "secret-of-the-twin" };

  test("the bucket is not there", async () => {
    expect(await told({ bucket: "other" })).toMatch(
      /^Cannot write blob "check-.*" in bucket "other" at http:\/\/127.*: there is no such bucket. Make it, or name another one/,
    );
  });

  test("the bucket is not there and something is read", async () => {
    await using s3 = await s3Twin();
    await using blobs = at(s3, { bucket: "other" });

    await expect(blobs.open("a")).rejects.toThrow("there is no such bucket");
  });

  test("the access key is unknown", async () => {
    const unknown = { ...credentials, accessKeyId: "AKIAOTHER" };
    expect(await told({ credentials: unknown })).toContain("the access key is not known there");
  });

  test("the secret key is wrong, without showing it", async () => {
    const wrong = { ...credentials, secretAccessKey: "not-that-one" };
    const message = await told({ credentials: wrong });

    expect(message).toContain("the secret key is not the one of the access key");
    expect(message).not.toContain("not-that-one");
  });

  test("the region is another one", async () => {
    expect(await told({ region: "us-east-1" }, { region: "eu-central-1" })).toContain(
      'the bucket is in region "eu-central-1", not in "us-east-1". Set the region of blobs to it',
    );
  });

  test("nothing listens there", async () => {
    expect(await told({ endpoint: "http://127.0.0.1:1" })).toContain("nothing listens there");
  });

  test("a right is missing", async () => {
    await using s3 = await s3Twin();
    await using blobs = at(s3);
    s3.fault("ListObjectsV2", { type: "refused", status: 403, code: "AccessDenied" });

    await expect(blobs.check({ signal })).rejects.toThrow(/access is denied. Allow s3:GetObject/);
  });

  test("an option is wrong", () => {
    expect(() => s3Blobs({ bucket: "ops", partBytes: 1000 })).toThrow(/partBytes/);
    expect(() => s3Blobs({ bucket: "ops", endpoint: "minio:9000" })).toThrow(/endpoint/);
    expect(() => s3Blobs({ bucket: "ops", prefix: "no-slash" })).toThrow(/each end with "\/"/);
  });

  test("the clock is wrong: nothing, since the SDK goes by the server's", async () => {
    expect(await told({}, { now: () => Date.now() + 3_600_000 })).toBe("nothing");
  });
});
