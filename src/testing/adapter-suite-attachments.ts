import assert from "node:assert/strict";

import { isOpsthreadError } from "../core/errors.ts";
import type { Attachment } from "../core/message.ts";
import { binary, bytesOf, recordingInbound } from "./adapter-suite-support.ts";
import type { AdapterCases, AdapterUnderTest } from "./adapter-suite.ts";

const { signal } = new AbortController();

/** Files that people attach. */
export const attachmentCases: AdapterCases = {
  "attachments come with their names and sizes": async (subject) => {
    const { attachments } = await sent(subject);

    assert.deepEqual(
      attachments.map(({ name, bytes }) => ({ name, bytes })),
      files.map(({ name, bytes }) => ({ name, bytes: bytes.byteLength })),
    );
    assert.equal(new Set(attachments.map(({ id }) => id)).size, files.length);
  },

  "download() gives the bytes as they were sent": async (subject) => {
    const { thread, attachments } = await sent(subject);

    for (const [index, attachment] of attachments.entries()) {
      const bytes = await bytesOf(subject.adapter.download(thread, attachment, { signal }));
      assert.ok(bytes.equals(files[index]?.bytes ?? Buffer.alloc(0)), attachment.name);
    }
  },

  "download() can be broken off and begun again": async (subject) => {
    const { thread, attachments } = await sent(subject);
    const [attachment] = attachments;
    assert.ok(attachment);
    for await (const chunk of subject.adapter.download(thread, attachment, { signal })) {
      assert.ok(chunk.byteLength > 0);
      break;
    }
    const bytes = await bytesOf(subject.adapter.download(thread, attachment, { signal }));

    assert.equal(bytes.byteLength, files[0].bytes.byteLength);
  },

  "download() rejects with ATTACHMENT_UNAVAILABLE when the file is gone": async (subject) => {
    const { thread, attachments } = await sent(subject);
    const [attachment] = attachments;
    assert.ok(attachment);
    subject.loseFile(attachment);

    await assertUnavailable(subject.adapter.download(thread, attachment, { signal }));
  },

  "download() rejects with ATTACHMENT_UNAVAILABLE for ids that never were": async (subject) => {
    const { thread } = await sent(subject);

    for (const id of ["nothing", "../workspace.jsonl", "F0\0", "x".repeat(5000)]) {
      await assertUnavailable(subject.adapter.download(thread, { id, name: "x" }, { signal }));
    }
  },

  "download() rejects with the signal's reason": async (subject) => {
    const { thread, attachments } = await sent(subject);
    const [attachment] = attachments;
    assert.ok(attachment);
    const reason = new Error("Not needed any more");
    const download = subject.adapter.download(thread, attachment, {
      signal: AbortSignal.abort(reason),
    });

    await assert.rejects(bytesOf(download), reason);
  },
};

const files = [
  { name: "app.log", bytes: binary(200_000) },
  { name: "empty.txt", bytes: new Uint8Array() },
  { name: "Größe (1) 漢字.bin", bytes: binary(256) },
] as const;

async function sent({ adapter, say }: AdapterUnderTest) {
  const inbound = recordingInbound();
  await adapter.start(inbound);
  const { thread } = await say({ text: "read these", files });
  const [message] = await inbound.received(1);
  const attachments: readonly Attachment[] = message?.attachments ?? [];
  return { thread, attachments };
}

async function assertUnavailable(download: AsyncIterable<Uint8Array>): Promise<void> {
  await assert.rejects(bytesOf(download), (error) =>
    isOpsthreadError(error, "ATTACHMENT_UNAVAILABLE"),
  );
}
