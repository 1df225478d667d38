import type { Connection } from "./connection.ts";

/** Removes the objects below a prefix, and parts of such that a writer left when it was killed. */
export async function removeBelow(connection: Connection, prefix: string): Promise<void> {
  const action = `remove the blobs below "${prefix}"`;
  await connection.attempt(action, async () => {
    await removeObjects(connection, prefix);
    await removeUploads(connection, prefix);
  });
}

async function removeObjects(
  { sdk, client, bucket, key }: Connection,
  prefix: string,
): Promise<void> {
  const below = { Bucket: bucket, Prefix: `${key(prefix)}/` };
  for (let more: string | undefined, isFirst = true; isFirst || more !== undefined;) {
    const list = new sdk.ListObjectsV2Command({
      ...below,
      ...(more !== undefined && { ContinuationToken: more }),
    });
    const { Contents = [], IsTruncated = false, NextContinuationToken } = await client.send(list);
    const keys = Contents.flatMap(({ Key }) => (Key === undefined ? [] : [{ Key }]));
    if (keys.length > 0) {
      const remove = new sdk.DeleteObjectsCommand({
        Bucket: bucket,
        Delete: { Objects: keys, Quiet: true },
      });
      const { Errors = [] } = await client.send(remove);
      const [first] = Errors;
      if (first) throw Object.assign(new Error(first.Message), { name: first.Code ?? "Error" });
    }
    isFirst = false;
    more = IsTruncated ? NextContinuationToken : undefined;
  }
}

async function removeUploads(
  { sdk, client, bucket, key }: Connection,
  prefix: string,
): Promise<void> {
  const list = new sdk.ListMultipartUploadsCommand({ Bucket: bucket, Prefix: `${key(prefix)}/` });
  for (;;) {
    const { Uploads = [], IsTruncated = false } = await client.send(list);
    for (const { Key, UploadId } of Uploads)
      await client.send(new sdk.AbortMultipartUploadCommand({ Bucket: bucket, Key, UploadId }));
    // Those of this page are gone: the next one begins where it began.
    if (!IsTruncated || Uploads.length === 0) return;
  }
}
