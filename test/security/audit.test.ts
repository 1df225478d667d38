import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import type { AuditRecord } from "../../src/core/audit.ts";
import { silentLogger } from "../../src/core/logger.ts";
import { auditFile } from "../../src/security/audit.ts";
import { createRedactor } from "../../src/security/redact.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "opsthread-audit-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const redactor = createRedactor({ literals: ["s3cr3t-token"] });
const redact = (value: unknown): unknown => redactor.value(value);
const linesOf = (file: string): unknown[] =>
  readFileSync(join(folder, "audit", file), "utf8")
    .trimEnd()
    .split("\n")
    .map((line): unknown => JSON.parse(line));

const opened: AuditRecord = {
  event: "sandbox-opened",
  at: 1,
  sessionId: "s_1",
  turn: 2,
  sandbox: "docker",
  isolation: "container",
  net: ["example.com:443"],
  injects: ["deploy-key"],
  grants: [{ approvalId: "1abcde", request: { kind: "secret", value: "deploy-key" } }],
};

test("a record is one line, as it is, in a file for this user only", () => {
  const audit = auditFile({ folder: join(folder, "audit"), redact });
  audit(opened);
  audit({ event: "egress", at: 2, sessionId: "s_1", url: "https://example.com/?t=s3cr3t-token" });
  expect(linesOf("audit.jsonl")).toEqual([
    opened,
    {
      event: "egress",
      at: 2,
      sessionId: "s_1",
      url: "https://example.com/?t=[redacted:literal]",
    },
  ]);
  expect(statSync(join(folder, "audit", "audit.jsonl")).mode & 0o777).toBe(0o600);
  expect(statSync(join(folder, "audit")).mode & 0o777).toBe(0o700);
});

test("a full file is put aside, and the oldest goes", () => {
  const bytes = Buffer.byteLength(`${JSON.stringify(redact(opened))}\n`);
  const options = { folder: join(folder, "audit"), redact, maxBytes: 2 * bytes, maxFiles: 3 };
  // Each as a process of its own would: what is there is found again.
  for (let at = 1; at <= 9; at += 1) auditFile(options)({ ...opened, at });
  expect(readdirSync(join(folder, "audit")).toSorted()).toEqual([
    "audit.1.jsonl",
    "audit.2.jsonl",
    "audit.jsonl",
  ]);
  expect(linesOf("audit.jsonl")).toMatchObject([{ at: 9 }]);
  expect(linesOf("audit.1.jsonl")).toMatchObject([{ at: 7 }, { at: 8 }]);
  expect(linesOf("audit.2.jsonl")).toMatchObject([{ at: 5 }, { at: 6 }]);
});

test("a record that can't be written is an error in the log, and nothing else", () => {
  writeFileSync(join(folder, "audit"), "a file");
  const errors: unknown[] = [];
  const log = { ...silentLogger, error: (data: unknown) => errors.push(data) };
  auditFile({ folder: join(folder, "audit"), redact, log })(opened);
  expect(errors).toMatchObject([{ event: "sandbox-opened", sessionId: "s_1" }]);
});
