import { afterEach, expect, test } from "vitest";

import type { Adapter } from "../../src/adapters/adapter.ts";
import { OpsthreadError } from "../../src/core/errors.ts";
import { silentLogger } from "../../src/core/logger.ts";
import type { Post } from "../../src/core/post.ts";
import { createOutbox, type Outbox, type OutboxOptions } from "../../src/sessions/outbox.ts";
import type { Appended, ClaimOptions, Store } from "../../src/store/store.ts";
import { fileStore } from "./file-store.ts";
import { messageTo } from "./world.ts";

const { clock, store, newThread } = await fileStore();
const outboxes: AsyncDisposable[] = [];
// Each would take the next test's posts.
afterEach(async () => {
  for (const outbox of outboxes.splice(0)) await outbox[Symbol.asyncDispose]();
});

const failure = {
  notTaken: () => new OpsthreadError("ADAPTER_POST_FAILED", "503"),
  refused: () => new OpsthreadError("ADAPTER_POST_REJECTED", "channel is archived"),
  limited: () =>
    new OpsthreadError("ADAPTER_RATE_LIMITED", "429", { data: { retryAfterMs: 30_000 } }),
  lost: () => new Error("socket hang up"),
};

test("what was not taken is sent again, in order, until it is there", async () => {
  const { posted, idleAfter } = await sending([["a", "b", "c"]], {
    a: [failure.notTaken(), failure.notTaken()],
    b: [failure.notTaken()],
  });
  await idleAfter(10_000);
  expect(posted).toEqual(["a", "b", "c"]);
});

test("a thread that has to wait holds up no other thread", async () => {
  const { posted, idleAfter } = await sending(
    [
      ["a", "b"],
      ["x", "y"],
    ],
    { a: [failure.limited()] },
  );
  await idleAfter(100);
  expect(posted).toEqual(["x", "y"]);
  await idleAfter(31_000);
  expect(posted).toEqual(["x", "y", "a", "b"]);
});

test("what the platform refuses for good is put aside with its reason, and the rest goes on", async () => {
  const { posted, idleAfter, sessions } = await sending([["a", "b"]], { a: [failure.refused()] });
  await idleAfter(100);
  expect(posted).toEqual(["b"]);
  const states = (await store.posts(sessions[0] ?? "")).map(({ state, error }) => [state, error]);
  expect(states).toEqual([
    ["rejected", "channel is archived"],
    ["sent", undefined],
  ]);
});

test("after a send of unknown outcome the thread is asked first, and nothing is sent twice", async () => {
  const { posted, idleAfter, lookups } = await sending(
    [["a"]],
    { a: [failure.lost()] },
    { takes: true },
  );
  await idleAfter(5000);
  expect(posted).toEqual(["a"]);
  expect(lookups).toEqual(["a"]);
});

test("after a send of unknown outcome that did not arrive it is sent again", async () => {
  const { posted, idleAfter, lookups } = await sending([["a"]], { a: [failure.lost()] });
  await idleAfter(5000);
  expect(posted).toEqual(["a"]);
  expect(lookups).toEqual(["a"]);
});

test("a post for a platform that is not configured is put aside", async () => {
  const { posted, idleAfter, sessions } = await sending([["a"]], {}, { platform: "elsewhere" });
  await idleAfter(100);
  expect(posted).toEqual([]);
  expect((await store.posts(sessions[0] ?? ""))[0]).toMatchObject({ state: "rejected" });
});

test("a process that stood still after its claim asks the thread before it sends", async () => {
  let standsStill = true;
  const slow: Store = {
    ...store,
    async claimPost(options) {
      const claim = await store.claimPost(options);
      if (claim && standsStill) {
        standsStill = false;
        await clock.advance(options.ttlMs);
      }
      return claim;
    },
  };
  const askedAtSend: number[] = [];
  const opened = await sending([["a"]], {}, { outbox: { store: slow } }, () => {
    askedAtSend.push(opened.lookups.length);
  });
  await opened.idleAfter(5000);
  expect(opened.posted).toEqual(["a"]);
  expect(askedAtSend).toEqual([1]);
});

test("what other processes left is found without being told", async () => {
  const opened = await sending([["a"]], {}, { outbox: { pollMs: 5000 } });
  const { posted, idleAfter, settled } = opened;
  await idleAfter(100);
  await fill(["left"], "test");
  await clock.advance(5000);
  await settled();
  expect(posted).toEqual(["a", "left"]);
});

test("what comes while as many are sent as may be goes out after them", async () => {
  let release = (): void => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  let begun = 0;
  const opened = await sending([], {}, { outbox: { parallel: 1 } }, () => {
    begun += 1;
    return held;
  });
  for (const text of ["first", "second", "third"]) await fill([text], "test", opened.outbox);
  expect(begun).toBe(1);

  release();
  await opened.settled();

  expect(opened.posted.toSorted()).toEqual(["first", "second", "third"]);
});

test("what could not be written is not sent, and keeps nothing else waiting", async () => {
  const opened = await sending([], {}, { outbox: { parallel: 1 } });
  const failing = opened.outbox.bring(() => Promise.reject(new Error("disk full")));

  await expect(failing).rejects.toThrow("disk full");
  await fill(["next"], "test", opened.outbox);
  await opened.settled();

  expect(opened.posted).toEqual(["next"]);
});

/** Puts the texts into the outbox, one session each list, and sends them with the failures given for each text. */
async function sending(
  texts: readonly (readonly string[])[],
  failures: Readonly<Record<string, Error[]>>,
  {
    takes = false,
    platform = "test",
    outbox: given = {},
  }: {
    readonly takes?: boolean;
    readonly platform?: string;
    readonly outbox?: Partial<OutboxOptions>;
  } = {},
  onPost: () => void | Promise<void> = () => {},
) {
  const posted: string[] = [];
  const keys = new Set<string>();
  const lookups: string[] = [];
  const take = ({ key, markdown }: Post): void => {
    posted.push(markdown);
    keys.add(key);
  };
  const adapter: Adapter = {
    platform: "test",
    start: () => Promise.resolve(),
    post: async (post) => {
      await onPost();
      const error = failures[post.markdown]?.shift();
      if (!error || takes) take(post);
      if (error) throw error;
      return { messageId: post.markdown };
    },
    findPost: (_thread, key) => {
      lookups.push(key.split("-").at(-1) ?? "");
      return Promise.resolve(keys.has(key) ? { messageId: key } : undefined);
    },
    showProgress: () => Promise.resolve(),
    download: () => {
      throw new Error("Not expected here");
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const sessions: string[] = [];
  for (const list of texts) sessions.push(await fill(list, platform));
  const outbox = createOutbox({
    store,
    blobs: { put: unused, open: unused, remove: unused },
    adapters: new Map([["test", adapter]]),
    clock,
    log: silentLogger,
    holder: "test",
    ...given,
  });
  outboxes.push(outbox);
  return {
    outbox,
    posted,
    lookups,
    sessions,
    settled: () => outbox.idle(),
    /** Lets the time pass in small steps, and the outbox work. */
    idleAfter: async (ms: number): Promise<void> => {
      outbox.kick();
      for (let passed = 0; passed <= ms; passed += 100) {
        await outbox.idle();
        await clock.advance(100);
      }
      await outbox.idle();
    },
  };
}

const unused = (): never => {
  throw new Error("Not expected here");
};

/** Without an outbox the posts wait for whoever looks. */
async function fill(
  texts: readonly string[],
  platform: string,
  outbox?: Pick<Outbox, "bring">,
): Promise<string> {
  const thread = { ...newThread(), platform };
  const { sessionId } = await store.accept(messageTo(thread, thread.thread, "hello"), {
    opens: true,
  });
  const lease = await store.lease(sessionId, { holder: "test", ttlMs: 60_000 });
  if (!lease) throw new Error("No lease");
  const posts = texts.map((markdown, turn): Post => ({
    key: `${thread.thread}-${markdown}`,
    sessionId,
    thread,
    turn,
    kind: "answer",
    markdown,
    artifacts: [],
  }));
  const append = (claim?: ClaimOptions): Promise<Appended> =>
    store.append(lease, { after: 0, entries: [], posts, inboxThrough: 1, ...(claim && { claim }) });
  await (outbox ? outbox.bring(append) : append());
  await store.release(lease, { done: true });
  return sessionId;
}
