import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, expect, test } from "vitest";

import { connectEngine, defaultSockets, findEngine } from "../../../src/sandbox/docker/engine.ts";
import { ensureImage, inspectImage, listImages } from "../../../src/sandbox/docker/image.ts";
import { isolationOf } from "../../../src/sandbox/docker/isolation.ts";
import { engineShortcoming, probeDocker } from "../../../src/sandbox/docker/probe.ts";

const signal = new AbortController().signal;
const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

const version = { Version: "24.0.1", ApiVersion: "1.43", Components: [{ Name: "Engine" }] };
const info = {
  OperatingSystem: "Debian",
  Architecture: "x86_64",
  KernelVersion: "6.1",
  CgroupVersion: "2",
  Runtimes: { runc: {}, runsc: {}, "io.containerd.runc.v2": {} },
  DefaultRuntime: "runc",
  Driver: "overlay2",
  MemoryLimit: true,
  PidsLimit: true,
  CpuCfsQuota: true,
  SecurityOptions: ["name=seccomp,profile=builtin", "name=rootless"],
};
const image = {
  Id: "sha256:aa",
  RepoDigests: ["debian@sha256:bb"],
  Size: 300,
  Created: "2025-01-01T00:00:00Z",
  Architecture: "amd64",
  Config: { Labels: null },
};

/** An engine that answers what `answers` says for a path; without a body it never answers. */
async function serve(answers: Readonly<Record<string, unknown>>): Promise<string> {
  const folder = temporaryFolder();
  const socket = join(folder, "engine.sock");
  const server: Server = createServer(({ url = "" }, response) => {
    const path = url.split("?")[0] ?? "";
    if (!(path in answers)) {
      response.writeHead(404, { "content-type": "application/json" });
      return void response.end(JSON.stringify({ message: `no such thing: ${path}` }));
    }
    if (answers[path] === undefined) return;
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify(answers[path]));
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  cleanups.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return socket;
}

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "opsthread-engine-"));
  cleanups.push(() => rmSync(folder, { recursive: true }));
  return folder;
}

const good = { "/version": version, "/info": info };

test("an engine that answers is told with its facts", async () => {
  const engine = await connectEngine({ host: `unix://${await serve(good)}`, signal });
  expect(engine.facts).toMatchObject({
    vendor: "docker",
    version: "24.0.1",
    cgroupVersion: 2,
    runtimes: ["runc", "runsc"],
    rootless: true,
    seccomp: true,
    limits: { memory: true, pids: true, cpu: true },
  });
});

test("the first socket that answers is taken", async () => {
  const socket = await serve(good);
  const engine = await findEngine({ sockets: ["/nowhere/docker.sock", socket], signal });
  expect(engine).toMatchObject({ reachable: true, socket });
});

test("no socket anywhere says how to get an engine", async () => {
  expect(await findEngine({ sockets: ["/nowhere/docker.sock"], signal })).toEqual({
    reachable: false,
    reason: "no socket at /nowhere/docker.sock",
    hint: expect.stringContaining("apt-get install docker.io"),
  });
});

test("a file that nobody listens on says more than a socket that is not there", async () => {
  const stale = join(temporaryFolder(), "docker.sock");
  writeFileSync(stale, "");
  const engine = await findEngine({ sockets: ["/nowhere/docker.sock", stale], signal });
  expect(engine).toMatchObject({
    reachable: false,
    hint: expect.stringContaining("start the engine"),
  });
});

test("an engine that hangs is given up", async () => {
  const socket = await serve({ "/version": undefined });
  const engine = await findEngine({ host: socket, timeoutMs: 50, signal });
  expect(engine).toMatchObject({ reachable: false, reason: expect.stringContaining("timeout") });
});

test("something else that listens there is no engine", async () => {
  const socket = await serve({});
  const connecting = connectEngine({ host: socket, signal });
  await expect(connecting).rejects.toMatchObject({
    code: "SANDBOX_ENGINE",
    message: expect.stringContaining("no such thing: /version"),
  });
});

test("an engine on another machine is refused", async () => {
  const engine = await findEngine({ host: "tcp://engine.example:2375", signal });
  expect(engine).toMatchObject({ reachable: false, reason: expect.stringContaining("tcp") });
});

test("rootless sockets are looked for where the caller says", () => {
  expect(defaultSockets({ runtimeDir: "/run/user/7" })).toEqual([
    "/var/run/docker.sock",
    "/run/user/7/docker.sock",
    "/run/podman/podman.sock",
    "/run/user/7/podman/podman.sock",
  ]);
});

test("an image is told with the digest of its registry", async () => {
  const { client } = await connectEngine({
    host: await serve({ ...good, "/images/debian/json": image }),
    signal,
  });
  expect(await inspectImage(client, "debian")).toMatchObject({ digest: "sha256:bb", labels: {} });
  expect(await inspectImage(client, "other")).toBeUndefined();
});

test("a pinned image has to have the digest, or the id", async () => {
  const { client } = await connectEngine({
    host: await serve({ ...good, "/images/debian/json": image }),
    signal,
  });
  const ensure = (digest: string) => ensureImage(client, { reference: "debian", digest, signal });
  await expect(ensure("sha256:aa")).resolves.toMatchObject({ id: "sha256:aa" });
  await expect(ensure("sha256:bb")).resolves.toMatchObject({ id: "sha256:aa" });
  await expect(ensure("sha256:cc")).rejects.toMatchObject({
    code: "SANDBOX_IMAGE",
    data: { digest: "sha256:bb", expected: "sha256:cc" },
  });
});

test("images that lost their name are listed by id, the newest first", async () => {
  const newer = { ...image, Id: "sha256:dd", Created: "2025-02-01T00:00:00Z" };
  const host = await serve({
    ...good,
    "/images/json": [
      { Id: "sha256:aa", RepoTags: ["debian:latest"] },
      { Id: "sha256:dd", RepoTags: ["<none>:<none>"] },
    ],
    "/images/debian:latest/json": image,
    "/images/sha256:dd/json": newer,
  });
  const { client } = await connectEngine({ host, signal });
  const images = await listImages(client, "label");
  expect(images.map(({ reference }) => reference)).toEqual(["sha256:dd", "debian:latest"]);
});

test("the default image is not looked for in a registry, and the error says how to make it", async () => {
  const { client } = await connectEngine({ host: await serve(good), signal });
  await expect(ensureImage(client, { signal })).rejects.toMatchObject({
    code: "SANDBOX_IMAGE",
    message: expect.stringContaining('Run "opsthread image build"'),
  });
});

test("an image that can't be pulled is an error with what the engine said", async () => {
  const { client } = await connectEngine({
    host: await serve({ ...good, "/images/create": { error: "manifest unknown" } }),
    signal,
  });
  await expect(ensureImage(client, { reference: "nope", signal })).rejects.toMatchObject({
    code: "SANDBOX_IMAGE",
    message: expect.stringContaining("manifest unknown"),
  });
});

test("an engine without a limit, without seccomp or without the runtime is not good enough", async () => {
  const host = await serve({ ...good, "/info": { ...info, PidsLimit: false } });
  const { facts } = await connectEngine({ host, signal });
  expect(engineShortcoming(facts)?.reason).toBe("the engine cannot limit pids");
  const sound = { ...facts, limits: { memory: true, pids: true, cpu: true } };
  expect(engineShortcoming(sound)).toBeUndefined();
  expect(engineShortcoming(sound, { runtime: "kata" })?.reason).toContain('no runtime "kata"');
  const open = { ...sound, seccomp: false };
  expect(engineShortcoming(open)?.reason).toBe("the engine has no seccomp");
  expect(engineShortcoming(open, { runtime: "runsc" })).toBeUndefined();
  expect(isolationOf("runsc")).toBe("vm");
});

test("a probe tells the first thing that is missing", async () => {
  const host = await serve({ ...good, "/images/opsthread-sandbox/json": image });
  expect(await probeDocker({ host, signal })).toMatchObject({ ok: true });
  expect(await probeDocker({ host, signal, runtime: "kata" })).toMatchObject({ ok: false });
  expect(await probeDocker({ host, signal, digest: "sha256:0" })).toMatchObject({ ok: false });
  expect(await probeDocker({ host: "/nowhere", signal })).toMatchObject({ ok: false });
});
