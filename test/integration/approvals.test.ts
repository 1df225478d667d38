import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";

import type { Item, Model } from "../../src/agent/model.ts";
import { requestAccessTool } from "../../src/agent/tools/request-access.ts";
import { sessionIdOf, type ThreadRef } from "../../src/core/ids.ts";
import type { JournalEntry } from "../../src/core/journal.ts";
import { AccessConfig, createAccess } from "../../src/security/access.ts";
import type { Mode } from "../../src/sessions/turn.ts";
import { sqliteStore } from "../../src/store/sqlite/index.ts";
import type { Store } from "../../src/store/store.ts";
import { manualClock } from "../../src/testing/manual-clock.ts";
import { tool } from "../agent/harness.ts";
import { DurableSandboxes } from "../sessions/durable-sandboxes.ts";
import { messageTo, type Trouble, World, type WorldOptions } from "../sessions/world.ts";

const clock = manualClock();
let folder: string;
let store: Store;
let runs = 0;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "opsthread-approval-property-"));
  store = await sqliteStore({ folder, clock });
});
afterEach(async () => {
  await store[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

interface Said {
  readonly who: "ann" | "bob" | "eve";
  /** `need` makes the model ask for a host of its own; the others are about the oldest request that nobody answered. */
  readonly what: "need" | "work" | "approve" | "approve session" | "deny" | "revoke";
  readonly times: number;
  /** How long the bot works before the next thing is said. */
  readonly pause: number | "until all is done";
}

const anyTalk: fc.Arbitrary<Said> = fc.record({
  who: fc.constantFrom("ann", "bob", "bob", "eve"),
  what: fc.constantFrom("need", "need", "work", "approve", "approve session", "deny", "revoke"),
  times: fc.integer({ min: 1, max: 2 }),
  pause: fc.integer({ min: 0, max: 60 }),
});

test("whatever crashes and repeats, only an approver's first word grants, just what was asked, for just as long", async () => {
  const troubles = fc.dictionary(
    fc.integer({ min: 1, max: 60 }).map(String),
    fc.constantFrom<Trouble>("crash-before", "crash-after", "lease-lost"),
    { maxKeys: 5 },
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyTalk, { minLength: 2, maxLength: 8 }),
      troubles,
      fc.constantFrom<Mode>("steer", "queue", "interrupt"),
      async (talk, planned, mode) => {
        const entries = Object.entries(planned).map(([at, what]) => [Number(at), what] as const);
        await live(talk, { mode, troubles: new Map(entries) });
      },
    ),
    { numRuns: Number(process.env["OPSTHREAD_TEST_RUNS"] ?? 60) },
  );
});

const whole: readonly Said[] = [
  { who: "ann", what: "need", times: 2, pause: "until all is done" },
  { who: "eve", what: "approve", times: 1, pause: 0 },
  { who: "bob", what: "approve", times: 2, pause: 10 },
  { who: "ann", what: "need", times: 1, pause: "until all is done" },
  { who: "bob", what: "approve session", times: 1, pause: "until all is done" },
  { who: "bob", what: "revoke", times: 1, pause: 5 },
  { who: "ann", what: "work", times: 1, pause: 0 },
];

test.each(["crash-before", "crash-after", "lease-lost"] as const)(
  "%s at any single write between asking, approving, using and taking back grants nothing else",
  async (trouble) => {
    const { writes, decided } = await live(whole, {});
    expect(decided).toEqual(["once", "session"]);
    for (let write = 1; write <= writes; write += 1)
      expect((await live(whole, { troubles: new Map([[write, trouble]]) })).decided).toEqual(
        decided,
      );
  },
);

const gate = createAccess(
  AccessConfig.parse({
    users: ["test:w:ann", "test:w:eve", "test:w:bob"],
    approvers: ["test:w:bob"],
    channels: ["test:w:c"],
  }),
);

/** Has a conversation about grants in a world with this trouble, and checks every use of a grant against the journal. */
async function live(
  talk: readonly Said[],
  options: Pick<WorldOptions, "mode" | "troubles">,
): Promise<{ readonly writes: number; readonly decided: readonly string[] }> {
  const run = (runs += 1);
  const thread: ThreadRef = { platform: "test", workspace: "w", channel: "c", thread: `${run}` };
  const sandboxes = new DurableSandboxes();
  const look = tool("look", async ({ session }) => (await session.sandbox()).sessionId);
  const tools = [requestAccessTool(), look];
  const engine = { sandboxes, gate, tools, model: needy };
  await using world = new World({ ...options, store, clock, engine });
  const answered = new Set<string>();
  const approved: string[] = [];

  for (const [number, { who, what, times, pause }] of talk.entries()) {
    const message = {
      ...messageTo(thread, `${run}-${number}`, wordsOf(number, what)),
      actor: { id: who, roles: [] },
      sentAt: clock.now(),
    };
    await Promise.all(Array.from({ length: times }, () => world.deliver(message)));
    await (pause === "until all is done" ? world.settle() : world.work(pause));
  }
  await world.settle();

  const journal = (await store.readJournal(sessionIdOf(thread), { after: 0 })).map(
    ({ entry }) => entry,
  );
  expectTrue(journal, world);
  return { writes: world.writes, decided: decisionsIn(journal).map(({ choice }) => choice) };

  function wordsOf(number: number, what: Said["what"]): string {
    if (what === "need" || what === "work") return `${number} ${what}`;
    if (what === "revoke") return `revoke ${approved.at(-1) ?? "0aaaaa"}`;
    const open = world.shown.flatMap(({ approval }) => approval?.approvalId ?? []);
    const id = open.find((each) => !answered.has(each)) ?? open.at(-1) ?? "0aaaaa";
    if (talk[number]?.who === "bob") {
      answered.add(id);
      if (what !== "deny") approved.push(id);
    }
    const [verb, ...more] = what.split(" ");
    return [verb, id, ...more].join(" ");
  }
}

const decisionsIn = (journal: readonly JournalEntry[]) =>
  journal.filter((entry) => entry.type === "approval-decided");

function expectTrue(journal: readonly JournalEntry[], world: World): void {
  const decisions = decisionsIn(journal);
  expect(decisions.map(({ by }) => by.id).filter((id) => id !== "bob")).toEqual([]);
  const ids = decisions.map(({ approvalId }) => approvalId);
  expect(ids).toEqual([...new Set(ids)]);
  // Each request was posted, once; and no call asked twice.
  const requests = journal.filter((entry) => entry.type === "approval-requested");
  const posted = world.shown.flatMap(({ approval }) => approval?.approvalId ?? []);
  expect(posted).toEqual([...new Set(posted)]);
  const calls = requests.map(({ callId }) => callId);
  expect(calls).toEqual([...new Set(calls)]);
  expect(ids.filter((id) => !posted.includes(id))).toEqual([]);
  const keys = world.shown.map(({ key }) => key);
  expect(keys).toEqual([...new Set(keys)]);

  for (const record of world.audited) {
    if (record.event !== "sandbox-opened") continue;
    const hosts = record.grants.flatMap(({ request }) =>
      request.kind === "host" ? [request.value] : [],
    );
    expect(record.net).toEqual(hosts);
    for (const { approvalId, request } of record.grants) {
      const decision = decisions.find((each) => each.approvalId === approvalId);
      expect(requests.find((each) => each.approvalId === approvalId)?.request).toEqual(request);
      expect(decision?.choice).not.toBe("deny");
      if (decision?.choice === "once") expect(record.turn).toBe(decision.turn);
      const revoked = journal.find(
        (entry) => entry.type === "grant-revoked" && entry.approvalId === approvalId,
      );
      if (revoked) expect(record.turn).toBeLessThanOrEqual(revoked.turn);
    }
  }
  const messages = journal.flatMap((entry) => (entry.type === "message" ? entry.message.id : []));
  expect(messages).toEqual([...new Set(messages)]);
}

/** Asks for what each message needs, looks once after each decision and each piece of work, then answers. */
const needy: Model = {
  name: "test/needy",
  capabilities: { contextTokens: 1_000_000 },
  async *respond({ items }) {
    await Promise.resolve();
    const called = new Set(
      items
        .flatMap((item) => (item.type === "assistant" ? item.response.toolCalls : []))
        .map(({ callId }) => callId),
    );
    const toolCalls = items.flatMap((item) => callFor(item)).filter((c) => !called.has(c.callId));
    const text = toolCalls.length > 0 ? "" : "done";
    yield {
      type: "completed",
      response: { text, toolCalls, usage: { inputTokens: 1, outputTokens: 1 } },
    };
  },
};

function callFor(item: Item) {
  if (item.type === "user") {
    const [number, what] = item.text.split(" ");
    if (what === "work") return [{ callId: `work-${number}`, tool: "look", args: "{}" }];
    const args = { kind: "host", value: `h${number}.example.com:443`, reason: "needed" };
    return [{ callId: `need-${number}`, tool: "request_access", args: JSON.stringify(args) }];
  }
  const approval = item.type === "note" && /^(?:Approved|Denied).*approval (\w+)/.exec(item.text);
  return approval ? [{ callId: `look-${approval[1]}`, tool: "look", args: "{}" }] : [];
}
