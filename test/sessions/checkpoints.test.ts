import { readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import { afterEach, beforeEach, expect, test } from "vitest";

import { scriptedModel } from "../../src/agent/models/scripted.ts";
import { OpsthreadError } from "../../src/core/errors.ts";
import { sessionIdOf, type ThreadRef } from "../../src/core/ids.ts";
import type { SandboxProvider } from "../../src/sandbox/sandbox.ts";
import { virtualSandboxes } from "../../src/sandbox/virtual/index.ts";
import type { Blobs } from "../../src/store/blobs.ts";
import { directoryBlobs } from "../../src/store/directory.ts";
import { sqliteStore } from "../../src/store/sqlite/index.ts";
import type { Store } from "../../src/store/store.ts";
import { manualClock } from "../../src/testing/manual-clock.ts";
import { tool } from "../agent/harness.ts";
import { temporaryFolder } from "../store/temporary-folder.ts";
import { messageTo, World } from "./world.ts";

const { signal } = new AbortController();
const clock = manualClock();
let folder = "";
let store: Store;
let world: World;
let blobs: Blobs;
/** What keeping a blob fails with. */
let failure: Error | undefined;
/** The machine that processes start on from now on: its own disk, and the same store and blobs. */
let machine = "one";
const disks = new Map<string, SandboxProvider>();
let said = 0;

const thread: ThreadRef = { platform: "test", workspace: "w", channel: "c", thread: "t" };
const sessionId = sessionIdOf(thread);

const tools = [
  tool("put", async ({ session }) => {
    const { files } = await session.sandbox();
    await files.write(`file-${said}`, Buffer.from(`of message ${said}`), { signal });
    return "written";
  }),
  tool("nothing", async () => "did nothing with files"),
  tool("long", async () => "a line of output\n".repeat(3000)),
  tool("list", async ({ session }) => {
    const { files } = await session.sandbox();
    const found: string[] = [];
    for (const path of ["", "attachments", ".opsthread/outputs"])
      for (const { name, type } of (await files.list(path === "" ? "." : path, { limit: 100 })) ??
        [])
        if (type === "file") found.push(path === "" ? name : `${path.split("/")[0]}/…`);
    return `[${found.toSorted().join(" ")}]`;
  }),
  // At the end of what a turn did before its process ends.
  {
    ...tool(
      "hang",
      ({ signal: ending }) =>
        new Promise((_, reject) => {
          ending.addEventListener("abort", () => reject(ending.reason));
        }),
    ),
    effect: "at-most-once" as const,
  },
];

/** Makes one call after the other, as a message says, and answers with what they gave and what was noted. */
const model = scriptedModel(({ items }) => {
  const at = items.findLastIndex(({ type }) => type === "user");
  const asked = items[at];
  const text = asked?.type === "user" ? asked.text : "";
  const results = items.slice(at).flatMap((item) => (item.type === "tool-result" ? [item] : []));
  const next = text.split(" ")[results.length];
  if (next !== undefined && next !== "")
    return { toolCalls: [{ tool: next, callId: `${items.length}` }] };
  const notes = items.flatMap((item) => (item.type === "note" ? [item.text] : []));
  return {
    text: [...results.map(({ result }) => result.output.slice(0, 300)), ...notes].join("\n"),
  };
});

beforeEach(async () => {
  folder = await temporaryFolder();
  store = await sqliteStore({ folder, clock });
  const kept = directoryBlobs({ folder: join(folder, "blobs") });
  failure = undefined;
  blobs = {
    ...kept,
    async put(...args) {
      if (failure) throw failure;
      return kept.put(...args);
    },
  };
  machine = "one";
  disks.clear();
  world = new World({
    store,
    clock,
    download: async function* () {
      yield Buffer.from("attached");
    },
    // Files are written in real time.
    answered: () => delay(5),
    engine: {
      get sandboxes() {
        const disk = disks.get(machine) ?? virtualSandboxes({ folder: join(folder, machine) });
        disks.set(machine, disk);
        return disk;
      },
      get place() {
        return machine;
      },
      blobs,
      model,
      tools,
      snapshots: false,
    },
  });
});
afterEach(async () => {
  await world[Symbol.asyncDispose]();
  await store[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

async function say(text: string, attachment?: string): Promise<void> {
  said += 1;
  const attachments =
    attachment === undefined ? [] : [{ id: attachment, name: attachment, bytes: 8 }];
  await world.deliver({ ...messageTo(thread, `M${said}`, text), attachments });
}

/** What the bot answers. */
async function answerTo(text: string): Promise<string> {
  const before = world.shown.length;
  await say(text);
  await world.settle();
  return world.shown
    .slice(before)
    .map(({ markdown }) => markdown)
    .join("\n");
}

const journal = async (): Promise<readonly string[]> =>
  (await store.readJournal(sessionId, { after: 0 })).map(({ entry }) => entry.type);

/** From here on another machine has the bot. */
async function moveTo(name: string, how: "kill" | "shutdown" = "kill"): Promise<void> {
  await world.end(how);
  machine = name;
}

/** Until a turn stands at a call that never ends. */
const hangs = (): Promise<void> =>
  world.until(async () => {
    const entries = await store.readJournal(sessionId, { after: 0 });
    const last = entries.findLast(
      ({ entry }) => entry.type === "step" || entry.type === "tool-result",
    );
    return (
      last?.entry.type === "step" && last.entry.intents.some(({ tool: name }) => name === "hang")
    );
  });

test("files of a turn are there on another machine, and the model is told that it is another one", async () => {
  await answerTo("put");
  await moveTo("two");

  const answer = await answerTo("list");
  expect(answer).toContain(`[file-${said - 1}]`);
  expect(answer).toContain("The session goes on on another machine.");
  expect(answer).toContain("The files in /workspace are the same.");
});

test("nothing is told to be lost where nothing was written", async () => {
  await answerTo("nothing");
  await moveTo("two");

  const answer = await answerTo("list");
  expect(answer).toContain("The session goes on on another machine.");
  expect(answer).not.toContain("lost");
});

test("what a turn wrote before its machine was lost is lost, and the model is told so", async () => {
  await answerTo("put");
  await say("put hang");
  await hangs();
  await moveTo("two");
  await world.settle();

  const answer = await answerTo("list");
  expect(answer).toContain(`[file-${said - 2}]`);
  expect(answer).toMatch(
    /The files in \/workspace are as they were at \d{4}-\S+Z; what was written there after that is lost\./,
  );
});

test("attachments and kept outputs of a turn outlive its machine", async () => {
  await say("put long hang", "notes.txt");
  await hangs();
  await moveTo("two");
  await world.settle();

  const answer = await answerTo("list");
  expect(answer).toContain("[.opsthread/… attachments/…]");
  expect(answer).toMatch(
    /\/workspace is empty, since there is no copy of it yet; what was written there is lost, but for attachments\/notes.txt, \.opsthread\/outputs\/\S+\.txt\./,
  );
});

test("a turn that is handed over takes with it what it wrote", async () => {
  await say("put hang");
  await hangs();
  await moveTo("two", "shutdown");
  await world.settle();

  const answer = await answerTo("list");
  expect(answer).toContain(`[file-${said - 1}]`);
  expect(answer).toContain("The files in /workspace are the same.");
});

test("a machine that a session comes back to has its newest files, not those from before", async () => {
  await answerTo("put");
  await moveTo("two");
  await answerTo("put");
  await moveTo("one");

  expect(await answerTo("list")).toContain(`[file-${said - 2} file-${said - 1}]`);
});

test("a session that stays takes nothing from its copy, and what has not changed is not copied again", async () => {
  await answerTo("put");
  await answerTo("list");
  await world.end("kill");
  const answer = await answerTo("list");

  expect(answer).not.toContain("another machine");
  expect((await journal()).filter((type) => type === "workspace-placed")).toHaveLength(1);
  const archives = await readdir(join(folder, "blobs", sessionId, "workspace"));
  expect(archives.length).toBeLessThanOrEqual(2);
});

test("of copies the two newest are kept, and the older one stands in for a damaged one", async () => {
  for (let turn = 0; turn < 4; turn += 1) await answerTo("put");
  const entries = await store.readJournal(sessionId, { after: 0 });
  const copies = entries.flatMap(({ entry }) =>
    entry.type === "workspace-kept" ? [entry.blob] : [],
  );
  const workspaces = join(folder, "blobs", sessionId, "workspace");
  expect((await readdir(workspaces)).length).toBe(2);
  await writeFile(join(folder, "blobs", `${copies.at(-1)}.blob`), "no archive");
  await moveTo("two");

  const answer = await answerTo("list");
  expect(answer).toContain(`file-${said - 2}]`);
  expect(answer).toContain("what was written there after that is lost");
});

test("a workspace that could not be copied is copied after the next turn", async () => {
  failure = new OpsthreadError("BLOBS_UNAVAILABLE", "Cannot write");
  await answerTo("put");
  expect(await journal()).not.toContain("workspace-kept");
  failure = undefined;
  await answerTo("");
  expect(await journal()).toContain("workspace-kept");
  await moveTo("two");

  expect(await answerTo("list")).toContain(`[file-${said - 2}]`);
});
