import assert from "node:assert/strict";

import { isOpsthreadError } from "../core/errors.ts";
import type { ErrorCode } from "../core/errors.ts";
import type { ThreadRef } from "../core/ids.ts";
import type { Post } from "../core/post.ts";
import { artifactsOf, binary, noArtifacts, postInto } from "./adapter-suite-support.ts";
import type { AdapterCases, AdapterUnderTest, SeenPost } from "./adapter-suite.ts";

const { signal } = new AbortController();
const plain = { signal, open: noArtifacts };

/** Posts on their way to the thread. */
export const postCases: AdapterCases = {
  "a post appears once, and can be found by its key": async (subject) => {
    const { adapter } = subject;
    const thread = await askedThread(subject);
    const other = await askedThread(subject);
    const { messageId } = await adapter.post(postInto(thread, { key: "k1" }), plain);

    assert.deepEqual(await textsIn(subject, thread), ["Done."]);
    assert.deepEqual(await adapter.findPost(thread, "k1", { signal }), { messageId });
    assert.equal(await adapter.findPost(thread, "k2", { signal }), undefined);
    assert.equal(await adapter.findPost(other, "k1", { signal }), undefined);
    assert.deepEqual(await subject.posts(other), []);
  },

  "posts appear in their order, of every kind": async (subject) => {
    const thread = await askedThread(subject);
    const kinds = ["notice", "question", "answer", "answer"] as const;
    for (const [index, kind] of kinds.entries()) {
      const post = postInto(thread, { key: `k${index}`, kind, markdown: `Number ${index}` });
      await subject.adapter.post(post, plain);
    }

    const texts = (await subject.posts(thread)).map(({ text }) => /Number \d/.exec(text)?.[0]);
    assert.deepEqual(texts, ["Number 0", "Number 1", "Number 2", "Number 3"]);
  },

  "a post that nobody asked for opens its thread": async (subject) => {
    const thread = await subject.emptyThread();
    assert.equal(await subject.adapter.findPost(thread, "k1", { signal }), undefined);
    await subject.adapter.post(postInto(thread, { key: "k1" }), plain);

    assert.deepEqual(await textsIn(subject, thread), ["Done."]);
    assert.ok(await subject.adapter.findPost(thread, "k1", { signal }));
  },

  "a long post loses nothing": async (subject) => {
    const thread = await askedThread(subject);
    const words = Array.from({ length: 12_000 }, (_, index) => `w${index}`);
    const markdown = words.map((word, index) => word + (index % 40 === 39 ? "\n\n" : " ")).join("");
    const { messageId } = await subject.adapter.post(
      postInto(thread, { key: "k1", markdown }),
      plain,
    );

    const seen = (await textsIn(subject, thread)).join(" ");
    assert.deepEqual(seen.match(/w\d+/g), words);
    assert.deepEqual(await subject.adapter.findPost(thread, "k1", { signal }), { messageId });
  },

  "a long block of code stays code in every message": async (subject) => {
    const thread = await askedThread(subject);
    const lines = Array.from({ length: 4000 }, (_, index) => `const line${index} = ${index};`);
    const markdown = `Before\n\n\`\`\`js\n${lines.join("\n")}\n\`\`\`\n\nAfter`;
    await subject.adapter.post(postInto(thread, { key: "k1", markdown }), plain);

    const texts = await textsIn(subject, thread);
    for (const text of texts) assert.equal((text.match(/```/g)?.length ?? 0) % 2, 0, text);
    const seen = texts.join("\n").match(/const line\d+ = \d+;/g);
    assert.deepEqual(seen, lines);
  },

  "artifacts arrive byte for byte": async (subject) => {
    const thread = await askedThread(subject);
    const files = [
      { name: "report.md", bytes: Buffer.from("# Größe\n") },
      { name: "data.bin", bytes: binary(150_000) },
      { name: "empty.txt", bytes: new Uint8Array() },
    ];
    await postWith(subject, thread, files);

    const seen = await filesIn(subject, thread);
    assert.deepEqual(
      seen.map(({ name }) => name),
      files.map(({ name }) => name),
    );
    assertSameBytes(seen, files);
  },

  "artifacts with equal or hostile names all arrive": async (subject) => {
    const thread = await askedThread(subject);
    const files = hostileNames.map((name, index) => ({
      name,
      bytes: Buffer.from(`file ${index}`),
    }));
    await postWith(subject, thread, files);

    assertSameBytes(await filesIn(subject, thread), files);
  },

  "a post whose artifact is no longer kept appears without it": async (subject) => {
    const thread = await askedThread(subject);
    const { artifacts } = artifactsOf([{ name: "old.log", bytes: Buffer.from("x") }]);
    await subject.adapter.post(postInto(thread, { key: "k1", artifacts }), plain);

    assert.match((await textsIn(subject, thread)).join("\n"), /Done\./);
    assert.deepEqual(await filesIn(subject, thread), []);
  },

  "a post whose artifact can't be read does not appear": async (subject) => {
    const thread = await askedThread(subject);
    const { artifacts, open } = artifactsOf([{ name: "a.log", bytes: binary(50_000) }]);
    const post = postInto(thread, { key: "k1", artifacts });
    const breaking = async (artifact: (typeof artifacts)[number]) => breakOff(await open(artifact));

    await assertFails(subject, post, { code: "ADAPTER_POST_FAILED", open: breaking });
    assert.deepEqual(await subject.posts(thread), []);
    assert.equal(await subject.adapter.findPost(thread, "k1", { signal }), undefined);
    await subject.adapter.post(post, { signal, open });
    assert.equal((await filesIn(subject, thread)).length, 1);
  },

  "a post that the platform could not take can be sent again": async (subject) => {
    const thread = await askedThread(subject);
    const post = postInto(thread, { key: "k1" });
    subject.fault({ type: "post-unavailable" });

    await assertFails(subject, post, { code: "ADAPTER_POST_FAILED" });
    assert.equal(await subject.adapter.findPost(thread, "k1", { signal }), undefined);
    await subject.adapter.post(post, plain);
    assert.deepEqual(await textsIn(subject, thread), ["Done."]);
  },

  "a post of unknown outcome is found when it was taken": async (subject) => {
    const thread = await askedThread(subject);
    subject.fault({ type: "post-connection-lost", taken: true });

    await assertFails(subject, postInto(thread, { key: "k1" }), { code: "ADAPTER_POST_UNKNOWN" });
    assert.ok(await subject.adapter.findPost(thread, "k1", { signal }));
    assert.deepEqual(await textsIn(subject, thread), ["Done."]);
  },

  "a post of unknown outcome is not found when it was not taken": async (subject) => {
    const thread = await askedThread(subject);
    subject.fault({ type: "post-connection-lost", taken: false });

    await assertFails(subject, postInto(thread, { key: "k1" }), { code: "ADAPTER_POST_UNKNOWN" });
    assert.equal(await subject.adapter.findPost(thread, "k1", { signal }), undefined);
    assert.deepEqual(await subject.posts(thread), []);
  },

  "a refused post rejects for good": async (subject) => {
    const thread = await askedThread(subject);
    subject.fault({ type: "post-rejected" });

    await assertFails(subject, postInto(thread, { key: "k1" }), { code: "ADAPTER_POST_REJECTED" });
    assert.deepEqual(await subject.posts(thread), []);
  },

  "too many posts reject with the time to wait": async (subject) => {
    const thread = await askedThread(subject);
    subject.fault({ type: "post-rate-limited", retryAfterMs: 3000 });
    const error = await assertFails(subject, postInto(thread, { key: "k1" }), {
      code: "ADAPTER_RATE_LIMITED",
    });

    assert.equal(error.data["retryAfterMs"], 3000);
    assert.deepEqual(await subject.posts(thread), []);
  },

  "post() does nothing when its signal is aborted already": async (subject) => {
    const thread = await askedThread(subject);
    const reason = new Error("The lease is lost");
    const aborted = { signal: AbortSignal.abort(reason), open: noArtifacts };

    await assert.rejects(subject.adapter.post(postInto(thread, { key: "k1" }), aborted), reason);
    assert.deepEqual(await subject.posts(thread), []);
  },
};

const hostileNames = [
  "same.txt",
  "same.txt",
  "SAME.txt",
  "../../etc/passwd",
  "/etc/passwd",
  "C:\\Windows\\win.ini",
  "..",
  ".",
  ".hidden",
  "a/b/c.log",
  "nul",
  "line\nbreak\u001b[2J.txt",
  "\u202Egnp.exe",
  "\ud800.txt",
  `${"long".repeat(200)}.tar.gz`,
  "-rf",
  " ",
  "%2e%2e%2fx",
  "tail.txt.",
];

/** A thread in which a person asked for something. */
async function askedThread({ say }: AdapterUnderTest): Promise<ThreadRef> {
  return (await say({ text: "please" })).thread;
}

async function textsIn({ posts }: AdapterUnderTest, thread: ThreadRef): Promise<readonly string[]> {
  return (await posts(thread)).map(({ text }) => text);
}

async function filesIn({ posts }: AdapterUnderTest, thread: ThreadRef): Promise<SeenPost["files"]> {
  return (await posts(thread)).flatMap(({ files }) => files);
}

async function postWith(
  { adapter }: AdapterUnderTest,
  thread: ThreadRef,
  files: SeenPost["files"],
): Promise<void> {
  const { artifacts, open } = artifactsOf(files);
  await adapter.post(postInto(thread, { key: "k1", artifacts }), { signal, open });
}

function assertSameBytes(seen: SeenPost["files"], sent: SeenPost["files"]): void {
  const contents = (files: SeenPost["files"]): readonly string[] =>
    files.map(({ bytes }) => Buffer.from(bytes).toString("base64"));
  assert.deepEqual(contents(seen), contents(sent));
}

async function assertFails(
  { adapter }: AdapterUnderTest,
  post: Post,
  { code, open = noArtifacts }: { readonly code: ErrorCode; readonly open?: typeof noArtifacts },
) {
  const error: unknown = await adapter.post(post, { signal, open }).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(isOpsthreadError(error, code), `rejects with ${code}`);
  return error;
}

async function* breakOff(
  source: AsyncIterable<Uint8Array> | undefined,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of source ?? []) {
    yield chunk;
    throw new Error("The disk is gone");
  }
}
