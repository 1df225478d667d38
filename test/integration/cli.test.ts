import { spawn, spawnSync } from "node:child_process";
import { on, once } from "node:events";
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

test("trace lists sessions, shows a turn of one that is meant, and says what it can't show", () => {
  opsthread(["chat", "--data", "traced"], "logs what went wrong? +app.log\nthanks\n");
  const trace = (...args: readonly string[]) => opsthread(["trace", "--data", "traced", ...args]);
  const listed = trace();
  expect(listed.stdout).toMatch(/^s_\w+ +console +turns 1, 2 .* answered\n$/);
  const [session = ""] = listed.stdout.split(" ");

  const first = trace(session.slice(0, 6), "--turn", "1");
  expect(first.stderr).toBe("");
  expect(first.stdout).toMatch(/turn 1 · .* · answered after/);
  for (const part of [
    /message {2}accepted/,
    /step 1$/m,
    /tool run_task {2}ok/,
    /task logs/,
    /post answer {2}sent/,
  ])
    expect(first.stdout).toMatch(part);
  for (const part of ["disk", "went wrong", "\u001B"]) expect(first.stdout).not.toContain(part);
  expect(trace(session).stdout).toMatch(/turn 2 · /);

  const whole: unknown = JSON.parse(trace(session, "--turn", "1", "--json").stdout);
  expect(whole).toMatchObject({
    session,
    turn: 1,
    received: [{ name: "receive" }],
    attempts: [{ span: { name: "turn", status: "ok" }, children: expect.any(Array) }],
  });

  for (const wrong of [["s_none"], [session, "--turn", "7"], [session, "--turn", "x"]]) {
    const { status, stdout, stderr } = trace(...wrong);
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).not.toBe("");
  }
  expect(opsthread(["trace", "--data", "nowhere"]).stderr).toContain("there are no traces");
});

test("trace works while the bot holds its store, and after it was killed", async () => {
  const bot = spawn(process.execPath, [program, "chat", "--data", "busy", "--sandbox", "virtual"], {
    cwd: folder,
    stdio: ["pipe", "pipe", "inherit"],
  });
  /** What the bot has written within a few starts of a process. */
  const traced = (tries = 5): string => {
    const { stdout } = opsthread(["trace", "--data", "busy", "s_"]);
    return stdout.includes("run_task") || tries === 0 ? stdout : traced(tries - 1);
  };
  try {
    bot.stdin.write("logs what went wrong? +app.log\n");
    await shown(bot.stdout, "disk is full");
    // Another bot is refused, a look at the traces is not.
    expect(opsthread(["chat", "--data", "busy"], "/quit\n").status).toBe(2);
    expect(traced()).toContain("run_task");
  } finally {
    const exited = once(bot, "exit");
    bot.kill("SIGKILL");
    await exited;
  }
  expect(traced()).toContain("run_task");
});

/** Resolves when this text was written. */
async function shown(output: NodeJS.ReadableStream, text: string): Promise<void> {
  let all = "";
  for await (const chunk of on(output, "data")) {
    all += String(chunk);
    if (all.includes(text)) return;
  }
}
test("chat --careful asks before a command that changes something, and runs it when that is approved", () => {
  const chat = ["chat", "--data", "careful", "--sandbox", "virtual", "--careful"];
  const { status, stdout } = opsthread(chat, "$ echo kirsch > out.txt\napprove\n$ cat out.txt\n");
  expect(status).toBe(0);
  expect(stdout).toContain("asks for approval");
  expect(stdout).toContain("echo kirsch > out.txt");
  expect(stdout).toMatch(/cat out\.txt[\s\S]*exit code 0[\s\S]*kirsch/);
});

test("slack manifest prints what an app of that name needs", () => {
  const { status, stdout } = opsthread(["slack", "manifest", "--name", "Ops"]);
  expect(status).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    display_information: { name: "Ops" },
    oauth_config: { scopes: { bot: expect.arrayContaining(["chat:write", "channels:history"]) } },
    settings: { socket_mode_enabled: true, interactivity: { is_enabled: true } },
  });
});
