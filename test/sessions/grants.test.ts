import { expect, test } from "vitest";

import { argumentsHash } from "../../src/core/access-request.ts";
import type { JournalEntry } from "../../src/core/journal.ts";
import { Limits, Permissions } from "../../src/sandbox/permissions.ts";
import { Grants } from "../../src/sessions/grants.ts";
import { isGranted, widen } from "../../src/sessions/widen.ts";

const at = { v: 1, turn: 1, at: 1 } as const;
const args = '{"kind":"host","value":"example.com:443"}';
const request = { kind: "host", value: "example.com:443" } as const;
const step = (given: string): JournalEntry => ({
  ...at,
  type: "step",
  step: 1,
  response: { text: "", toolCalls: [], usage: { inputTokens: 0, outputTokens: 0 } },
  intents: [
    { callId: "c1", tool: "request_access", args: given, executionId: "x", effect: "pure" },
  ],
});
const asked: JournalEntry = {
  ...at,
  type: "approval-requested",
  approvalId: "1abcde",
  callId: "c1",
  argumentsHash: argumentsHash(args),
  request,
  reason: "",
  expiresAt: 10,
};
const decided: JournalEntry = {
  ...at,
  turn: 2,
  type: "approval-decided",
  approvalId: "1abcde",
  choice: "session",
  by: { id: "bob" },
};

function grantsOf(...entries: readonly JournalEntry[]): Grants {
  const grants = new Grants();
  for (const entry of entries) grants.apply(entry);
  return grants;
}

test("a decision grants what the call asked for", () => {
  expect(grantsOf(step(args), asked, decided).inTurn(7)).toMatchObject([{ request }]);
});

test("a request that is not its call's grants nothing, whatever is decided", () => {
  const changed = args.replace("example", "evil");
  expect(grantsOf(step(changed), asked, decided).inTurn(2)).toEqual([]);
  expect(grantsOf(asked, decided).inTurn(2)).toEqual([]);
});

test("a request that its turn did not come to ask is withdrawn", () => {
  const ended: JournalEntry = { ...at, type: "turn-ended", outcome: "interrupted", text: "" };
  expect(grantsOf(step(args), asked, ended, decided).inTurn(2)).toEqual([]);
});

test("an approved call is due in the turn that approved it, once, and only as it was asked for", () => {
  const call = { kind: "call", tool: "request_access", because: [], covers: [] } as const;
  const wants: JournalEntry = { ...asked, request: call };
  const approved = grantsOf(step(args), wants, decided);
  expect(approved.due(2)).toMatchObject([{ approvalId: "1abcde", intent: { args } }]);
  expect(approved.due(2)).toEqual(approved.due(2));
  expect(approved.due(3)).toEqual([]);
  const [due] = approved.due(2);
  expect(due?.intent).not.toMatchObject({ executionId: "x" });
  if (!due) throw new Error("Nothing is due");
  approved.apply({ ...at, turn: 2, type: "approved-call", ...due });
  expect(approved.due(2)).toEqual([]);
  expect(grantsOf(step(args.replace("example", "evil")), wants, decided).due(2)).toEqual([]);
  const otherTool: JournalEntry = { ...wants, request: { ...call, tool: "shell" } };
  expect(grantsOf(step(args), otherTool, decided).due(2)).toEqual([]);
});

const spec = { permissions: Permissions.parse({}), limits: Limits.parse({}) };

test("widening only ever adds", () => {
  const wide = widen(spec, [
    request,
    request,
    { kind: "secret", value: "key" },
    { kind: "memory", value: 1 },
    { kind: "time", per: "task", value: 3_600_000 },
    { kind: "path", access: "write", value: "/workspace/out" },
  ]);
  expect(wide.permissions).toEqual({
    ...spec.permissions,
    net: ["example.com:443"],
    secrets: ["key"],
  });
  expect(wide.limits).toEqual({ ...spec.limits, taskMs: 3_600_000 });
});

test.each([
  ["*.example.com:443", "www.example.com:443", true],
  ["*.example.com:443", "*.www.example.com:443", true],
  ["*.example.com:443", "example.com:443", false],
  ["*.example.com:443", "evilexample.com:443", false],
  ["*.example.com:443", "www.example.com:80", false],
  ["www.example.com:443", "*.example.com:443", false],
  ["*.www.example.com:443", "*.example.com:443", false],
])("a grant of %s covers %s: %s", (granted, value, covered) => {
  const net = { ...spec, permissions: Permissions.parse({ net: [granted] }) };
  expect(isGranted({ kind: "host", value }, net)).toBe(covered);
});
