import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";

import type { Inbound, OpenArtifact, Received, Revision } from "../adapters/adapter.ts";
import type { ThreadRef } from "../core/ids.ts";
import type { Message } from "../core/message.ts";
import type { Artifact, Post } from "../core/post.ts";

/** A bot that writes down what it gets, and answers each message as it is told. */
export interface RecordingInbound extends Inbound {
  readonly messages: readonly Message[];
  readonly revisions: readonly Revision[];
  /** Resolves with the messages when there are `count`. */
  received(count: number): Promise<readonly Message[]>;
}

export function recordingInbound(
  answer: (message: Message) => Promise<Received> = async () => ({ status: "accepted" }),
  {
    check = () => ({ allowed: true }),
    threads = async () => [],
    begunAt = async () => undefined,
  }: Partial<Pick<Inbound, "check" | "threads" | "begunAt">> = {},
): RecordingInbound {
  const messages: Message[] = [];
  const revisions: Revision[] = [];
  const stored = new Set<string>();
  return {
    messages,
    revisions,
    check,
    threads,
    begunAt,
    tasks: [
      { name: "logs", title: "Read logs" },
      { name: "diff", title: "Compare files" },
    ],
    async revise(revision) {
      revisions.push(revision);
      // What was stored waits to be read.
      return { status: stored.has(revision.id) ? "accepted" : "ignored" };
    },
    async receive(message) {
      messages.push(message);
      const received = await answer(message);
      if (received.status === "accepted") stored.add(message.id);
      return received;
    },
    async received(count) {
      await eventually(() => messages.length >= count, `${count} messages`);
      return messages;
    },
  };
}

/** Resolves when `holds` is true. It is asked again and again, as a platform's network can't be awaited. */
export async function eventually(
  holds: () => boolean | Promise<boolean>,
  what: string,
): Promise<void> {
  const until = Date.now() + 25_000;
  while (!(await holds())) {
    assert.ok(Date.now() < until, `Waited too long for ${what}`);
    await delay(2);
  }
}

/** A post into `thread`, with a key of its own. */
export function postInto(thread: ThreadRef, post: Partial<Post> & { readonly key: string }): Post {
  return {
    sessionId: "s_suite",
    thread,
    turn: 1,
    kind: "answer",
    markdown: "Done.",
    artifacts: [],
    ...post,
  };
}

/** Artifacts with the bytes of each, and the function that opens them. */
export function artifactsOf(
  files: readonly { readonly name: string; readonly bytes: Uint8Array }[],
): {
  readonly artifacts: readonly Artifact[];
  readonly open: OpenArtifact;
} {
  const artifacts = files.map(({ name, bytes }, index) => ({
    name,
    blob: `suite/${index}`,
    bytes: bytes.byteLength,
    mediaType: "application/octet-stream",
  }));
  return {
    artifacts,
    open: async ({ blob }) => chunksOf(files[Number(blob.split("/")[1])]?.bytes),
  };
}

/** No post of a test that uses this has artifacts. */
export const noArtifacts: OpenArtifact = async () => undefined;

/** Every byte value, in an order that no text encoding survives. */
export function binary(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (index * 167 + (index >> 8) * 31) & 255);
}

export async function bytesOf(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function* chunksOf(bytes: Uint8Array = new Uint8Array()): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += chunkSize) yield bytes.subarray(at, at + chunkSize);
}

const chunkSize = 10_007;
