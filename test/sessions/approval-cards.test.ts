import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { requestAccessTool } from "../../src/agent/tools/request-access.ts";
import { AccessConfig, createAccess } from "../../src/security/access.ts";
import { defaultApprovals } from "../../src/sessions/default-approvals.ts";
import { sqliteStore } from "../../src/store/sqlite/index.ts";
import type { Store } from "../../src/store/store.ts";
import { manualClock } from "../../src/testing/manual-clock.ts";
import { type Answer, answering, tool } from "../agent/harness.ts";
import { DurableSandboxes } from "./durable-sandboxes.ts";
import { messageTo, World, type WorldOptions } from "./world.ts";

const clock = manualClock();
const thread = { platform: "test", workspace: "w", channel: "c", thread: "t" };
const hourMs = 3_600_000;
let folder: string;
let store: Store;
let world: World;
let said = 0;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "opsthread-approval-cards-"));
  store = await sqliteStore({ folder, clock });
});
afterEach(async () => {
  await world[Symbol.asyncDispose]();
  await store[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

const gate = createAccess(
  AccessConfig.parse({ users: ["test:w:ann"], approvers: ["test:w:bob"], channels: ["test:w:c"] }),
);
const policy = { ...defaultApprovals, expiresAfterMs: hourMs };

function begin(
  answers: readonly Answer[],
  {
    tools = [],
    ...options
  }: Partial<WorldOptions> & Pick<WorldOptions["engine"] & {}, "tools"> = {},
) {
  const engine = {
    model: answering(...answers),
    sandboxes: new DurableSandboxes(),
    gate,
    policy,
    tools: [requestAccessTool(), ...tools],
  };
  world = new World({ store, clock, engine, ...options });
}

async function deliver(who: string, text: string) {
  const message = messageTo(thread, `m${(said += 1)}`, text);
  await world.deliver({
    ...message,
    actor: { id: who, name: who, roles: [] },
    sentAt: clock.now(),
  });
}
async function say(who: string, text: string) {
  await deliver(who, text);
  await world.settle();
}

/** Time passes and nobody says anything. */
async function wait(ms: number) {
  await world.work(5);
  await clock.advance(ms);
  await world.work(30);
}

const needs = (value: string): Answer => [
  ["request_access", { kind: "host", value, reason: "to fetch the page" }],
];
const cards = () =>
  world.shown.flatMap(({ approval, key }) => (approval ? [{ ...approval, key }] : []));
const notices = () =>
  world.shown.filter(({ kind }) => kind === "notice").map(({ markdown }) => markdown);

test("stop closes the card of what waited, and names who asked", async () => {
  begin([needs("a.example:443"), "never"]);
  await say("ann", "fetch it");
  expect(world.closed).toEqual([]);
  await say("ann", "stop");
  const [card] = cards();
  expect(world.closed).toEqual([
    { key: card?.key, type: "withdrawn", by: { id: "ann", name: "ann" } },
  ]);
});

test("a card that nobody answers closes by itself when its time is over, once", async () => {
  begin([needs("a.example:443"), "what else?"]);
  await say("ann", "fetch it");
  const [card] = cards();
  await wait(hourMs / 2);
  expect(world.closed).toEqual([]);
  await wait(hourMs / 2 + 1);
  expect(world.closed).toEqual([{ key: card?.key, type: "expired" }]);
  await say("ann", "well?");
  await wait(hourMs);
  expect(world.closed).toHaveLength(1);
  expect(notices()).toEqual([]);
});

test("an answer that comes too late is told so, and closes the card once more", async () => {
  begin([needs("a.example:443"), "never"]);
  await say("ann", "fetch it");
  await wait(hourMs + 1);
  await say("bob", "approve");
  expect(notices()).toEqual([expect.stringContaining("expired")]);
  const [card] = cards();
  expect(world.closed).toEqual([
    { key: card?.key, type: "expired" },
    { key: card?.key, type: "expired" },
  ]);
});

test("what was decided in time is not said to have expired", async () => {
  begin([needs("a.example:443"), "then not"]);
  await say("ann", "fetch it");
  await say("bob", "deny");
  await wait(2 * hourMs);
  expect(world.closed).toEqual([
    { key: cards()[0]?.key, type: "decided", choice: "deny", by: { id: "bob", name: "bob" } },
  ]);
});

test.each(["shutdown", "kill"] as const)(
  "another process closes the card in time after a %s, without a word in the thread",
  async (how) => {
    begin([needs("a.example:443"), "never"]);
    await say("ann", "fetch it");
    await world.end(how);
    await wait(hourMs / 2);
    expect(world.closed).toEqual([]);
    await wait(hourMs / 2 + 1);
    expect(world.closed).toEqual([{ key: cards()[0]?.key, type: "expired" }]);
  },
);

test("what expired while no process was there is closed by the next one", async () => {
  begin([needs("a.example:443"), "never"]);
  await say("ann", "fetch it");
  await world.end("kill");
  await clock.advance(2 * hourMs);
  await world.work(30);
  expect(world.closed).toEqual([{ key: cards()[0]?.key, type: "expired" }]);
});

test("a card that comes to its thread after it was withdrawn is closed there", async () => {
  begin([needs("a.example:443"), "never"], {
    postTroubles: new Map([
      [1, "not-taken"],
      [2, "rate-limited"],
    ]),
  });
  await deliver("ann", "fetch it");
  await world.work(30);
  expect(cards()).toEqual([]);
  await deliver("ann", "stop");
  await world.work(30);
  const before = world.closed.length;
  await world.settle();
  expect(cards()).toHaveLength(1);
  expect(world.closed.slice(before)).toEqual([
    { key: cards()[0]?.key, type: "withdrawn", by: { id: "ann", name: "ann" } },
  ]);
});

test("a decided card does not wait for what was approved", async () => {
  let finish = (): void => {};
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const slow = {
    ...tool("slow", async () => {
      await finished;
      return "done";
    }),
    needsApproval: true,
  };
  begin([[["slow"]], "it is done"], { tools: [slow] });
  await say("ann", "do it");
  await deliver("bob", "approve");
  await world.work(30);
  expect(world.closed).toMatchObject([{ type: "decided", choice: "once", by: { id: "bob" } }]);
  expect(world.shown.at(-1)?.kind).toBe("approval");
  finish();
  await world.settle();
  expect(world.shown.at(-1)?.markdown).toContain("it is done");
  expect(world.closed).toHaveLength(1);
});
