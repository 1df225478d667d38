import { realpathSync } from "node:fs";
import { constants } from "node:os";

import { expect, test } from "vitest";

import { execFlags } from "./frames.ts";
import { descendants, supervise, temporaryFolder } from "./supervise.ts";

const { errno, signals } = constants;

test("a command runs, and its result comes back", async () => {
  await using sandbox = await supervise();
  const run = await sandbox.client.sh("echo out; echo err >&2; exit 3", { id: "x/1 ü" });
  expect(run).toMatchObject({
    id: "x/1 ü",
    kind: "exit",
    code: 3,
    out: "out\n",
    err: "err\n",
    background: 0,
    ended: 0,
    stdout: { bytes: 4, spill: 0 },
    stderr: { bytes: 4, spill: 0 },
  });
  expect(run.pid).toBeGreaterThan(1);
  expect(run.wallUs).toBeGreaterThan(0);
  expect(run.peakBytes).toBeGreaterThan(0);
});

test("CPU time of the command and of its children is measured", async () => {
  await using sandbox = await supervise();
  const run = await sandbox.client.sh("(i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done); true");
  expect(run.userUs + run.systemUs).toBeGreaterThan(20_000);
  expect(run.wallUs).toBeGreaterThan(run.userUs / 2);
});

test("arguments, environment and folder are exactly what was asked for", async () => {
  await using sandbox = await supervise();
  const folder = realpathSync(temporaryFolder());
  const argv = ["", "a b", "'", "\n", "$HOME", "ü", "-n"];
  const script = 'for each; do printf "<%s>" "$each"; done; pwd; umask; cat /proc/$$/environ';
  const run = await sandbox.client.run({
    argv: ["sh", "-c", script, "sh", ...argv],
    cwd: folder,
    env: ["PATH=/usr/bin:/bin", "A= b ", "B=", "PWD=x"],
  });
  const printed = argv.map((each) => `<${each}>`).join("");
  expect(run.out).toBe(`${printed}${folder}\n0022\nPATH=/usr/bin:/bin\0A= b \0B=\0PWD=x\0`);
});

test("a command gets no descriptors, handlers or privileges of the supervisor", async () => {
  await using sandbox = await supervise();
  const run = await sandbox.client.run({ argv: ["ls", "/proc/self/fd"] });
  expect(run.out.trim().split("\n")).toEqual(["0", "1", "2", "3"]); // 3 is the folder itself
  const { out } = await sandbox.client.sh(
    "cat /proc/self/status /proc/self/limits /proc/self/oom_score_adj",
  );
  expect(out).toMatch(/SigBlk:\t0+\nSigIgn:\t0+\n/);
  expect(out).toMatch(/CapInh:\t0+\nCapPrm:\t0+\nCapEff:\t0+\n/);
  expect(out).toMatch(/NoNewPrivs:\t1\nSeccomp:\t2/);
  expect(out).toMatch(/Max core file size +0 +0/);
  expect(Number(out.trim().split("\n").at(-1))).toBeGreaterThanOrEqual(500);
});

test("stdin is empty when there is none", async () => {
  await using sandbox = await supervise();
  expect(await sandbox.client.run({ argv: ["cat"] })).toMatchObject({
    kind: "exit",
    code: 0,
    out: "",
  });
});

test("limits hold for the command, and only for it", async () => {
  await using sandbox = await supervise();
  const { out } = await sandbox.client.sh("ulimit -f; ulimit -n; ulimit -v; ulimit -c", {
    fileBytes: 1024 * 1024,
    openFiles: 77,
    addressBytes: 2 ** 30,
  });
  expect(out).toBe(`2048\n77\n${2 ** 20}\n0\n`);
  const other = await sandbox.client.sh("ulimit -f");
  expect(other.out).toBe("unlimited\n");
});

test("what cannot be executed says why", async () => {
  await using sandbox = await supervise();
  const failed = async (fields: { argv: string[]; cwd?: string }) => {
    const { kind, code, detail } = await sandbox.client.run(fields);
    return { kind, code, detail };
  };
  const kind = "failed-exec";
  expect(await failed({ argv: ["nothing-like-it"] })).toEqual({
    kind,
    code: errno.ENOENT,
    detail: "nothing-like-it",
  });
  expect(await failed({ argv: ["/etc/passwd"] })).toEqual({
    kind,
    code: errno.EACCES,
    detail: "/etc/passwd",
  });
  expect(await failed({ argv: ["true"], cwd: "/nowhere" })).toEqual({
    kind,
    code: errno.ENOENT,
    detail: "/nowhere",
  });
  expect(await sandbox.client.sh("true")).toMatchObject({ kind: "exit", code: 0 });
});

test("requests that make no sense are refused, and nothing else is", async () => {
  await using sandbox = await supervise();
  const refused = async (fields: Parameters<typeof sandbox.client.run>[0]) =>
    sandbox.client.run(fields).then(
      () => "ran",
      (error: unknown) => (error as Error).message,
    );
  expect(await refused({ argv: [] })).toContain("no program");
  expect(await refused({ argv: ["echo", "a\0b"] })).toContain("NUL");
  expect(await refused({ argv: ["true"], id: "x".repeat(129) })).toContain("too long");
  const first = sandbox.client.start({ argv: ["sleep", "1000"], id: "same" });
  expect(await refused({ argv: ["true"], id: "same" })).toContain("in use");
  sandbox.client.kill(first.handle);
  expect(await first.result).toMatchObject({ kind: "stopped" });
  expect(await refused({ argv: ["true"], id: "same" })).toBe("ran");
});

test("a signal is told as one", async () => {
  await using sandbox = await supervise();
  expect(await sandbox.client.sh("kill -SEGV $$")).toMatchObject({
    kind: "signal",
    code: signals.SIGSEGV,
  });
  expect(await sandbox.client.sh("kill -KILL $$")).toMatchObject({
    kind: "signal",
    code: signals.SIGKILL,
  });
});

test("when time is up, everything is dead, also what ignores SIGTERM", async () => {
  await using sandbox = await supervise();
  const run = await sandbox.client.sh(
    "trap '' TERM; echo on; sleep 1000 & setsid sleep 1000 & while :; do sleep 1000; done",
    {
      timeoutMs: 300,
      graceMs: 100,
      background: 8,
    },
  );
  expect(run).toMatchObject({ kind: "timeout", out: "on\n", background: 0 });
  expect(run.wallUs).toBeGreaterThan(300_000);
  expect(await processes(sandbox.pid)).toEqual([]);
});

test("a command may use its grace to end in its own way", async () => {
  await using sandbox = await supervise();
  const run = await sandbox.client.sh("trap 'echo bye; exit 5' TERM; echo on; sleep 1000 & wait", {
    timeoutMs: 200,
    graceMs: 20_000,
  });
  expect(run).toMatchObject({ kind: "timeout", code: 5, out: "on\nbye\n" });
  expect(run.wallUs).toBeLessThan(15_000_000);
});

test("stopping and limits are told apart", async () => {
  await using sandbox = await supervise();
  const stopped = sandbox.client.start({ argv: ["sleep", "1000"] });
  await stopped.started;
  sandbox.client.kill(stopped.handle);
  expect(await stopped.result).toMatchObject({ kind: "stopped", code: 137 });
  const limited = sandbox.client.start({ argv: ["sleep", "1000"] });
  sandbox.client.kill(limited.handle, { reason: 1, limit: "workspaceBytes" });
  expect(await limited.result).toMatchObject({ kind: "limit", detail: "workspaceBytes" });
});

test("a command that ended before it was stopped has ended by itself", async () => {
  await using sandbox = await supervise();
  const run = sandbox.client.start({ argv: ["sh", "-c", "exit 4"] }, { keep: true });
  expect(await run.result).toMatchObject({ kind: "exit", code: 4 });
  sandbox.client.kill(run.handle);
  expect(await (await sandbox.client.adopt(run.id))?.result).toMatchObject({
    kind: "exit",
    code: 4,
  });
});

test("many run at once, each with its own output", async () => {
  await using sandbox = await supervise();
  const runs = await Promise.all(
    Array.from({ length: 60 }, (_, i) =>
      sandbox.client.sh(`echo ${i}; sleep 0.05; echo ${i} >&2; exit ${i}`),
    ),
  );
  expect(runs.map(({ code, out, err }) => [code, out, err])).toEqual(
    runs.map((_, i) => [i, `${i}\n`, `${i}\n`]),
  );
});

test("of more executions than there is room for, the last are refused", async () => {
  await using sandbox = await supervise();
  const runs = Array.from({ length: 257 }, () => sandbox.client.start({ argv: ["sleep", "1000"] }));
  await expect(runs[256]?.result).rejects.toThrow("too many executions");
  sandbox.client.end();
  expect(await sandbox.exited).toBe(0);
  expect(sandbox.client.bye).toBe(0);
});

test("a terminal is one, has a size, and can be resized", async () => {
  await using sandbox = await supervise();
  const script =
    "test -t 0 && test -t 1 && test -t 2 && stty size; read line; stty size; echo $line; ps -o tty= -p $$";
  const { client } = sandbox;
  const run = client.start({
    argv: ["sh", "-c", script],
    columns: 100,
    rows: 30,
    flags: execFlags.terminal | execFlags.stdin | execFlags.live,
  });
  await client.next(({ payload }) => payload.includes("30 100"), "size");
  client.send(12, run.handle, Buffer.from([120, 0, 40, 0]));
  client.stdin(run.handle, Buffer.from("hello\n"));
  const { out, kind } = await run.result;
  expect(out).toMatch(/^30 100\r\nhello\r\n40 120\r\nhello\r\npts\/\d+\s*$/);
  expect(kind).toBe("exit");
});

async function processes(supervisor: number): Promise<readonly number[]> {
  // The spare shepherd may be there, or not yet.
  return descendants(supervisor).filter((pid) => descendants(pid).length > 0);
}
