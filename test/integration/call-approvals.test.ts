import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as tick } from "node:timers/promises";

import { afterEach, beforeEach, expect, test } from "vitest";
import { z } from "zod";

import type { Item, Model } from "../../src/agent/model.ts";
import type { Tool } from "../../src/agent/tool.ts";
import { sessionIdOf, type ThreadRef } from "../../src/core/ids.ts";
import type { Effect, JournalEntry } from "../../src/core/journal.ts";
import { AccessConfig, createAccess } from "../../src/security/access.ts";
import { defaultApprovals } from "../../src/sessions/default-approvals.ts";
import { sqliteStore } from "../../src/store/sqlite/index.ts";
import type { Store } from "../../src/store/store.ts";
import { manualClock } from "../../src/testing/manual-clock.ts";
import { messageTo, type Trouble, World, type WorldOptions } from "../sessions/world.ts";

const clock = manualClock();
let folder: string;
let store: Store;
let lives = 0;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "opsthread-call-approvals-"));
  store = await sqliteStore({ folder, clock });
});
afterEach(async () => {
  await store[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

const gate = createAccess(
  AccessConfig.parse({
    users: ["test:w:ann"],
    keepers: ["test:w:bob"],
    channels: ["test:w:c"],
  }),
);

interface Ran {
  readonly what: string;
  readonly executionId: string;
}

test.each(["crash-before", "crash-after", "lease-lost"] as const)(
  "%s at any single write: an approved call that may run once never runs twice, and none is forgotten",
  async (trouble) => {
    const quiet = await live({});
    const all = ["once 1", "keyed 1", "once 2", "once 2"];
    expect(quiet.ran.map(({ what }) => what)).toEqual(all);
    expect(quiet.remembered).toBe(1);
    for (let write = 1; write <= quiet.writes; write += 1) {
      const troubles = new Map<number, Trouble>([[write, trouble]]);
      const { ran, journal, remembered } = await live({ troubles });
      const once = ran.filter(({ what }) => what.startsWith("once"));
      expect(new Set(once.map(({ executionId }) => executionId)).size).toBe(once.length);
      for (const what of new Set(all)) {
        const ids = ran.flatMap((each) => (each.what === what ? [each.executionId] : []));
        const most = what === "once 2" ? 2 : 1;
        expect(new Set(ids).size).toBeLessThanOrEqual(most);
      }
      const always = journal.filter(
        (entry) => entry.type === "approval-decided" && entry.choice === "always",
      );
      expect(remembered).toBe(always.length);
      expectTrue(journal, ran);
    }
  },
);

test("approved in a turn that is stopped before the call begins, it does not run later either", async () => {
  const { writes } = await live({}, { stops: true });
  for (let write = 1; write <= writes; write += 1) {
    const { ran, journal } = await live(
      { troubles: new Map([[write, "crash-after"]]) },
      { stops: true },
    );
    const begun = journal.flatMap((entry) => (entry.type === "approved-call" ? [entry.turn] : []));
    const decided = journal.flatMap((entry) =>
      entry.type === "approval-decided" ? [entry.turn] : [],
    );
    expect(begun.filter((turn) => !decided.includes(turn))).toEqual([]);
    expect(ran.length).toBeLessThan(2);
  }
});

/** Each decision of the journal is acted on once, in its turn, and its call has just one result. */
function expectTrue(journal: readonly JournalEntry[], ran: readonly Ran[]): void {
  const approved = journal.filter(
    (entry) => entry.type === "approval-decided" && entry.choice !== "deny",
  );
  const begun = journal.filter((entry) => entry.type === "approved-call");
  expect(begun.length).toBe(approved.length);
  for (const { intent } of begun) {
    const results = journal.filter(
      (entry) => entry.type === "tool-result" && entry.callId === intent.callId,
    );
    expect(results.length).toBe(1);
  }
  // What ran without an intent on record would be none of these.
  const known = journal.flatMap((entry) =>
    entry.type === "approved-call"
      ? [entry.intent.executionId]
      : entry.type === "step"
        ? entry.intents.map(({ executionId }) => executionId)
        : [],
  );
  expect(ran.filter(({ executionId }) => !known.includes(executionId))).toEqual([]);
}

/** Ann has things done, Bob approves: one call for once, one for all sessions; the next of that kind needs nobody. */
async function live(options: Pick<WorldOptions, "troubles">, { stops = false } = {}) {
  const thread: ThreadRef = {
    platform: "test",
    workspace: "w",
    channel: "c",
    thread: `${(lives += 1)}`,
  };
  const before = (await store.remembered()).length;
  const ran: Ran[] = [];
  const tools = [effective("once", "at-most-once", ran), effective("keyed", "idempotent", ran)];
  const engine = { gate, tools, model: obedient, policy: defaultApprovals };
  await using world = new World({ ...options, store, clock, engine });
  // What one life has approved for all sessions is not for the next one's calls.
  const life = thread.thread;
  const say = async (who: string, text: string): Promise<void> => {
    const words = who === "ann" && text !== "stop" ? `${text} ${life}` : text;
    const message = messageTo(thread, `${life} ${who} ${text}`, words);
    await world.deliver({ ...message, actor: { id: who, roles: [] }, sentAt: clock.now() });
  };
  const open = (): readonly string[] =>
    world.shown.flatMap(({ approval }) => approval?.approvalId ?? []);

  if (stops) {
    await say("ann", "once 1");
    await world.settle();
    await say("bob", `approve ${open()[0]}`);
    await world.work(8);
    await say("ann", "stop");
    await world.settle();
    await say("ann", "nothing 9");
  } else {
    await say("ann", "once 1");
    await say("ann", "keyed 1");
    await world.settle();
    for (const id of open()) await say("bob", `approve ${id}`);
    await world.settle();
    await say("ann", "once 2");
    await world.settle();
    await say("bob", `approve ${open().at(-1)} always`);
    await world.settle();
    await say("ann", "once 2 again");
    await world.settle();
  }
  await world.settle();
  const journal = (await store.readJournal(sessionIdOf(thread), { after: 0 })).map(
    ({ entry }) => entry,
  );
  return {
    ran,
    journal,
    writes: world.writes,
    remembered: (await store.remembered()).length - before,
  };
}

/** Has its effect half way, so that a crash can come before and after. */
function effective(name: string, effect: Effect, ran: Ran[]): Tool {
  const input = z.object({ what: z.string(), life: z.string() });
  return {
    name,
    description: name,
    input,
    parameters: {},
    effect,
    needsApproval: true,
    run: async (given, { executionId, signal }) => {
      await tick();
      signal.throwIfAborted();
      ran.push({ what: input.parse(given).what, executionId });
      await tick();
      return { status: "ok", output: "did it", measures: {}, artifacts: [] };
    },
  };
}

/** Calls once what each message names, then answers. */
const obedient: Model = {
  name: "test/obedient",
  capabilities: { contextTokens: 1_000_000 },
  async *respond({ items }) {
    await Promise.resolve();
    const called = new Set(
      items.flatMap((item) =>
        item.type === "assistant" ? item.response.toolCalls.map(({ callId }) => callId) : [],
      ),
    );
    const toolCalls = items.flatMap(callFor).filter(({ callId }) => !called.has(callId));
    const text = toolCalls.length > 0 ? "" : "done";
    const usage = { inputTokens: 1, outputTokens: 1 };
    yield { type: "completed", response: { text, toolCalls, usage } };
  },
};

function callFor(item: Item) {
  if (item.type !== "user" || item.text.startsWith("nothing")) return [];
  const [tool = "", number = ""] = item.text.split(" ");
  const args = JSON.stringify({ what: `${tool} ${number}`, life: item.text.split(" ").at(-1) });
  return [{ callId: item.text, tool, args }];
}
