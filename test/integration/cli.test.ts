import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "opsthread-cli-"));
const program = join(import.meta.dirname, "../../bin/opsthread.js");

beforeAll(() => {
  writeFileSync(join(folder, "old.env"), "LOG_LEVEL=info\nDB_PASSWORD=kirschkuchen\n");
  writeFileSync(join(folder, "new [1].env"), "LOG_LEVEL=debug\nDB_PASSWORD=mandelkuchen\n");
  writeFileSync(join(folder, "app.log"), "10:00:00 INFO up\n10:00:01 ERROR disk is full\n");
});
afterAll(() => rmSync(folder, { recursive: true }));

function opsthread(args: readonly string[], input = "") {
  return spawnSync(process.execPath, [program, ...args], { cwd: folder, input, encoding: "utf8" });
}

test("run diff prints one JSON object without secrets, and tells differences by its exit code", () => {
  const { status, stdout } = opsthread([
    "run",
    "diff",
    "old.env",
    "new [1].env",
    "--json",
    "--exit-code",
  ]);
  const report: unknown = JSON.parse(stdout);
  expect(report).toMatchObject({ task: "diff", outcome: { type: "exit", code: 0 } });
  expect(stdout).toContain("new [1].env:1");
  expect(stdout).toContain("DB_PASSWORD");
  expect(stdout).not.toMatch(/kuchen/);
  expect(status).toBe(3);
  expect(opsthread(["run", "diff", "old.env", "old.env", "--exit-code"]).status).toBe(0);
});

test("run logs names what went wrong as the person named the file, and saves its report", () => {
  const { status, stdout } = opsthread(["run", "logs", "app.log", "--out", "report"]);
  expect(status).toBe(0);
  expect(stdout).toContain("disk is full");
  expect(stdout).toContain("app.log:2");
  expect(readFileSync(join(folder, "report", "report.md"), "utf8")).toContain("disk is full");
});

test("run logs shows a place in a file whose name ends like another's", () => {
  writeFileSync(join(folder, "my-app.log"), "10:00:00 INFO other\n10:00:01 INFO second\n");
  const { status, stdout } = opsthread([
    "run",
    "logs",
    "app.log",
    "my-app.log",
    "--around",
    "my-app.log:2",
  ]);
  expect(status).toBe(0);
  expect(stdout).toContain("my-app.log:2");
  expect(stdout).not.toContain("/sources/");
});

test.each([
  ["no command of that name", ["bogus"]],
  ["a file that is not there", ["run", "logs", "missing.log"]],
  ["a folder", ["run", "logs", "."]],
  ["a time that is none", ["run", "logs", "app.log", "--since", "banana"]],
  ["a number that is none", ["run", "logs", "app.log", "--top", "many"]],
])("%s ends with 2 and says why on standard error", (_what, args) => {
  const { status, stdout, stderr } = opsthread(args);
  expect(status).toBe(2);
  expect(stdout).toBe("");
  expect(stderr).not.toBe("");
});

test("chat answers what is piped in, and shows it again after a restart", () => {
  const chat = ["chat", "--data", "data"];
  const first = opsthread(chat, "logs what went wrong? +app.log\nstop\n");
  expect(first.status).toBe(0);
  expect(opsthread(chat, "only errors please\n").stdout).toContain("disk is full");
  const again = opsthread(chat, "/quit\n");
  expect(again.stdout).toContain("logs what went wrong?");
  expect(again.stdout).toContain("only errors please");
});

test("chat --careful asks before a command that changes something, and runs it when that is approved", () => {
  const chat = ["chat", "--data", "careful", "--sandbox", "virtual", "--careful"];
  const { status, stdout } = opsthread(chat, "$ echo kirsch > out.txt\napprove\n$ cat out.txt\n");
  expect(status).toBe(0);
  expect(stdout).toContain("asks for approval");
  expect(stdout).toContain("echo kirsch > out.txt");
  expect(stdout).toMatch(/cat out\.txt[\s\S]*exit code 0[\s\S]*kirsch/);
});
