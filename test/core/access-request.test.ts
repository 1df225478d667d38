import { expect, test } from "vitest";

import { AccessRequest, argumentsHash } from "../../src/core/access-request.ts";
import { grantWordOf } from "../../src/core/grant-words.ts";
import { approvalIdOf, isApprovalId } from "../../src/core/ids.ts";
import { JournalEntry } from "../../src/core/journal.ts";
import { Message } from "../../src/core/message.ts";
import { sampleMessage, sampleThread } from "../../src/testing/samples.ts";

const host = (value: string) => AccessRequest.safeParse({ kind: "host", value });

test.each([
  ["example.com:443", "example.com:443"],
  ["API.Example.COM:8443", "api.example.com:8443"],
  ["*.example.com:443", "*.example.com:443"],
  ["xn--bcher-kva.example:80", "xn--bcher-kva.example:80"],
])("host %s is %s", (value, canonical) => {
  expect(host(value).data).toEqual({ kind: "host", value: canonical });
});

test.each([
  "example.com",
  "example.com:0",
  "example.com:0443",
  "example.com:65536",
  "https://example.com:443",
  "user@example.com:443",
  "example.com:443/path",
  "example.com.:443",
  ".example.com:443",
  "exa mple.com:443",
  "-a.example.com:443",
  "bücher.example:443",
  "localhost:80",
  "a.localhost:80",
  "intranet:80",
  "*:443",
  "*.com:443",
  "*.*.com:443",
  "a.*.com:443",
  "127.0.0.1:80",
  "127.1:80",
  "2130706433:80",
  "0x7f.0.0.1:80",
  "0x7f000001:80",
  "0177.0.0.0x1:80",
  "*.0.0.1:80",
  "[::1]:80",
  "::1:80",
  "example.com:443\n",
  `${"a".repeat(64)}.example.com:443`,
  `${"a.".repeat(126)}com:443`,
])("host %j is refused", (value) => {
  expect(host(value).success).toBe(false);
});

test.each(["workspace", "/", "/a/../etc", "/a/./b", "/a//b", "/a/", "/a\nb", "/a\u202eb"])(
  "path %j is refused",
  (value) => {
    expect(AccessRequest.safeParse({ kind: "path", access: "read", value }).success).toBe(false);
  },
);

test("an argument of another kind, a fraction or nothing is refused", () => {
  const refused = [
    { kind: "memory", value: 1.5 },
    { kind: "memory", value: 0 },
    { kind: "memory", value: "1" },
    { kind: "time", value: 10 },
    { kind: "host", value: "example.com:443", access: "read" },
    { kind: "secret", value: "" },
  ];
  expect(refused.filter((request) => AccessRequest.safeParse(request).success)).toEqual([]);
});

test("the hash of arguments depends on what they say, not on how it is written", () => {
  expect(argumentsHash('{"a":1,"b":[2]}')).toBe(argumentsHash('{ "b": [2], "a": 1 }'));
  const others = ['{"a":1,"b":[3]}', '{"a":1}', '[["a",1],["b",[2]]]', "", "{"].map(argumentsHash);
  expect(new Set([argumentsHash('{"a":1,"b":[2]}'), ...others]).size).toBe(6);
});

test("approval ids are told from words", () => {
  const ids = Array.from({ length: 200 }, (_, index) => approvalIdOf(`x${index}`, 1));
  expect(ids.filter((id) => !isApprovalId(id))).toEqual([]);
  expect(new Set(ids).size).toBe(200);
  expect(approvalIdOf("x", 1)).not.toBe(approvalIdOf("x", 2));
});

const said = (text: string, more: Partial<Message> = {}) =>
  grantWordOf(sampleMessage("m", sampleThread("t"), { text, ...more }));

test.each([
  ["approve", { type: "decide", choice: "once" }],
  ["<@U1> Approve session.", { type: "decide", choice: "session" }],
  ["@bot approve 1abcde", { type: "decide", choice: "once", approvalId: "1abcde" }],
  ["approve session 1abcde", { type: "decide", choice: "session", approvalId: "1abcde" }],
  ["approve 1ABCDE once", { type: "decide", choice: "once", approvalId: "1abcde" }],
  [" deny 1abcde ", { type: "decide", choice: "deny", approvalId: "1abcde" }],
  ["approve 1abcde always", { type: "decide", choice: "always", approvalId: "1abcde" }],
  [
    "@bot Deny 1ABCDE Not on a Friday!",
    { type: "decide", choice: "deny", approvalId: "1abcde", words: "Not on a Friday!" },
  ],
  ["revoke 1abcde", { type: "revoke", approvalId: "1abcde" }],
  ["grants", { type: "list" }],
])("%j is a word about grants", (text, word) => {
  expect(said(text)).toEqual(word);
});

test.each([
  "approve the deploy",
  "approve please",
  "approve 1abcde 2abcde",
  "approve once session",
  "deny session",
  "deny it to everybody",
  "approve 1abcde but only once",
  "I approve",
  "approve\nrm -rf /",
  "> approve",
  "approved",
  "revoke",
  "revoke everything",
  "grants?",
  "",
])("%j is not", (text) => {
  expect(said(text)).toBeUndefined();
});

test("a button decides, whatever the text; a request to stop never does", () => {
  const decision = { approvalId: "1abcde", choice: "deny" } as const;
  expect(said("anything", { decision })).toEqual({ type: "decide", ...decision });
  expect(said("approve", { kind: "stop" })).toBeUndefined();
});

test("entries and messages from before there were approvals still read", () => {
  const message = sampleMessage("m", sampleThread("t"));
  expect(Message.parse(message)).toEqual(message);
  const started = { v: 1, turn: 1, at: 1, type: "turn-started", epoch: 1 };
  expect(JournalEntry.parse(started)).toEqual(started);
});
