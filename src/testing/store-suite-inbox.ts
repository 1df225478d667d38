import assert from "node:assert/strict";

import { sessionIdOf } from "../core/ids.ts";
import { sampleMessage, sampleRead, sampleThread } from "./samples.ts";
import type { StoreCases } from "./store-suite.ts";

const thread = sampleThread("T1");
const sessionId = sessionIdOf(thread);

/** accept() and readInbox(). */
export const inboxCases: StoreCases = {
  "accept() opens a session that is dirty and has the message unread": async ({ store, clock }) => {
    const accepted = await store.accept(sampleMessage("M1", thread), { opens: true });

    assert.deepEqual(accepted, { status: "accepted", sessionId });
    assert.deepEqual(await store.session(sessionId), {
      sessionId,
      thread,
      createdAt: clock.now(),
      activeAt: clock.now(),
      dirty: true,
      unread: 1,
    });
  },

  "accept() keeps every part of a message": async ({ store }) => {
    const message = sampleMessage("M\u0000 ✓ 'quoted'", thread, {
      actor: { id: "U9", roles: [] },
      kind: "thread",
      text: "naïve 🧵\n\u0000\u2028 \ud800 end",
      attachments: [{ id: "F1", name: "app.log", mediaType: "text/plain", bytes: 12 }],
      sentAt: 1234.5,
    });
    await store.accept(message, { opens: true });

    assert.deepEqual(await store.readInbox(sessionId, { after: 0 }), [{ seq: 1, message }]);
  },

  "readInbox() gives messages in the order they were accepted": async ({ store }) => {
    for (const id of ["M2", "M1", "M3"]) {
      await store.accept(sampleMessage(id, thread, { sentAt: Number(id[1]) }), { opens: true });
    }

    const ids = async (after: number): Promise<readonly (string | number)[]> =>
      (await store.readInbox(sessionId, { after })).flatMap(({ seq, message }) => [
        seq,
        message.id,
      ]);
    assert.deepEqual(await ids(0), [1, "M2", 2, "M1", 3, "M3"]);
    assert.deepEqual(await ids(2), [3, "M3"]);
    assert.deepEqual(await ids(3), []);
  },

  "revise() replaces a message that is unread, in its place": async ({ store, reopen }) => {
    for (const id of ["M1", "M2", "M3"])
      await store.accept(sampleMessage(id, thread), { opens: true });
    const message = sampleMessage("M2", thread, { text: "edited", kind: "stop" });

    assert.equal(await store.revise({ id: "M2", thread, message }), true);
    const reopened = await reopen();
    const inbox = await reopened.readInbox(sessionId, { after: 0 });
    assert.deepEqual(
      inbox.map(({ seq, message: { text } }) => [seq, text]),
      [
        [1, "message M1"],
        [2, "edited"],
        [3, "message M3"],
      ],
    );
    assert.deepEqual(inbox[1]?.message, message);
  },

  "revise() takes out a message that was deleted; it does not come back": async ({ store }) => {
    await store.accept(sampleMessage("M1", thread), { opens: true });
    await store.accept(sampleMessage("M2", thread), { opens: true });

    assert.equal(await store.revise({ id: "M1", thread, message: undefined }), true);
    const again = await store.accept(sampleMessage("M1", thread), { opens: true });
    assert.equal(again.status, "duplicate");
    await store.accept(sampleMessage("M3", thread), { opens: true });
    const inbox = await store.readInbox(sessionId, { after: 0 });
    assert.deepEqual(
      inbox.map(({ seq, message: { id } }) => [seq, id]),
      [
        [2, "M2"],
        [3, "M3"],
      ],
    );
    assert.deepEqual(await store.dirtySessions(), [sessionId]);
  },

  "a session whose only message was taken out can be released": async ({ store }) => {
    await store.accept(sampleMessage("M1", thread), { opens: true });
    await store.revise({ id: "M1", thread, message: undefined });
    const lease = await store.lease(sessionId, { holder: "h1", ttlMs: 1000 });
    assert.ok(lease);

    assert.equal(await store.release(lease, { done: true }), "released");
    assert.equal((await store.session(sessionId))?.unread, 0);
  },

  "a message that was taken out behind another one holds up nothing": async ({ store }) => {
    for (const id of ["M1", "M2"]) await store.accept(sampleMessage(id, thread), { opens: true });
    await store.revise({ id: "M2", thread, message: undefined });
    assert.equal((await store.session(sessionId))?.unread, 1);
    const lease = await store.lease(sessionId, { holder: "h1", ttlMs: 1000 });
    assert.ok(lease);
    const read = sampleRead(sampleMessage("M1", thread));
    await store.append(lease, { after: 0, entries: [read], inboxThrough: 1 });

    assert.equal(await store.release(lease, { done: true }), "released");
    await store.accept(sampleMessage("M3", thread), { opens: true });
    const inbox = await store.readInbox(sessionId, { after: 0 });
    assert.deepEqual(
      inbox.map(({ seq, message: { id } }) => [seq, id]),
      [[3, "M3"]],
    );
  },

  "revise() changes nothing that was read, or that is elsewhere": async ({ store }) => {
    const message = sampleMessage("M1", thread, { text: "edited" });
    assert.equal(await store.revise({ id: "M1", thread, message }), false);
    await store.accept(sampleMessage("M1", thread), { opens: true });
    const other = sampleThread("T2");
    assert.equal(await store.revise({ id: "M1", thread: other, message: undefined }), false);
    const lease = await store.lease(sessionId, { holder: "h1", ttlMs: 1000 });
    assert.ok(lease);
    const read = sampleRead(sampleMessage("M1", thread));
    await store.append(lease, { after: 0, entries: [read], inboxThrough: 1 });

    assert.equal(await store.revise({ id: "M1", thread, message }), false);
    assert.equal(await store.revise({ id: "M1", thread, message: undefined }), false);
    assert.deepEqual(await store.readInbox(sessionId, { after: 0 }), []);
  },

  "readInbox() of an unknown session is empty": async ({ store }) => {
    assert.deepEqual(await store.readInbox("s_unknown", { after: 0 }), []);
  },

  "accept() takes a message once, however often it comes": async ({ store, reopen }) => {
    await store.accept(sampleMessage("M1", thread), { opens: true });
    const again = sampleMessage("M1", thread, { text: "edited" });
    const duplicate = { status: "duplicate", sessionId };

    assert.deepEqual(await store.accept(again, { opens: true }), duplicate);
    assert.deepEqual(await store.accept(again, { opens: false }), duplicate);
    const reopened = await reopen();
    assert.deepEqual(await reopened.accept(again, { opens: true }), duplicate);
    const inbox = await reopened.readInbox(sessionId, { after: 0 });
    assert.deepEqual(
      inbox.map(({ message }) => message.text),
      ["message M1"],
    );
  },

  "accept() takes a message that comes several times at once only once": async ({ store }) => {
    const results = await Promise.all(
      Array.from({ length: 5 }, () => store.accept(sampleMessage("M1", thread), { opens: true })),
    );

    const statuses = results.map(({ status }) => status).toSorted();
    assert.deepEqual(statuses, ["accepted", ...Array<string>(4).fill("duplicate")]);
    assert.equal((await store.readInbox(sessionId, { after: 0 })).length, 1);
  },

  "accept() knows a message that was read already": async ({ store }) => {
    await store.accept(sampleMessage("M1", thread), { opens: true });
    const lease = await store.lease(sessionId, { holder: "a", ttlMs: 1000 });
    assert.ok(lease);
    await store.append(lease, { after: 0, entries: [], inboxThrough: 1 });
    await store.release(lease, { done: true });

    const { status } = await store.accept(sampleMessage("M1", thread), { opens: true });

    assert.equal(status, "duplicate");
    assert.equal((await store.session(sessionId))?.dirty, false);
  },

  "accept() tells a message's id by platform and workspace": async ({ store }) => {
    const elsewhere = [
      { ...thread, workspace: "W2" },
      { ...thread, platform: "other" },
    ];
    await store.accept(sampleMessage("M1", thread), { opens: true });

    for (const other of elsewhere) {
      const accepted = await store.accept(sampleMessage("M1", other), { opens: true });
      assert.deepEqual(accepted, { status: "accepted", sessionId: sessionIdOf(other) });
    }
  },

  "accept() knows a message by its id in another thread too": async ({ store }) => {
    const other = sampleThread("T2");
    await store.accept(sampleMessage("M1", thread), { opens: true });

    const { status } = await store.accept(sampleMessage("M1", other), { opens: true });

    assert.equal(status, "duplicate");
    assert.equal(await store.session(sessionIdOf(other)), undefined);
  },

  "accept() without opens needs a session, and does not spend the id": async ({ store }) => {
    const message = sampleMessage("M1", thread);

    const refused = await store.accept(message, { opens: false });
    assert.deepEqual(refused, { status: "no-session", sessionId });
    assert.equal(await store.session(sessionId), undefined);

    assert.equal((await store.accept(message, { opens: true })).status, "accepted");
    const next = await store.accept(sampleMessage("M2", thread), { opens: false });
    assert.equal(next.status, "accepted");
  },
};
