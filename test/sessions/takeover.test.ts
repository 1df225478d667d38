import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { shellTool } from "../../src/agent/tools/shell.ts";
import { sessionIdOf, type ThreadRef } from "../../src/core/ids.ts";
import { sqliteStore } from "../../src/store/sqlite/index.ts";
import type { Store } from "../../src/store/store.ts";
import { manualClock } from "../../src/testing/manual-clock.ts";
import { answering, tool } from "../agent/harness.ts";
import { DurableSandboxes } from "./durable-sandboxes.ts";
import { messageTo, World } from "./world.ts";

const clock = manualClock();
let folder: string;
let store: Store;
let world: World;
let threads = 0;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "opsthread-takeover-"));
  store = await sqliteStore({ folder, clock });
});
afterEach(async () => {
  await world[Symbol.asyncDispose]();
  await store[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

const newThread = (): ThreadRef => ({
  platform: "test",
  workspace: "w",
  channel: "c",
  thread: `t${(threads += 1)}`,
});

/** A bot whose model runs one command, and the moment in which that command runs. */
async function running() {
  const thread = newThread();
  const sandboxes = new DurableSandboxes();
  const model = answering([["shell", { command: "make test" }]], "done");
  world = new World({ store, clock, engine: { model, sandboxes, tools: [shellTool()] } });
  await world.deliver(messageTo(thread, thread.thread, "run the tests"));
  await world.until(() => sandboxes.types().includes("began"));
  const results = async (): Promise<readonly unknown[]> =>
    (await store.readJournal(sessionIdOf(thread), { after: 0 })).flatMap(({ entry }) =>
      entry.type === "tool-result" ? [entry.result] : [],
    );
  return { thread, sandboxes, results };
}

describe.each(["shutdown", "kill", "lease-lost"] as const)("after %s mid-command", (how) => {
  const leave = async (thread: ThreadRef): Promise<void> => {
    if (how !== "lease-lost") return world.end(how);
    await world.steal({ sessionId: sessionIdOf(thread) });
    await world.work(20);
  };

  test("the command goes on, and the next worker gets its result", async () => {
    const { thread, sandboxes, results } = await running();
    await leave(thread);
    // Who is killed does not even let go.
    const left = how === "kill" ? [] : ["detached"];
    expect(sandboxes.types()).toEqual(["opened", "began", ...left]);
    expect(await results()).toEqual([]);
    await world.until(() => sandboxes.types().includes("attached"));
    sandboxes.finish(3, "2 of 14 failed");
    await world.settle();
    expect(sandboxes.types().filter((type) => type === "began")).toHaveLength(1);
    expect(sandboxes.types()).not.toContain("killed");
    expect(await results()).toMatchObject([
      {
        status: "failed",
        output: expect.stringContaining("2 of 14 failed"),
        measures: { exitCode: 3 },
      },
    ]);
    expect(world.shown.map(({ markdown }) => markdown)).toEqual(["done"]);
  });

  test("a command that is gone by then has an unknown outcome, and is not run again", async () => {
    const { thread, sandboxes, results } = await running();
    await leave(thread);
    sandboxes.forget();
    await world.settle();
    expect(sandboxes.types().filter((type) => type === "began")).toHaveLength(1);
    expect(await results()).toMatchObject([
      { status: "unknown", output: expect.stringContaining("outcome unknown") },
    ]);
  });
});

test("who takes a turn up takes the killed process's progress away", async () => {
  const { sandboxes } = await running();
  await world.end("kill");
  sandboxes.forget();
  await world.settle();
  expect(world.takenUp[0]).toBe("Working on it …");
  expect(world.takenUp.at(-1)).toBeUndefined();
});

test("who only stops a killed process's turn takes its progress away, too", async () => {
  const { thread } = await running();
  await world.end("kill");
  await world.deliver(messageTo(thread, `${thread.thread}-stop`, "stop"));
  await world.settle();
  expect(world.takenUp).toEqual([undefined]);
});

test("a stop ends the command and the sandbox", async () => {
  const { thread, sandboxes, results } = await running();
  await world.deliver(messageTo(thread, `${thread.thread}-stop`, "stop"));
  await world.settle();
  expect(sandboxes.types()).toEqual(["opened", "began", "killed", "closed", "snapshot"]);
  expect(await results()).toMatchObject([{ status: "stopped" }]);
});

test("a turn that ends leaves its sandbox to the next and keeps the workspace; one without a sandbox keeps nothing", async () => {
  const { thread, sandboxes } = await running();
  sandboxes.finish(0);
  await world.settle();
  await world.deliver(messageTo(thread, `${thread.thread}-2`, "thanks"));
  await world.settle();
  expect(sandboxes.types()).toEqual(["opened", "began", "snapshot"]);
  await clock.advance(10 * 60_000);
  expect(sandboxes.types().at(-1)).toBe("closed");
});

test("a failed turn leaves nothing running", async () => {
  const sandboxes = new DurableSandboxes();
  const thread = newThread();
  const look = tool("look", async ({ session }) => (await session.sandbox()).sessionId);
  world = new World({
    store,
    clock,
    engine: {
      model: answering([["look"]], new Error("the model is gone")),
      sandboxes,
      tools: [look],
    },
  });
  await world.deliver(messageTo(thread, thread.thread, "look"));
  await world.settle();
  expect(sandboxes.types()).toEqual(["opened", "closed", "snapshot"]);
});

test("a snapshot that fails is no failure of the turn", async () => {
  const { sandboxes } = await running();
  sandboxes.snapshotFailure = new Error("no space left");
  sandboxes.finish(0);
  await world.settle();
  expect(world.shown.map(({ markdown }) => markdown)).toEqual(["done"]);
});

test("no snapshot is taken where that is turned off", async () => {
  const sandboxes = new DurableSandboxes();
  const thread = newThread();
  const look = tool("look", async ({ session }) => (await session.sandbox()).sessionId);
  const model = answering([["look"]], "done");
  world = new World({
    store,
    clock,
    engine: { model, sandboxes, tools: [look], snapshots: false },
  });
  await world.deliver(messageTo(thread, thread.thread, "look"));
  await world.settle();
  expect(sandboxes.types()).toEqual(["opened"]);
});

test("a thread's sandbox starts from the thread's image, and the model is told when that changes", async () => {
  const sandboxes = new DurableSandboxes();
  const thread = newThread();
  const look = tool("look", async ({ session }) => (await session.sandbox()).sessionId);
  const model = answering([["look"]], "one", [["look"]], "two");
  let image = "python:3.13";
  world = new World({
    store,
    clock,
    engine: { model, sandboxes, tools: [look], image: ({ channel }) => `${image}-${channel}` },
  });
  await world.deliver(messageTo(thread, thread.thread, "look"));
  await world.settle();
  image = "node:24";
  await world.deliver(messageTo(thread, `${thread.thread}-2`, "look again"));
  await world.settle();
  expect(sandboxes.specs.map((spec) => spec.image)).toEqual(["python:3.13-c", "node:24-c"]);
  const notes = model.requests.map(({ items }) =>
    items.flatMap((item) => (item.type === "note" ? [item.text] : [])),
  );
  expect(notes[1]).toEqual([]);
  expect(notes[2]).toEqual([
    expect.stringMatching(/sandbox is "durable".*node:24-c.*it was.*python/),
  ]);
});
