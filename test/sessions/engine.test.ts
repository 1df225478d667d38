import { expect, test } from "vitest";

import type { Guardrail, Verdict } from "../../src/agent/guardrail.ts";
import { OpsthreadError } from "../../src/core/errors.ts";
import { sessionIdOf, type ThreadRef } from "../../src/core/ids.ts";
import type { Message } from "../../src/core/message.ts";
import type { Sandbox, SandboxProvider } from "../../src/sandbox/sandbox.ts";
import { answering, tool, type Answer } from "../agent/harness.ts";
import { fileStore } from "./file-store.ts";
import { messageTo, World, type WorldEngine, type WorldOptions } from "./world.ts";

const { clock, store, newThread } = await fileStore();

function say(thread: ThreadRef, text: string, more: Partial<Message> = {}): Message {
  return { ...messageTo(thread, `${thread.thread}-${text}`, text), ...more };
}

const worldWith = (engine: WorldEngine, more: Partial<WorldOptions> = {}): World =>
  new World({ store, clock, engine, ...more });

const withAnswers = (...answers: readonly Answer[]) => ({ model: answering(...answers) });

const textsIn = (world: World, thread: ThreadRef) =>
  world.shown
    .filter((post) => post.sessionId === sessionIdOf(thread))
    .map(({ kind, markdown }) => [kind, markdown]);

test("a mention is answered in its thread", async () => {
  const thread = newThread();
  await using world = worldWith(withAnswers("All is well."));
  await world.deliver(say(thread, "how is it going?"));
  await world.settle();
  expect(textsIn(world, thread)).toEqual([["answer", "All is well."]]);
  expect(world.shown[0]?.thread).toEqual(thread);
});

test("talk in a thread is read without a mention where a session is, and ignored elsewhere", async () => {
  const [ours, theirs] = [newThread(), newThread()];
  await using world = worldWith(withAnswers("one", "two"));
  await world.deliver(say(theirs, "lunch?", { kind: "thread" }));
  await world.deliver(say(ours, "hello"));
  await world.settle();
  await world.deliver(say(ours, "and now?", { kind: "thread" }));
  await world.settle();
  expect(textsIn(world, ours)).toEqual([
    ["answer", "one"],
    ["answer", "two"],
  ]);
  expect(await store.session(sessionIdOf(theirs))).toBeUndefined();
});

test("who is not allowed leaves no trace in the store, and is told why", async () => {
  const thread = newThread();
  await using world = worldWith({
    ...withAnswers("never"),
    gate: { check: ({ action }) => ({ allowed: false, reason: `You may not ${action} this bot` }) },
  });
  expect(await world.deliver(say(thread, "hello"))).toEqual({
    status: "denied",
    reason: "You may not use this bot",
  });
  expect(await store.session(sessionIdOf(thread))).toBeUndefined();
});

test("a message that comes mid-turn is given to the model before its next step", async () => {
  const thread = newThread();
  const model = answering([["wait"]], "both");
  await using world = worldWith({
    model,
    tools: [
      tool("wait", async () => {
        await world.deliver(say(thread, "and this", { kind: "thread" }));
        return "waited";
      }),
    ],
  });
  await world.deliver(say(thread, "do that"));
  await world.settle();
  expect(textsIn(world, thread)).toEqual([["answer", "both"]]);
  expect(model.requests[1]?.items.at(-1)).toMatchObject({ type: "user", text: "and this" });
});

test("stop ends a running tool, says so at once, and what was asked before is not begun", async () => {
  const thread = newThread();
  let ended = false;
  const model = answering([["wait"]], "never");
  await using world = worldWith({
    model,
    tools: [
      tool("wait", ({ signal }) => {
        void world.deliver(say(thread, "then this", { kind: "thread" }));
        void world.deliver(say(thread, "stop"));
        return new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => {
            ended = true;
            reject(signal.reason);
          });
        });
      }),
    ],
  });
  await world.deliver(say(thread, "do that"));
  await world.settle();
  expect(ended).toBe(true);
  expect(textsIn(world, thread)).toEqual([
    ["notice", "Stopped, as Ada asked. What was begun is not finished."],
  ]);
  const journal = await store.readJournal(sessionIdOf(thread), { after: 0 });
  expect(journal.map(({ entry }) => entry.type)).toEqual([
    "turn-started",
    "message",
    "step",
    "tool-result",
    "message",
    "message",
    "turn-ended",
  ]);
});

test("stop where nothing runs says so, and the session goes on working", async () => {
  const thread = newThread();
  await using world = worldWith(withAnswers("one", "two"));
  await world.deliver(say(thread, "hello"));
  await world.settle();
  await world.deliver(say(thread, "stop"));
  await world.settle();
  await world.deliver(say(thread, "again"));
  await world.settle();
  expect(textsIn(world, thread)).toEqual([
    ["answer", "one"],
    ["notice", "Nothing is running here."],
    ["answer", "two"],
  ]);
});

test("a failing model is told in the thread, and the next message is tried again", async () => {
  const thread = newThread();
  const failure = new OpsthreadError("MODEL_FAILED", "Cannot reach the model: connection refused");
  await using world = worldWith(withAnswers(failure, "better now"));
  await world.deliver(say(thread, "hello"));
  await world.settle();
  await world.deliver(say(thread, "again"));
  await world.settle();
  expect(textsIn(world, thread)).toEqual([
    ["notice", expect.stringContaining("Cannot reach the model: connection refused")],
    ["answer", "better now"],
  ]);
});

test("nothing of an answer is shown while a guardrail looks at it", async () => {
  const thread = newThread();
  let speak = (_verdict: Verdict): void => {};
  const slow: Guardrail = {
    name: "slow",
    output: () =>
      new Promise((resolve) => {
        speak = resolve;
      }),
  };
  const model = answering("kirschkuchen");
  await using world = worldWith({ model, guardrails: [slow] });
  await world.deliver(say(thread, "what is it?"));
  await world.until(() => model.requests.length === 1);
  await world.work(50);
  const journal = await store.readJournal(sessionIdOf(thread), { after: 0 });
  expect(JSON.stringify([world.shown, world.progress, journal])).not.toContain("kirschkuchen");
  speak({ type: "allow" });
  await world.settle();
  expect(textsIn(world, thread)).toEqual([["answer", "kirschkuchen"]]);
});

test.each(["lives on", "ends"])(
  "an answer that a guardrail stops is counted, and no later turn is told it, also where the process %s",
  async (how) => {
    const thread = newThread();
    const strict: Guardrail = {
      name: "strict",
      output: (text) =>
        text === "kirschkuchen" ? { type: "stop", reason: "it is secret" } : { type: "allow" },
    };
    const model = answering("kirschkuchen", "something else");
    await using world = worldWith({ model, guardrails: [strict] });
    await world.deliver(say(thread, "what is it?"));
    await world.settle();
    const journal = await store.readJournal(sessionIdOf(thread), { after: 0 });
    if (how === "ends") await world.end("kill");
    await world.deliver(say(thread, "and now?"));
    await world.settle();
    expect(textsIn(world, thread)).toEqual([
      ["notice", expect.stringContaining("it is secret")],
      ["answer", "something else"],
    ]);
    expect(JSON.stringify(model.requests[1]?.items)).not.toContain("kirschkuchen");
    expect(JSON.stringify(model.requests[1]?.items)).toContain("not shown to anybody");
    expect(journal.map(({ entry }) => entry.type)).toEqual([
      "turn-started",
      "message",
      "step",
      "note",
      "turn-ended",
    ]);
  },
);

test("a message whose attachments cannot be stored because no sandbox opens is answered once", async () => {
  const thread = newThread();
  await using world = worldWith(withAnswers("never"), { download: () => oneChunk("x") });
  await world.deliver(say(thread, "read this", { attachments: [{ id: "F1", name: "a.log" }] }));
  await world.settle();
  expect(textsIn(world, thread)).toEqual([
    ["notice", expect.stringContaining("could not finish this")],
  ]);
});

test("a turn that no process brings to its end is given up, and says so", async () => {
  const thread = newThread();
  const everySecondWrite = new Map(
    Array.from({ length: 20 }, (_, index) => [4 * index + 4, "crash-before" as const]),
  );
  await using world = worldWith(
    { ...withAnswers(), maxAttempts: 2 },
    { troubles: everySecondWrite },
  );
  await world.deliver(say(thread, "poison"));
  await world.settle();
  expect(textsIn(world, thread).at(-1)?.[1]).toMatch(/begun 2 times|done/);
});

test("attachments come into the workspace under names that mean nothing to a shell, none over another", async () => {
  const thread = newThread();
  const model = answering("read");
  const { provider, written } = recordingSandbox();
  await using world = worldWith(
    { model, sandboxes: provider },
    { download: (_thread, { id }) => oneChunk(id) },
  );
  const names = [
    "app.log",
    "app.log",
    "../../etc/passwd",
    "-rf $(x).txt",
    "..",
    "C:\\logs\\a b.log",
  ];
  const attachments = names.map((name, index) => ({ id: `F${index}`, name }));
  await world.deliver(say(thread, "read these", { attachments }));
  await world.settle();
  expect(textsIn(world, thread)).toEqual([["answer", "read"]]);
  expect([...written]).toEqual([
    ["attachments/app.log", "F0"],
    ["attachments/app-2.log", "F1"],
    ["attachments/passwd", "F2"],
    ["attachments/_rf_x_.txt", "F3"],
    ["attachments/file", "F4"],
    ["attachments/a_b.log", "F5"],
  ]);
  expect(model.requests[0]?.items[0]).toMatchObject({ type: "user", files: [...written.keys()] });
});

test("an attachment that is too large, or gone, is named to the model instead of stopping the turn", async () => {
  const thread = newThread();
  const model = answering("noted");
  const { provider } = recordingSandbox();
  await using world = worldWith(
    { model, sandboxes: provider, maxAttachmentBytes: 10 },
    {
      download: (_thread, { id }) => {
        if (id === "gone")
          throw new OpsthreadError("ATTACHMENT_UNAVAILABLE", "Cannot download: 404");
        return oneChunk("more than ten bytes");
      },
    },
  );
  const attachments = [
    { id: "big", name: "big.log" },
    { id: "gone", name: "gone.log" },
  ];
  await world.deliver(say(thread, "read these", { attachments }));
  await world.settle();
  const notes = model.requests[0]?.items.flatMap((item) =>
    item.type === "note" ? [item.text] : [],
  );
  expect(notes).toEqual([
    expect.stringMatching(/big\.log.*larger than the limit of 10 bytes/),
    expect.stringMatching(/gone\.log.*404/),
  ]);
  expect(textsIn(world, thread)).toEqual([["answer", "noted"]]);
});

test("secrets in tool output reach neither the model, the journal nor the thread", async () => {
  const thread = newThread();
  const model = answering([["look"]], "The password is hunter2.");
  await using world = worldWith({
    model,
    tools: [tool("look", () => Promise.resolve("password: hunter2"))],
    redactor: {
      text: (text) => text.replaceAll("hunter2", "[redacted]"),
      stream: (chunks) => chunks,
    },
  });
  await world.deliver(say(thread, "is hunter2 the password?"));
  await world.settle();
  expect(textsIn(world, thread)).toEqual([["answer", "The password is [redacted]."]]);
  expect(JSON.stringify(model.requests)).not.toContain("hunter2");
  const results = (await store.readJournal(sessionIdOf(thread), { after: 0 })).filter(
    ({ entry }) => entry.type === "tool-result",
  );
  expect(JSON.stringify(results)).not.toContain("hunter2");
});

test("progress is shown while a turn runs, and taken away when it has ended", async () => {
  const thread = newThread();
  await using world = worldWith({
    ...withAnswers([["look"]], "done"),
    tools: [
      tool("look", ({ progress }) => {
        progress("reading");
        return Promise.resolve("");
      }),
    ],
  });
  await world.deliver(say(thread, "look"));
  await world.settle();
  expect(world.progress[0]).toBe("Working on it …");
  expect(world.progress.at(-1)).toBeUndefined();
});

async function* oneChunk(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

function recordingSandbox(): { provider: SandboxProvider; written: Map<string, string> } {
  const written = new Map<string, string>();
  const unused = () => Promise.reject(new Error("Not expected here"));
  const sandbox: Sandbox = {
    sessionId: "s",
    isAlive: true,
    exec: unused,
    attach: unused,
    executions: unused,
    usage: unused,
    detach: unused,
    task: unused,
    files: {
      read: unused,
      export: unused,
      list: unused,
      stat: unused,
      exportTar: unused,
      importTar: unused,
      write: async (path, bytes) => {
        const chunks: Uint8Array[] = [];
        for await (const chunk of bytes as AsyncIterable<Uint8Array>) chunks.push(chunk);
        written.set(path, Buffer.concat(chunks).toString());
        return { size: 0 };
      },
    },
    close: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const provider: SandboxProvider = {
    name: "recording",
    capabilities: {
      isolation: "interpreter",
      realPrograms: false,
      network: false,
      reattach: false,
      measuresUse: false,
      limitations: [],
    },
    open: () => Promise.resolve(sandbox),
    remove: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  return { provider, written };
}
