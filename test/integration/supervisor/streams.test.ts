import { execFileSync } from "node:child_process";
import {
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  linkSync,
  chmodSync,
} from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import { execFlags, host, initialCredit, supervisor } from "./frames.ts";
import { residentKilobytes, supervise, temporaryFolder } from "./supervise.ts";

const cat = { argv: ["cat"], flags: execFlags.stdin | execFlags.live };

test("100 MB go through a command in bounded memory", async () => {
  await using sandbox = await supervise();
  const { client } = sandbox;
  const total = 100 * 1024 * 1024;
  let sent = 0;
  let came = 0;
  let credit = initialCredit;
  let peak = 0;
  const piece = Buffer.alloc(65_536, "x");
  const feed = () => {
    while (sent < total && credit >= piece.length) {
      client.stdin(run.handle, piece);
      sent += piece.length;
      credit -= piece.length;
      if (sent === total) client.stdin(run.handle);
    }
  };
  const run = client.start(cat, {
    onLive(bytes) {
      came += bytes.length - 1;
      client.credit(run.handle, 1, bytes.length - 1);
      peak = Math.max(peak, residentKilobytes(sandbox.pid));
    },
  });
  client.on(({ type, id, payload }) => {
    if (type !== supervisor.stdinCredit || id !== run.handle) return;
    credit += payload.readUInt32LE(0);
    feed();
  });
  feed();
  expect(await run.result).toMatchObject({ kind: "exit", code: 0, stdout: { bytes: total } });
  expect(came).toBe(total);
  expect(peak).toBeLessThan(8 * 1024);
});

test("live output waits for credit, and then comes whole", async () => {
  await using sandbox = await supervise();
  const { client } = sandbox;
  let came = 0;
  const run = client.start(
    { argv: ["sh", "-c", "seq 1 100000; echo done >&2"], flags: execFlags.live, liveBytes: 1000 },
    { onLive: (bytes) => (came += bytes[0] === 1 ? bytes.length - 1 : 0) },
  );
  await client.next(({ type, id }) => type === supervisor.output && id === run.handle);
  await client.ping();
  expect(came).toBeLessThanOrEqual(1000);
  client.credit(run.handle, 1, 10_000_000);
  expect(await run.result).toMatchObject({
    kind: "exit",
    err: "done\n",
    stdout: { bytes: 588_895 },
  });
  expect(came).toBe(588_895);
});

test("the last output of a command that has ended waits for credit, too", async () => {
  await using sandbox = await supervise();
  const { client } = sandbox;
  const run = client.start({
    argv: ["sh", "-c", "echo 123456789"],
    flags: execFlags.live,
    liveBytes: 4,
  });
  await client.next(({ type, id }) => type === supervisor.output && id === run.handle);
  await new Promise((resolve) => setTimeout(resolve, 700)); // longer than a silent pipe is waited for
  client.credit(run.handle, 1, 1000);
  expect((await run.result).live[0]?.toString()).toBe("123456789\n");
});

test("all bytes come as they are, in both directions", async () => {
  await using sandbox = await supervise();
  const bytes = Buffer.from(Array.from({ length: 60_000 }, (_, i) => (i * 7 + (i >> 8)) & 0xff));
  const run = sandbox.client.start({ ...cat, flags: execFlags.stdin });
  sandbox.client.stdin(run.handle, bytes);
  sandbox.client.stdin(run.handle);
  expect((await run.result).head.stdout.equals(bytes)).toBe(true);
});

test("a command that does not read its input does not hold up the host", async () => {
  await using sandbox = await supervise();
  const { client } = sandbox;
  const run = client.start({ argv: ["sh", "-c", "exec <&-; sleep 0.3"], flags: execFlags.stdin });
  await run.started;
  for (let i = 0; i < 4; i++) client.stdin(run.handle, Buffer.alloc(65_536));
  expect(await client.frame(supervisor.stdinCredit, run.handle)).toBeDefined();
  expect(await run.result).toMatchObject({ kind: "exit" });
});

test("stdin over the credit is refused", async () => {
  await using sandbox = await supervise();
  const { client } = sandbox;
  const run = client.start({ argv: ["sleep", "1000"], flags: execFlags.stdin });
  const failed = client.frame(supervisor.failed, run.handle);
  for (let i = 0; i < 8; i++) client.stdin(run.handle, Buffer.alloc(65_536));
  expect((await failed).payload.toString()).toContain("over the credit");
});

test.each([0, 1, 99, 100, 101, 150, 199, 200, 201, 1000])(
  "of %i bytes the head and the tail are kept, and the rest is spilled",
  async (bytes) => {
    await using sandbox = await supervise();
    const folder = temporaryFolder();
    const text = Array.from({ length: bytes }, (_, i) => String.fromCodePoint(97 + (i % 26))).join(
      "",
    );
    const run = await sandbox.client.run({
      argv: ["sh", "-c", `printf %s ${text}; printf %s "${text}" >&2`],
      captureBytes: 100,
      spillFolder: join(folder, "a/b"),
      id: "x/1:2",
    });
    const spill = bytes > 100 ? 1 : 0;
    expect(run.head.stdout.toString()).toBe(text.slice(0, 100));
    expect(run.tail.stdout.toString()).toBe(
      bytes > 100 ? text.slice(Math.max(100, bytes - 100)) : "",
    );
    expect(run).toMatchObject({ stdout: { bytes, spill }, stderr: { bytes, spill } });
    for (const ending of spill ? ["stdout", "stderr"] : []) {
      const file = join(folder, "a/b", `x%2F1%3A2.${ending}`);
      expect(readFileSync(file, "utf8")).toBe(text);
      expect(statSync(file).mode & 0o777).toBe(0o600);
    }
    rmSync(folder, { recursive: true });
  },
);

test("a large output is spilled whole, in bounded memory", async () => {
  await using sandbox = await supervise();
  const folder = temporaryFolder();
  const run = await sandbox.client.sh("seq 1 5000000", {
    spillFolder: folder,
    id: "large",
    captureBytes: 5000,
  });
  expect(run.stdout).toEqual({ bytes: 38_888_896, spill: 1 });
  const expected = execFileSync("seq", ["1", "5000000"], { maxBuffer: 2 ** 26 });
  expect(readFileSync(join(folder, "large.stdout")).equals(expected)).toBe(true);
  expect(run.tail.stdout.equals(expected.subarray(-5000))).toBe(true);
  expect(residentKilobytes(sandbox.pid)).toBeLessThan(8 * 1024);
  rmSync(folder, { recursive: true });
});

test("2 GB are ended at the limit, exactly", async () => {
  await using sandbox = await supervise();
  const run = await sandbox.client.sh("head -c 2000000000 /dev/zero", { outputBytes: 50_000_001 });
  expect(run).toMatchObject({
    kind: "limit",
    detail: "outputBytes",
    stdout: { bytes: 50_000_001 },
  });
  const short = await sandbox.client.sh("echo 123", { outputBytes: 3 });
  expect(short).toMatchObject({ kind: "limit", out: "123" });
  expect(await sandbox.client.sh("echo 12", { outputBytes: 3 })).toMatchObject({ kind: "exit" });
});

test("a spill goes through no link, and into no file that is somebody's", async () => {
  await using sandbox = await supervise();
  const folder = temporaryFolder();
  const secret = join(folder, "secret");
  writeFileSync(secret, "keep");
  chmodSync(secret, 0o666);
  mkdirSync(join(folder, "real"));
  chmodSync(join(folder, "real"), 0o777);
  symlinkSync(join(folder, "real"), join(folder, "linked"));
  symlinkSync(secret, join(folder, "real/link.stdout"));
  linkSync(secret, join(folder, "real/hard.stdout"));
  execFileSync("mkfifo", ["-m", "666", join(folder, "real/fifo.stdout")]);
  const spill = async (id: string, spillFolder: string) =>
    (await sandbox.client.sh("seq 1 1000", { id, spillFolder, captureBytes: 10 })).stdout.spill;
  expect(await spill("any", join(folder, "linked"))).toBe(2);
  expect(await spill("any", `${folder}/real/../real`)).toBe(2);
  expect(await spill("link", join(folder, "real"))).toBe(2);
  expect(await spill("hard", join(folder, "real"))).toBe(2);
  expect(await spill("fifo", join(folder, "real"))).toBe(2);
  expect(await spill("any", join(folder, "real"))).toBe(1);
  expect(readFileSync(secret, "utf8")).toBe("keep");
  rmSync(folder, { recursive: true });
});

test("the control stream is its own", async () => {
  await using sandbox = await supervise();
  const run = await sandbox.client.sh("echo out; echo control >&3", {
    flags: execFlags.control,
    outputBytes: 4,
  });
  expect(run).toMatchObject({ kind: "exit", out: "out\n", err: "" });
  expect(run.live.map(String)).toEqual(["", "", "control\n"]);
});

test("a host that does not read loses nothing", async () => {
  await using sandbox = await supervise();
  const { client, process: child } = sandbox;
  child.stdout?.pause();
  const runs = Array.from({ length: 20 }, (_, i) =>
    client.sh(`seq ${i}00000 ${i}99999`, { captureBytes: 100_000 }),
  );
  for (let i = 0; i < 200; i++) client.send(host.ping, 1, Buffer.alloc(10_000));
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(residentKilobytes(sandbox.pid)).toBeLessThan(16 * 1024);
  child.stdout?.resume();
  for (const run of await Promise.all(runs)) expect(run).toMatchObject({ kind: "exit", code: 0 });
});
