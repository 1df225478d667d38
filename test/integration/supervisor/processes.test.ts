import { readFileSync } from "node:fs";

import { expect, test, vi } from "vitest";

import { compile } from "./compile.ts";
import { descendants, isAlive, supervise } from "./supervise.ts";

const daemon = "(setsid sh -c 'sleep 1000 & exec sleep 1000' >/dev/null 2>&1 &)";

test("whatever the command leaves is ended and counted", async () => {
  await using sandbox = await supervise();
  const run = await sandbox.client.sh(`sleep 1000 & ${daemon}; exit 7`);
  expect(run).toMatchObject({ kind: "exit", code: 7, background: 0, ended: 3 });
  expect(commands(sandbox.pid)).toEqual([]);
});

test("as many as allowed may stay, keep writing, and end with the sandbox", async () => {
  await using sandbox = await supervise();
  const run = await sandbox.client.sh(
    "(while echo tick; do sleep 0.05; done) & sleep 1000 & exit 0",
    { background: 3 },
  );
  expect(run).toMatchObject({ kind: "exit", code: 0, ended: 0 });
  expect(run.background).toBeGreaterThanOrEqual(2);
  expect(await sandbox.client.sh("sleep 0.3; pgrep -c sleep")).toMatchObject({ kind: "exit" });
  expect(commands(sandbox.pid)).toContain("sleep 1000");
  sandbox.client.end();
  const left = descendants(sandbox.pid);
  expect(await sandbox.exited).toBe(0);
  expect(left.filter(isAlive)).toEqual([]);
});

test("one more than allowed, and all are ended", async () => {
  await using sandbox = await supervise();
  const run = await sandbox.client.sh("sleep 1000 & sleep 1000 & sleep 1000 & exit 0", {
    background: 2,
  });
  expect(run).toMatchObject({ background: 0, ended: 3 });
  expect(commands(sandbox.pid)).toEqual([]);
});

test("processes left running can be stopped by the handle, and by a later command", async () => {
  await using sandbox = await supervise();
  const { client } = sandbox;
  const first = await client.sh("sleep 1001 & exit 0", { background: 1 });
  client.kill(first.handle);
  await vi.waitFor(() => expect(commands(sandbox.pid)).toEqual([]), 5000);
  const second = await client.sh("sleep 1002 & echo $!", { background: 1 });
  const kill = await client.sh(`kill ${second.out}`, { background: 1 });
  expect(kill).toMatchObject({ kind: "exit", code: 0, err: "" });
  await vi.waitFor(() => expect(commands(sandbox.pid)).toEqual([]), 5000);
});

test("a fork bomb is killed to the last process", async () => {
  // The limit counts all processes of a user, so it is one of its own.
  await using sandbox = await supervise({ args: ["--uid", "65533", "--gid", "65533"] });
  const { client } = sandbox;
  const bomb = await client.run({ argv: [compile("bomb")], processes: 200, timeoutMs: 500 });
  expect(bomb).toMatchObject({ kind: "timeout", background: 0 });
  expect(commands(sandbox.pid)).toEqual([]);
  expect(await client.sh("echo on")).toMatchObject({ kind: "exit", out: "on\n" });
});

test("a command whose shepherd is killed is lost, and everything of it is gone", async () => {
  await using sandbox = await supervise();
  const run = sandbox.client.start({ argv: ["sh", "-c", `${daemon}; sleep 1003`] });
  const other = sandbox.client.start({ argv: ["sleep", "1004"] });
  const shepherd = parentOf(await run.started);
  await other.started;
  await vi.waitFor(() => expect(commands(sandbox.pid)).toHaveLength(5), 5000);
  process.kill(shepherd, "SIGKILL");
  expect(await run.result).toMatchObject({ kind: "lost" });
  expect(commands(sandbox.pid)).toEqual(["sleep 1004"]);
  sandbox.client.kill(other.handle);
  expect(await other.result).toMatchObject({ kind: "stopped" });
});

test("a shepherd that is stopped goes on", async () => {
  await using sandbox = await supervise();
  const run = sandbox.client.start({ argv: ["sleep", "1000"], timeoutMs: 300 });
  process.kill(parentOf(await run.started), "SIGSTOP");
  expect(await run.result).toMatchObject({ kind: "timeout" });
});

test("the death of the spare shepherd is not noticed", async () => {
  await using sandbox = await supervise();
  await vi.waitFor(() => expect(descendants(sandbox.pid)).toHaveLength(1), 5000);
  const [spare = 0] = descendants(sandbox.pid);
  process.kill(spare, "SIGKILL");
  await vi.waitFor(() => expect(isAlive(spare)).toBe(false), 5000); // one that dies later has taken the command
  expect(await sandbox.client.sh("echo on")).toMatchObject({ kind: "exit", out: "on\n" });
});

test("when the supervisor is killed, its shepherds end everything", async () => {
  await using sandbox = await supervise();
  const run = sandbox.client.start({ argv: ["sh", "-c", `${daemon}; sleep 1000`] });
  await run.started;
  await vi.waitFor(() => expect(commands(sandbox.pid)).toHaveLength(4), 5000);
  const all = descendants(sandbox.pid);
  sandbox.process.kill("SIGKILL");
  await vi.waitFor(() => expect(all.filter(isAlive)).toEqual([]), 5000);
});

/** The command lines of what runs, without shepherds. */
function commands(supervisor: number): string[] {
  return descendants(supervisor)
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
      } catch {
        return "";
      }
    })
    .filter((line) => line !== "" && !line.includes("--stdio"));
}

function parentOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
}
