import assert from "node:assert/strict";

import type { ThreadOpening } from "../adapters/adapter.ts";
import { isOpsthreadError } from "../core/errors.ts";
import type { ErrorCode } from "../core/errors.ts";
import { noArtifacts, postInto } from "./adapter-suite-support.ts";
import type { AdapterCases, AdapterUnderTest } from "./adapter-suite.ts";

const { signal } = new AbortController();

/** Threads that nobody asked for. Where the adapter begins none, there is nothing to see. */
export const openingCases: AdapterCases = {
  "openThread() begins a thread, and posts go into it": async (subject) => {
    const { adapter } = subject;
    if (!adapter.openThread) return;
    const thread = await adapter.openThread(await opening(subject, "o1"), { signal });
    const other = await adapter.openThread(await opening(subject, "o2"), { signal });
    await adapter.post(postInto(thread, { key: "k1" }), { signal, open: noArtifacts });

    const texts = (await subject.posts(thread)).map(({ text }) => text);
    assert.match(texts.join("\n"), /Every morning[\s\S]*Done\./);
    assert.notDeepEqual(thread, other);
    assert.doesNotMatch((await subject.posts(other)).map(({ text }) => text).join("\n"), /Done\./);
  },

  "openThread() of a key that was begun is that thread": async (subject) => {
    const { adapter } = subject;
    if (!adapter.openThread) return;
    const asked = await opening(subject, "o1");
    const thread = await adapter.openThread(asked, { signal });
    await adapter.post(postInto(thread, { key: "k1" }), { signal, open: noArtifacts });

    const again = await adapter.openThread({ ...asked, since: longAgo }, { signal });
    assert.deepEqual(again, thread);
    const other = await opening(subject, "o2");
    assert.notDeepEqual(await adapter.openThread({ ...other, since: longAgo }, { signal }), thread);
  },

  "openThread() finds a thread whose beginning was taken while the connection broke": async (
    subject,
  ) => {
    const { adapter } = subject;
    if (!adapter.openThread) return;
    const asked = await opening(subject, "o1");
    subject.fault({ type: "post-connection-lost", taken: true });
    await fails(adapter.openThread(asked, { signal }), "ADAPTER_POST_UNKNOWN");

    const thread = await adapter.openThread({ ...asked, since: longAgo }, { signal });
    assert.equal((await subject.posts(thread)).length, 1);
    assert.deepEqual(await adapter.openThread({ ...asked, since: longAgo }, { signal }), thread);
  },

  "openThread() begins it where the connection broke before": async (subject) => {
    const { adapter } = subject;
    if (!adapter.openThread) return;
    const asked = await opening(subject, "o1");
    subject.fault({ type: "post-connection-lost", taken: false });
    await fails(adapter.openThread(asked, { signal }), "ADAPTER_POST_UNKNOWN");

    const thread = await adapter.openThread({ ...asked, since: longAgo }, { signal });
    assert.equal((await subject.posts(thread)).length, 1);
  },

  "openThread() tells what the platform said": async (subject) => {
    const { adapter } = subject;
    if (!adapter.openThread) return;
    const asked = await opening(subject, "o1");
    subject.fault({ type: "post-rejected" });
    await fails(adapter.openThread(asked, { signal }), "ADAPTER_POST_REJECTED");
    subject.fault({ type: "post-unavailable" });
    await fails(adapter.openThread(asked, { signal }), "ADAPTER_POST_FAILED");
    const ended = AbortSignal.abort();
    await assert.rejects(adapter.openThread(asked, { signal: ended }));
  },
};

/** Since before any platform's clock. */
const longAgo = 1;

async function opening(subject: AdapterUnderTest, key: string): Promise<ThreadOpening> {
  const { thread: _, ...channel } = await subject.emptyThread();
  return { channel, key, title: "Every morning", markdown: "**Every morning**: look" };
}

async function fails(opened: Promise<unknown>, code: ErrorCode): Promise<void> {
  await assert.rejects(opened, (error) => isOpsthreadError(error, code));
}
