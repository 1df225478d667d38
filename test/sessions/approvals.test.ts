import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { requestAccessTool } from "../../src/agent/tools/request-access.ts";
import { sessionIdOf } from "../../src/core/ids.ts";
import type { Message } from "../../src/core/message.ts";
import { AccessConfig, createAccess } from "../../src/security/access.ts";
import { defaultApprovals } from "../../src/sessions/default-approvals.ts";
import { sqliteStore } from "../../src/store/sqlite/index.ts";
import type { Store } from "../../src/store/store.ts";
import { manualClock } from "../../src/testing/manual-clock.ts";
import { type Answer, answering, tool } from "../agent/harness.ts";
import { DurableSandboxes } from "./durable-sandboxes.ts";
import { messageTo, World, type WorldEngine } from "./world.ts";

const clock = manualClock();
const thread = { platform: "test", workspace: "w", channel: "c", thread: "t" };
const sessionId = sessionIdOf(thread);
let folder: string;
let store: Store;
let sandboxes: DurableSandboxes;
let world: World;
let said = 0;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "opsthread-approvals-"));
  store = await sqliteStore({ folder, clock });
  sandboxes = new DurableSandboxes();
});
afterEach(async () => {
  await world[Symbol.asyncDispose]();
  await store[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

/** Ann may use the bot, Bob may approve, Eve may neither. */
const gate = createAccess(
  AccessConfig.parse({ users: ["test:w:ann"], approvers: ["test:w:bob"], channels: ["test:w:c"] }),
);
const look = tool("look", async ({ session }) => (await session.sandbox()).sessionId);

function begin(answers: readonly Answer[], engine: WorldEngine = {}) {
  const model = answering(...answers);
  const tools = [requestAccessTool(), look];
  world = new World({ store, clock, engine: { model, sandboxes, gate, tools, ...engine } });
  return model;
}

/** Somebody says something, and everything that follows happens. */
async function say(who: string, text: string, more: Partial<Message> = {}) {
  const message = messageTo(thread, `m${(said += 1)}`, text);
  const actor = { id: who, name: who, roles: [] };
  const received = await world.deliver({ ...message, actor, sentAt: clock.now(), ...more });
  await world.settle();
  return received;
}

const needs = (value: string): [string, unknown][] => [
  ["request_access", { kind: "host", value, reason: "to fetch the page" }],
];
const approvals = () =>
  world.shown.flatMap(({ approval }) => (approval ? [approval.approvalId] : []));
const notices = () =>
  world.shown.filter(({ kind }) => kind === "notice").map(({ markdown }) => markdown);
const opened = () => sandboxes.specs.map(({ permissions }) => permissions.net);
const entries = async () =>
  (await store.readJournal(sessionId, { after: 0 })).map(({ entry }) => entry);
const audited = () => world.audited.map(({ event }) => event);

test("what is asked for is posted as a card, and nothing runs or is granted until it is answered", async () => {
  const model = begin([needs("Example.com:443"), "never"]);
  await say("ann", "fetch it");
  expect(world.shown).toMatchObject([
    {
      kind: "approval",
      markdown: expect.stringMatching(
        /asks for network access to example\.com:443[\s\S]*> to fetch the page[\s\S]*approve \d\w{5} session/,
      ),
      approval: { title: "The agent asks for network access to example.com:443" },
    },
  ]);
  expect(model.requests).toHaveLength(1);
  expect(await store.session(sessionId)).toMatchObject({ dirty: false, unread: 0 });
  expect((await entries()).map(({ type }) => type)).toEqual([
    "turn-started",
    "message",
    "step",
    "approval-requested",
    "tool-result",
    "turn-ended",
  ]);
});

test("once holds for the next turn only, which goes on by itself and is told the truth", async () => {
  const model = begin([needs("example.com:443"), [["look"]], "fetched", [["look"]], "again"]);
  await say("ann", "fetch it");
  await say("bob", "approve");
  expect(world.shown.at(-1)?.markdown).toBe("fetched");
  expect(model.requests[1]?.items.at(-1)).toEqual({
    type: "note",
    text: `Approved for this turn only: network access to example.com:443 (approval ${approvals()[0]}), by bob.`,
  });
  await say("ann", "and again");
  expect(opened()).toEqual([["example.com:443"], []]);
  expect(audited()).toEqual([
    "approval-requested",
    "approval-decided",
    "sandbox-opened",
    "sandbox-opened",
  ]);
  expect(world.audited[2]).toMatchObject({
    grants: [{ approvalId: approvals()[0], request: { kind: "host", value: "example.com:443" } }],
    turn: 2,
  });
});

test("a grant for the session outlives the process, and can be listed and taken back", async () => {
  begin([needs("example.com:443"), "ready", [["look"]], "one", [["look"]], "two"]);
  await say("ann", "fetch it");
  const [id] = approvals();
  await say("bob", `approve ${id} session`);
  await world.end("kill");
  await say("ann", "go on");
  await say("ann", "grants");
  await say("ann", `revoke ${id}`);
  await say("ann", "go on");
  await say("ann", "Grants.");
  expect(opened()).toEqual([["example.com:443"], []]);
  expect(notices()).toEqual([
    expect.stringContaining(`\`${id}\` network access to example.com:443, approved by bob`),
    `Taken back: network access to example.com:443 (${id}).`,
    "Nothing is granted in this session beyond what is configured.",
  ]);
});

test("a denial is told to the model, and nothing is granted", async () => {
  const model = begin([needs("example.com:443"), [["look"]], "without, then"]);
  await say("ann", "fetch it");
  await say("bob", "deny");
  expect(model.requests[1]?.items.at(-1)).toMatchObject({ text: expect.stringMatching(/^Denied/) });
  expect(opened()).toEqual([[]]);
});

test("who may not approve is told so, and nothing changes; a user is not an approver, an approver not a user", async () => {
  const model = begin([needs("example.com:443")]);
  await say("ann", "fetch it");
  const before = await entries();
  expect(await say("ann", "approve")).toEqual({
    status: "denied",
    reason: "Only an approver may do this",
  });
  expect(await say("eve", `approve ${approvals()[0]} session`)).toMatchObject({ status: "denied" });
  expect(await say("bob", "fetch me another")).toMatchObject({ status: "denied" });
  expect(await entries()).toEqual(before);
  expect(model.requests).toHaveLength(1);
  expect(audited()).toEqual(["approval-requested", "approval-refused", "approval-refused"]);
});

test("the gate is asked again when the decision is used", async () => {
  let open = true;
  begin([needs("example.com:443"), "never"], {
    gate: {
      check: (question) =>
        question.action === "approve" && !open
          ? { allowed: false, reason: "Only an approver may do this" }
          : { allowed: true },
    },
  });
  await say("ann", "fetch it");
  const message = { ...messageTo(thread, "late", "approve"), sentAt: clock.now() };
  await store.accept(message, { opens: false });
  open = false;
  await world.settle();
  expect(notices()).toEqual(["Only an approver may do this."]);
  expect((await entries()).map(({ type }) => type)).not.toContain("approval-decided");
});

test("an expired request can't be approved any more, and the thread is told", async () => {
  begin([needs("example.com:443"), "never"], {
    policy: { ...defaultApprovals, expiresAfterMs: 60_000 },
  });
  await say("ann", "fetch it");
  await clock.advance(60_001);
  await say("bob", "approve");
  expect(notices()).toEqual([expect.stringMatching(/expired at .* nothing is granted/)]);
  expect((await entries()).at(-1)).toMatchObject({ type: "turn-ended", outcome: "told" });
});

test("the first decision counts, however often and by whom another is given", async () => {
  begin([needs("example.com:443"), "no then"]);
  await say("ann", "fetch it");
  const decision = { approvalId: approvals()[0] ?? "", choice: "deny" as const };
  await say("bob", "deny", { id: "press", decision });
  expect(await say("bob", "deny", { id: "press", decision })).toEqual({ status: "duplicate" });
  await say("bob", "approve session", { decision: { ...decision, choice: "session" } });
  expect(notices()).toEqual([`Approval ${decision.approvalId} is decided already: denied by bob.`]);
  await say("ann", "grants");
  expect(notices().at(-1)).toBe("Nothing is granted in this session beyond what is configured.");
});

test("two requests at once are decided one by one, and a bare word decides on neither", async () => {
  begin([
    [...needs("a.example.com:443"), ...needs("b.example.com:443")],
    [["look"]],
    "one",
    [["look"]],
    "two",
  ]);
  await say("ann", "fetch both");
  const [a, b] = approvals();
  await say("bob", "approve");
  expect(notices()).toEqual([
    `Say which: \`approve ${a}\` (network access to a.example.com:443), \`approve ${b}\` (network access to b.example.com:443).`,
  ]);
  await say("bob", `approve ${b} session`);
  await say("bob", `approve ${a}`);
  expect(opened()).toEqual([["b.example.com:443"], ["a.example.com:443", "b.example.com:443"]]);
});

test("a bare word that was said before the request is not for it", async () => {
  begin([needs("example.com:443")]);
  await say("ann", "fetch it");
  await say("bob", "approve", { sentAt: 0 });
  expect(notices()).toEqual([expect.stringContaining("Say which")]);
});

test("a decision in the middle of a turn takes effect in it: what is opened after that is opened with the grant", async () => {
  let approve = (): Promise<unknown> => Promise.resolve();
  const during = tool("during", async ({ session }) => {
    await session.sandbox();
    await approve();
    return "";
  });
  begin([needs("example.com:443"), [["during"]], [["look"]], "done"], {
    tools: [requestAccessTool(), look, during],
  });
  await say("ann", "fetch it");
  approve = () =>
    world.deliver({
      ...messageTo(thread, "mid", `approve ${approvals()[0]}`),
      actor: { id: "bob", roles: [] },
    });
  await say("ann", "work meanwhile");
  expect(opened()).toEqual([[], ["example.com:443"]]);
  expect(sandboxes.types()).toEqual(["opened", "closed", "opened", "closed", "snapshot"]);
});

test("stop withdraws what was asked for", async () => {
  begin([needs("example.com:443"), "never"]);
  await say("ann", "fetch it");
  await say("ann", "stop");
  expect(notices()).toEqual(["Stopped, as ann asked. What waited for approval is withdrawn."]);
  await say("bob", `approve ${approvals()[0]}`);
  expect(notices().at(-1)).toMatch(/was withdrawn; nothing is granted/);
  await say("ann", "stop");
  expect(notices().at(-1)).toBe("Nothing is running here.");
});

test("where somebody else has to approve, whoever asked in this session can't", async () => {
  begin([needs("example.com:443"), "go"], {
    gate: { check: () => ({ allowed: true }) },
    policy: { ...defaultApprovals, selfApproval: false },
  });
  await say("ann", "fetch it");
  await say("ann", "approve");
  expect(notices()).toEqual([expect.stringMatching(/^Somebody else has to approve/)]);
  await say("bob", "approve");
  expect(world.shown.at(-1)?.markdown).toBe("go");
});

test("limits are raised no further than is allowed, also when that was lowered after the approval", async () => {
  const asks = (value: number): Answer => [
    ["request_access", { kind: "memory", value, reason: "a large heap" }],
  ];
  const model = begin([asks(1024 ** 4), asks(1024 ** 3), [["look"]], "one"]);
  await say("ann", "sort it");
  expect(model.requests[1]?.items.at(-1)).toMatchObject({
    result: { status: "failed", output: expect.stringContaining("Nobody can grant") },
  });
  await say("bob", "approve session");
  expect(sandboxes.specs[0]?.limits.memoryBytes).toBe(1024 ** 3);
  await world[Symbol.asyncDispose]();
  const maxLimits = { ...defaultApprovals.maxLimits, memoryBytes: 1024 ** 2 };
  begin([[["look"]], "two"], { policy: { ...defaultApprovals, maxLimits } });
  await say("ann", "once more");
  expect(sandboxes.specs[1]?.limits.memoryBytes).toBe(512 * 1024 ** 2);
});

test("what is granted or waits already is answered at once", async () => {
  const model = begin([
    needs("*.example.com:443"),
    needs("*.example.com:443"),
    "it waits",
    needs("www.example.com:443"),
    "there it is",
  ]);
  await say("ann", "fetch it");
  await say("ann", "well?");
  expect(model.requests[2]?.items.at(-1)).toMatchObject({
    result: { status: "failed", output: expect.stringContaining("has not decided") },
  });
  await say("bob", "approve session");
  expect(model.requests[4]?.items.at(-1)).toMatchObject({
    result: { status: "ok", output: expect.stringContaining("Granted already") },
  });
  expect(approvals()).toHaveLength(1);
});

test("a sentence that begins with approve is for the model", async () => {
  const model = begin(["I will", "I see"], { gate: { check: () => ({ allowed: true }) } });
  await say("ann", "approve the pull request");
  await say("ann", "approve please");
  expect(model.requests).toHaveLength(2);
});
