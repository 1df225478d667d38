import { expect, test } from "vitest";

import {
  sessionMeant,
  type TracedSession,
  tracedSessions,
  turnMeant,
} from "../../../src/cli/trace/sessions.ts";
import { renderTimeline } from "../../../src/cli/trace/timeline.ts";
import { collectTurn } from "../../../src/cli/trace/turn-spans.ts";
import type { SpanRecord } from "../../../src/observe/span-record.ts";

const start = Date.UTC(2031, 11, 24, 12);
const session = "s_abc";

type Given = Partial<Omit<SpanRecord, "startedAt">> &
  Pick<SpanRecord, "name" | "spanId"> & { readonly at: number };

/** Records as a file has them. `at` counts from the turn's start. */
async function* records(...given: readonly Given[]): AsyncGenerator<SpanRecord> {
  for (const { at, facts = {}, ...rest } of given)
    yield {
      v: 1,
      traceId: "t".repeat(32),
      startedAt: start + at,
      status: rest.ms === undefined ? "running" : "ok",
      events: [],
      links: [],
      ...rest,
      facts: { session, turn: 1, ...facts },
    };
}

async function timeline(...given: readonly Given[]): Promise<string> {
  const traced = await collectTurn(records(...given), { session, turn: 1 });
  return renderTimeline({ session, turn: 1, traced }, { color: false, width: Infinity });
}

const turn = { name: "turn", spanId: "turn", at: 0 } as const;

test("a turn is shown as a tree in the order of time, with what matters of each span", async () => {
  const shown = await timeline(
    { name: "receive", spanId: "r", at: -20, ms: 5, facts: { status: "accepted" } },
    { name: "receive", spanId: "other", at: -5000, ms: 5 },
    {
      name: "model",
      spanId: "m1",
      parentId: "s1",
      at: 10,
      ms: 900,
      facts: { model: "openai/gpt", inputTokens: 1200, cachedInputTokens: 800, outputTokens: 34 },
      events: [{ name: "retry", at: 100, facts: { attempt: 1, waitMs: 500, reason: "429" } }],
    },
    {
      name: "tool",
      spanId: "t1",
      parentId: "s1",
      at: 950,
      ms: 1000,
      status: "failed",
      error: { type: "failed" },
      facts: { tool: "shell", exitCode: 3, outputBytes: 120 },
    },
    {
      name: "sandbox-exec",
      spanId: "x1",
      parentId: "t1",
      at: 960,
      ms: 980,
      facts: { outcome: "exit", exitCode: 3 },
    },
    { name: "step", spanId: "s1", parentId: "turn", at: 5, ms: 1960 },
    {
      ...turn,
      ms: 2000,
      links: ["00-x-r-01"],
      facts: { outcome: "answered", inputTokens: 1200, outputTokens: 34, usd: 0.0123 },
    },
    {
      name: "post",
      spanId: "p",
      parentId: "turn",
      at: 2010,
      ms: 100,
      facts: { kind: "answer", outcome: "sent", attempt: 2 },
    },
  );
  expect(shown).toMatchInlineSnapshot(`
    "s_abc, turn 1 · 2031-12-24 12:00:00 UTC · answered after 2.00 s · 1200 → 34 tokens · $0.0123 · trace tttttttttttttttttttttttttttttttt
       -20 ms       5 ms                        message  accepted
         0 ms     2.00 s  ━━━━━━━━━━━━━━━━━━━   turn 1  answered
         5 ms     1.96 s  ━━━━━━━━━━━━━━━━━━━   ├ step
        10 ms     900 ms  ━━━━━━━━━             │ ├ model openai/gpt  1200 (800 cached) → 34 tokens
       110 ms                                   │ │ · retry after attempt 1, waits 500 ms: 429
       950 ms     1.00 s           ━━━━━━━━━    │ └ tool shell  exit 3  120 bytes  ! failed
       960 ms     980 ms           ━━━━━━━━━    │   └ command  exit 3
       2.01 s     100 ms                     ━  └ post answer  sent  attempt 2
    "
  `);
});

test("what has not ended is shown as open, up to the last that is known", async () => {
  const shown = await timeline(
    turn,
    { name: "step", spanId: "s1", parentId: "turn", at: 5 },
    { name: "model", spanId: "m1", parentId: "s1", at: 10, ms: 990, facts: { model: "a/b" } },
    { name: "tool", spanId: "t1", parentId: "s1", at: 1000, facts: { tool: "shell" } },
  );
  expect(shown).toContain("not ended: it still runs, or its process is gone");
  expect(shown).toMatch(/1\.00 s +open .*tool shell$/m);
});

test("an attempt that another one took up is cut off, with what was open in it", async () => {
  const shown = await timeline(
    turn,
    { name: "tool", spanId: "t1", parentId: "turn", at: 10, facts: { tool: "shell" } },
    {
      name: "turn",
      spanId: "again",
      parentId: "turn",
      at: 5000,
      ms: 1000,
      facts: { attempt: 2, outcome: "answered" },
    },
    {
      name: "tool",
      spanId: "t2",
      parentId: "again",
      at: 5010,
      ms: 900,
      facts: { tool: "shell", resumed: true, status: "ok" },
    },
  );
  expect(shown).toContain("answered after 6.00 s · 2 attempts");
  expect(shown).toMatch(/turn 1 +cut off$/m);
  expect(shown).toMatch(/└ tool shell +cut off$/m);
  expect(shown).toMatch(/turn 1  answered  attempt 2$/m);
  expect(shown).toMatch(/└ tool shell  ok  taken up$/m);
});

test("approvals are shown with how long they waited", async () => {
  const shown = await timeline({
    ...turn,
    ms: 10,
    events: [
      { name: "approval-requested", at: 1, facts: { approvalId: "4abcde", kind: "host" } },
      {
        name: "approval-decided",
        at: 2,
        facts: { approvalId: "4abcde", choice: "once", by: "U1", waitedMs: 61_000 },
      },
      { name: "of-a-later-version", at: 3, facts: { n: 1 } },
    ],
  });
  expect(shown).toContain("· asked for approval 4abcde (host)");
  expect(shown).toContain("· approval 4abcde: once by U1, waited for 1 min 1 s");
  expect(shown).toContain("· of-a-later-version n 1");
});

test("what a model made up cannot steer the terminal, nor break a line", async () => {
  const shown = await timeline(
    { ...turn, ms: 10 },
    {
      name: "tool",
      spanId: "t",
      parentId: "turn",
      at: 1,
      ms: 1,
      facts: { tool: "a\u001B[2Jb\nc" },
    },
  );
  expect(shown).not.toContain("\u001B");
  expect(shown).toMatch(/└ tool a␛\[2Jb c$/m);
});

test("a span whose parent is lost is shown all the same", async () => {
  const shown = await timeline(
    { ...turn, ms: 10 },
    { name: "model", spanId: "m", parentId: "gone", at: 1, ms: 1, facts: { model: "a/b" } },
  );
  expect(shown).toMatch(/model a\/b$/m);
});

test("long lines are cut to the terminal's width", async () => {
  const traced = await collectTurn(
    records({ ...turn, ms: 10, error: { type: "X", message: "y".repeat(500) }, status: "failed" }),
    { session, turn: 1 },
  );
  const shown = renderTimeline({ session, turn: 1, traced }, { color: false, width: 100 });
  const [, ...lines] = shown.split("\n");
  expect(Math.max(...lines.map((line) => line.length))).toBe(100);
});

const known = (...sessions: readonly string[]): readonly TracedSession[] =>
  sessions.map((id) => ({
    session: id,
    platform: "test",
    turns: [1, 2],
    lastAt: 0,
    last: "answered",
  }));
const meant = (wanted: string, ...sessions: readonly string[]) =>
  sessionMeant(known(...sessions), { wanted, folder: "traces" }).session;

test("a session is meant by its id or an unambiguous beginning", () => {
  expect(meant("s_ab", "s_abc", "s_xyz")).toBe("s_abc");
  expect(meant("s_a", "s_a", "s_ab")).toBe("s_a");
  expect(() => meant("s_", "s_abc", "s_abd")).toThrow(
    /"s_" is the beginning of 2 sessions: s_abc, s_abd/,
  );
  expect(() => meant("s_q", "s_abc")).toThrow(/no session "s_q" is in traces/);
});

test("the last turn is meant when none is named, and one that is not there is refused", () => {
  const [traced] = known("s_abc");
  if (!traced) throw new Error("Expected one");
  expect(turnMeant(traced, undefined)).toBe(2);
  expect(turnMeant(traced, 1)).toBe(1);
  expect(() => turnMeant(traced, 3)).toThrow(
    /turn 3 of "s_abc" is not there, expected one of 1, 2/,
  );
});

test("sessions are listed by their turns, the most recent first", async () => {
  const sessions = await tracedSessions(
    records(
      { ...turn, facts: { platform: "slack" } },
      { ...turn, ms: 5, facts: { platform: "slack", outcome: "answered" } },
      { ...turn, spanId: "b", at: 100, facts: { session: "s_b", turn: 3, platform: "console" } },
      { name: "step", spanId: "x", at: 200 },
    ),
  );
  expect(sessions).toEqual([
    { session: "s_b", platform: "console", turns: [3], lastAt: start + 100, last: "running" },
    { session, platform: "slack", turns: [1], lastAt: start, last: "answered" },
  ]);
});
