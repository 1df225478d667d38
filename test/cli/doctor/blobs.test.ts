import { expect, test } from "vitest";

import { checkBlobs } from "../../../src/cli/doctor/blobs.ts";
import { s3Twin } from "../../../src/testing/s3-twin/s3-twin.ts";

const { signal } = new AbortController();

test("a bucket that works is told, with where it is", async () => {
  await using s3 = await s3Twin();
  const { url: endpoint, bucket, credentials } = s3;
  const options = { driver: "s3", endpoint, bucket, credentials, prefix: "bot/" } as const;

  expect(await checkBlobs(options, { dataFolder: "unused", signal })).toEqual({
    name: "blobs",
    status: "ok",
    text: `bucket "ops", below bot/, at ${endpoint}`,
  });
  expect(s3.keys()).toEqual([]);
});

test("one that does not is told with what to do", async () => {
  await using s3 = await s3Twin();
  const { url: endpoint, credentials } = s3;
  const options = { driver: "s3", endpoint, bucket: "another", credentials } as const;

  expect(await checkBlobs(options, { dataFolder: "unused", signal })).toMatchObject({
    status: "fail",
    text: expect.stringContaining("there is no such bucket. Make it, or name another one"),
    hint: expect.stringContaining("docs/blobs.md"),
  });
});
