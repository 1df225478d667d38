import { spawn } from "node:child_process";
import { once } from "node:events";
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
  const files = readdirSync(join(folder, "audit")).toSorted();
  expect(files.map((name) => name.replace(/Z\.[0-9a-f]{8}\./, "Z."))).toEqual([
    "audit.1970-01-01T00-00-00.007Z.jsonl",
    "audit.1970-01-01T00-00-00.009Z.jsonl",
    "audit.jsonl",
  ]);
  expect(files.map((name) => linesOf(name))).toMatchObject([
    [{ at: 5 }, { at: 6 }],
    [{ at: 7 }, { at: 8 }],
    [{ at: 9 }],
  ]);
});

test("of processes that put files aside at the same time, no record is lost", async () => {
  const [writers, records] = [3, 1500];
  const script = `
    import { auditFile } from "opsthread";
    const [folder, sessionId] = process.argv.slice(1);
    const audit = auditFile({ folder, redact: (value) => value, maxBytes: 2000, maxFiles: 1000 });
    process.stdin.once("data", () => {
      for (let at = 1; at <= ${records}; at += 1) audit({ event: "egress", at, sessionId, url: "" });
      process.exit();
    });
    process.stdout.write("ready");
  `;
  const children = Array.from({ length: writers }, (_, index) =>
    spawn(
      process.execPath,
      ["--input-type=module", "-e", script, join(folder, "audit"), `s_${index}`],
      { cwd: import.meta.dirname, stdio: ["pipe", "pipe", "inherit"] },
    ),
  );
  await Promise.all(children.map(({ stdout }) => once(stdout, "data")));
  const ended = children.map((child) => once(child, "exit"));
  for (const { stdin } of children) stdin.write("go");
  await Promise.all(ended);

  const found = readdirSync(join(folder, "audit")).flatMap((name) => linesOf(name));
  expect(found).toHaveLength(writers * records);
  expect(new Set(found.map((record) => JSON.stringify(record))).size).toBe(writers * records);
});

test("a record that can't be written is an error in the log, and nothing else", () => {
  writeFileSync(join(folder, "audit"), "a file");
  const errors: unknown[] = [];
  const log = { ...silentLogger, error: (data: unknown) => errors.push(data) };
  auditFile({ folder: join(folder, "audit"), redact, log })(opened);
  expect(errors).toMatchObject([{ event: "sandbox-opened", sessionId: "s_1" }]);
});
