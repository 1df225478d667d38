import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect } from "node:net";

import { expect, test, vi } from "vitest";

import {
  encode,
  encodeExec,
  execFlags,
  headerBytes,
  host,
  mark,
  maxPayload,
  supervisor,
  u32,
} from "./frames.ts";
import { descendants, isAlive, launch, supervise } from "./supervise.ts";

const takeover = Buffer.alloc(maxPayload + headerBytes);

test("WELCOME tells what there is", async () => {
  await using sandbox = await supervise();
  expect(sandbox.client.features & 4).toBe(4);
  expect(sandbox.client.shell).toMatch(/^\/.*sh$/);
});

test("a command outlives its host, and the next one gets the result", async () => {
  await using sandbox = await launch();
  const first = await sandbox.connect();
  const lost = first.start({
    argv: ["sh", "-c", "echo one; sleep 0.3; echo two"],
    id: "x_long",
    flags: execFlags.live,
  });
  await lost.started;
  first.drop();
  const second = await sandbox.connect();
  const [listed] = await second.list();
  expect(listed).toMatchObject({ handle: lost.handle, id: "x_long", ended: false });
  const adopted = await second.adopt("x_long");
  expect(adopted).toMatchObject({ handle: lost.handle, ended: false });
  expect(await adopted?.result).toMatchObject({ id: "x_long", kind: "exit", out: "one\ntwo\n" });
  expect(await second.list()).toEqual([]);
  expect(await second.adopt("x_long")).toBeUndefined();
});

test("a result that nobody took is there for the next host", async () => {
  await using sandbox = await launch();
  const first = await sandbox.connect();
  await first.run({ argv: ["seq", "1", "30000"], id: "x_kept" }, { keep: true });
  first.drop();
  const second = await sandbox.connect();
  const adopted = await second.adopt("x_kept");
  expect(adopted?.ended).toBe(true);
  expect(await adopted?.result).toMatchObject({ kind: "exit", stdout: { bytes: 168_894 } });
});

test("live output of a command does not block it when its host has gone", async () => {
  await using sandbox = await launch();
  const first = await sandbox.connect();
  const run = first.start({
    argv: ["seq", "1", "1000000"],
    id: "x",
    flags: execFlags.live,
    liveBytes: 10,
  });
  await run.started;
  first.drop();
  const second = await sandbox.connect();
  expect(await (await second.adopt("x"))?.result).toMatchObject({
    kind: "exit",
    stdout: { bytes: 6_888_896 },
  });
});

test("a command whose input can never be completed is lost", async () => {
  await using sandbox = await launch();
  const first = await sandbox.connect();
  const run = first.start({ argv: ["cat"], id: "x", flags: execFlags.stdin });
  first.stdin(run.handle, Buffer.from("half"));
  await run.started;
  first.drop();
  const second = await sandbox.connect();
  expect(await (await second.adopt("x"))?.result).toMatchObject({ kind: "lost" });
});

test("a newer connection replaces the older", async () => {
  await using sandbox = await launch();
  const first = await sandbox.connect();
  const second = await sandbox.connect();
  await first.closed;
  expect(await second.ping()).toBe("are you there");
});

test("many hosts in a row leave nothing behind", async () => {
  await using sandbox = await launch();
  for (let i = 0; i < 30; i++) {
    const client = await sandbox.connect();
    client.start({ argv: ["true"], id: `x_${i}` });
    client.write(randomBytes(i * 100));
    client.drop();
  }
  const last = await sandbox.connect();
  expect(await last.sh("echo on")).toMatchObject({ out: "on\n" });
});

test("a new host takes over a stream in the middle of a frame", async () => {
  await using sandbox = await supervise();
  const { client } = sandbox;
  const run = client.start({ argv: ["sleep", "0.2"], id: "x" }, { keep: true });
  await run.started;
  client.write(
    encode(host.exec, 5, encodeExec({ id: "y", argv: ["x".repeat(60_000)] })).subarray(0, 30_000),
  );
  await client.hello({}, takeover);
  expect(await (await client.adopt("x"))?.result).toMatchObject({ kind: "exit" });
});

test("what a broken frame carries is not obeyed", async () => {
  await using sandbox = await supervise();
  const { client } = sandbox;
  const smuggled = Buffer.concat([
    mark,
    encode(host.hello, 1, Buffer.alloc(32)),
    encode(host.end, 1, Buffer.alloc(16)),
  ]);
  const broken = encode(host.stdin, 1, smuggled);
  broken.writeUInt8(broken.readUInt8(12) ^ 1, 12);
  client.write(broken);
  await client.hello({}, takeover);
  expect(await client.ping()).toBe("are you there");
});

test("after a mark, nothing is obeyed before HELLO", async () => {
  await using sandbox = await supervise();
  const { client } = sandbox;
  client.write(Buffer.concat([mark, client.endFrame()]));
  await client.hello({}, takeover);
  expect(await client.ping()).toBe("are you there");
});

test("no garbage crashes it", async () => {
  await using sandbox = await supervise();
  const { client } = sandbox;
  for (let round = 0; round < 50; round++) {
    client.write(randomBytes(1 + round * 300));
    await client.hello({}, takeover);
    // Every type of frame, well framed, with nonsense in it; but none that ends it.
    for (let type = 0; type < 256; type++)
      if (type !== host.end && type !== host.hello)
        client.send(type, round % 3, randomBytes((type * round) % 200));
    const exec = encodeExec({ id: `${round}`, argv: ["true"] });
    client.send(host.exec, 1000 + round, exec.subarray(0, (round * 7) % exec.length));
    exec.writeUInt32LE(0xffff_ffff, (round * 4) % (exec.length - 4));
    client.send(host.exec, 2000 + round, exec);
    expect(await client.ping(`${round}`)).toBe(`${round}`);
  }
  expect(await client.sh("echo on")).toMatchObject({ out: "on\n" });
}, 60_000);

test("without a host for longer than the grace, it ends with everything in it", async () => {
  await using sandbox = await launch();
  const client = await sandbox.connect({ graceMs: 400 });
  const run = client.start({ argv: ["sh", "-c", "setsid sleep 1000 & trap '' TERM; sleep 1000"] });
  await run.started;
  await vi.waitFor(() => expect(descendants(sandbox.pid).length).toBeGreaterThan(3), 5000);
  const all = descendants(sandbox.pid);
  client.drop();
  expect(await sandbox.exited).toBe(0);
  expect(all.filter(isAlive)).toEqual([]);
});

test("a silent host is no host", async () => {
  await using sandbox = await supervise({ graceMs: 300 });
  expect(await sandbox.exited).toBe(0);
  expect(sandbox.client.bye).toBe(1);
});

test("when stdin ends, it ends", async () => {
  await using sandbox = await supervise({ graceMs: 300 });
  sandbox.process.stdin?.end();
  expect(await sandbox.exited).toBe(0);
});

test("a host that never comes is not waited for", async () => {
  await using sandbox = await launch({ args: ["--first-ms", "200"] });
  expect(await sandbox.exited).toBe(0);
});

test("a sandbox in which nothing runs ends, and one in which something runs does not", async () => {
  await using sandbox = await supervise({ idleMs: 300 });
  const began = performance.now();
  await sandbox.client.sh("sleep 0.8");
  expect(await sandbox.exited).toBe(0);
  expect(sandbox.client.bye).toBe(2);
  expect(performance.now() - began).toBeGreaterThan(1000);
});

test("its lifetime ends, whatever runs", async () => {
  await using sandbox = await supervise({ lifetimeMs: 400 });
  sandbox.client.start({ argv: ["sleep", "1000"] });
  expect(await sandbox.exited).toBe(0);
  expect(sandbox.client.bye).toBe(3);
});

test("END kills everything, says goodbye and exits", async () => {
  await using sandbox = await supervise();
  await sandbox.client.start({ argv: ["sh", "-c", "(setsid sleep 1000 &); sleep 1000"] }).started;
  const all = descendants(sandbox.pid);
  sandbox.client.end();
  expect(await sandbox.exited).toBe(0);
  expect(sandbox.client.bye).toBe(0);
  expect(all.filter(isAlive)).toEqual([]);
});

test("a host in whose place another is can't end it", async () => {
  await using sandbox = await supervise();
  const { client } = sandbox;
  const endOfFirst = client.endFrame();
  await client.hello({}, takeover);
  client.write(endOfFirst);
  expect(await client.ping()).toBe("are you there");
  client.end();
  expect(await sandbox.exited).toBe(0);
});

test("of many results that nobody fetched, the oldest are forgotten", async () => {
  await using sandbox = await supervise();
  for (let i = 0; i < 70; i++)
    await sandbox.client.run({ argv: ["true"], id: `x_${i}` }, { keep: true });
  const listed = await sandbox.client.list();
  expect(listed).toHaveLength(64);
  expect(listed.map(({ id }) => id)).not.toContain("x_0");
  expect(listed.map(({ id }) => id)).toContain("x_69");
});

test("connections inside the sandbox are carried to the host, each way until its end", async () => {
  await using sandbox = await supervise();
  const { client } = sandbox;
  const port = await client.listen();
  const opened = client.frame(supervisor.channelOpen);
  const socket = connect(port, "127.0.0.1");
  const received: Buffer[] = [];
  socket.on("data", (bytes) => received.push(bytes));
  const { id } = await opened;
  const total = 3_000_000;
  const data = randomBytes(total);
  const toHost: Buffer[] = [];
  const hostEnd = new Promise<void>((resolve) =>
    client.on((frame) => {
      if (frame.id !== id || frame.type !== supervisor.channelData) return;
      toHost.push(frame.payload);
      client.send(host.channelCredit, id, u32(frame.payload.length));
      if (frame.payload.length === 0) resolve();
    }),
  );
  socket.end(data);
  await hostEnd;
  expect(Buffer.concat(toHost).equals(data)).toBe(true);

  let credit = 262_144;
  let at = 0;
  const feed = () => {
    while (at < total && credit > 0) {
      const piece = data.subarray(at, at + Math.min(credit, 50_000));
      client.send(host.channelData, id, piece);
      at += piece.length;
      credit -= piece.length;
      if (at === total) client.send(host.channelData, id);
    }
  };
  client.on((frame) => {
    if (frame.id !== id || frame.type !== supervisor.channelCredited) return;
    credit += frame.payload.readUInt32LE(0);
    feed();
  });
  const closed = client.frame(supervisor.channelClose, id);
  feed();
  await once(socket, "close");
  await closed;
  expect(Buffer.concat(received).equals(data)).toBe(true);
});

test("connections end with their host", async () => {
  await using sandbox = await launch();
  const client = await sandbox.connect();
  const port = await client.listen();
  const opened = client.frame(supervisor.channelOpen);
  const socket = connect(port, "127.0.0.1");
  // It may be ended or reset.
  const closed = new Promise((resolve) => socket.on("error", () => {}).once("close", resolve));
  await opened;
  client.drop();
  await closed;
  await vi.waitFor(() =>
    expect(once(connect(port, "127.0.0.1"), "connect")).rejects.toThrow("ECONNREFUSED"),
  );
});

test("a port that is taken is refused", async () => {
  await using sandbox = await supervise();
  const port = await sandbox.client.listen();
  const failed = sandbox.client.frame(supervisor.failed);
  sandbox.client.send(host.listen, 1, Buffer.from([port & 0xff, port >> 8]));
  expect((await failed).payload.toString()).toContain("Cannot listen");
});
