import assert from "node:assert/strict";

import type { RememberedCall } from "../core/call-request.ts";
import { isOpsthreadError } from "../core/errors.ts";
import { sampleNote } from "./samples.ts";
import { leaseSession } from "./store-suite-lease.ts";
import type { StoreCases } from "./store-suite.ts";

const call = (approvalId: string, sessionId = "s_one"): RememberedCall => ({
  approvalId,
  sessionId,
  request: {
    kind: "call",
    tool: "shell",
    because: ["git push"],
    covers: [{ type: "command", tool: "shell", pattern: "git push *" }],
  },
  by: { id: "U1" },
  at: 5,
});

/** remembered(), and what `append` adds to it and takes from it. */
export const rememberedCases: StoreCases = {
  "append() remembers approvals for all sessions, and forgets them by id": async ({ store }) => {
    const lease = await leaseSession(store);
    assert.deepEqual(await store.remembered(), []);
    const [one, two, same] = [call("1aaaaa"), call("2aaaaa"), call("1aaaaa", "s_two")];
    await store.append(lease, { after: 0, entries: [sampleNote("a")], remember: [one, two] });
    await store.append(lease, { after: 1, entries: [sampleNote("b")], remember: [one, same] });

    assert.deepEqual(await store.remembered(), [one, two, same]);

    await store.append(lease, {
      after: 2,
      entries: [sampleNote("c")],
      forget: ["1aaaaa", "9zzzzz"],
    });
    assert.deepEqual(await store.remembered(), [two]);
  },

  "append() remembers and forgets nothing when it is refused": async ({ store }) => {
    const lease = await leaseSession(store);
    await store.append(lease, { after: 0, entries: [sampleNote("a")], remember: [call("1aaaaa")] });

    const late = { after: 0, entries: [sampleNote("b")], remember: [call("2aaaaa")] };
    await assert.rejects(store.append(lease, { ...late, forget: ["1aaaaa"] }), (error) =>
      isOpsthreadError(error, "STORE_FENCED"),
    );

    assert.deepEqual(await store.remembered(), [call("1aaaaa")]);
  },

  "an append that is repeated does not remember again what was forgotten since": async ({
    store,
  }) => {
    const lease = await leaseSession(store);
    const append = { after: 0, entries: [sampleNote("a")], remember: [call("1aaaaa")] };
    await store.append(lease, append);
    await store.append(lease, { after: 1, entries: [sampleNote("b")], forget: ["1aaaaa"] });

    await store.append(lease, append);

    assert.deepEqual(await store.remembered(), []);
  },

  "what is remembered outlives the process and the session": async ({ store, clock, reopen }) => {
    const lease = await leaseSession(store);
    const { sessionId } = lease;
    const remember = [call("1aaaaa", sessionId)];
    await store.append(lease, { after: 0, entries: [sampleNote("a")], remember, inboxThrough: 9 });
    await store.release(lease, { done: true });
    await clock.advance(1000);
    assert.deepEqual(await store.prune({ idleBefore: clock.now() }), [sessionId]);

    assert.deepEqual(await (await reopen()).remembered(), remember);
  },
};
