import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, test } from "vitest";

import { checkDataFolder, checkNode } from "../../../src/cli/doctor/machine.ts";
import { checkChoice, checkEngine, type SandboxWishes } from "../../../src/cli/doctor/sandboxes.ts";
import type { Engine } from "../../../src/sandbox/docker/engine.ts";

const signal = new AbortController().signal;

const noEngine = { reachable: false, reason: "no socket", hint: "Start Docker" } as const;
const engine = {
  reachable: true,
  socket: "/s",
  facts: {
    vendor: "docker",
    version: "24",
    cgroupVersion: 2,
    runtimes: ["runc", "runsc"],
    defaultRuntime: "runc",
    storageDriver: "overlay2",
    rootless: false,
    limits: { memory: true, pids: true, cpu: true },
    seccomp: true,
  },
} as unknown as Engine;
const image = { check: { name: "image", status: "ok", text: "" }, image: {} as never } as const;
const bubblewrap = { ok: true, version: "0.8" } as const;
const noBubblewrap = { ok: false, reason: "not installed", hint: "Install it" } as const;

test.each([
  ["v20.19.0", "ok"],
  ["v24.1.0", "ok"],
  ["v20.18.3", "fail"],
  ["v18.20.1", "fail"],
])("Node %s is %s", (version, status) => {
  expect(checkNode(version).status).toBe(status);
});

test("the data folder is tried, and left as it was", async () => {
  const folder = mkdtempSync(join(tmpdir(), "opsthread-doctor-"));
  try {
    writeFileSync(join(folder, "file"), "");
    expect(await checkDataFolder(join(folder, "a/b"))).toMatchObject({ status: "ok" });
    expect(existsSync(join(folder, "a"))).toBe(false);
    expect(await checkDataFolder(join(folder, "file"))).toMatchObject({ status: "fail" });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("an engine that is not there is a warning with what to do", () => {
  expect(checkEngine(noEngine)).toEqual([
    { name: "engine", status: "warn", text: "no socket", hint: "Start Docker" },
  ]);
  expect(checkEngine(engine).map(({ status }) => status)).toEqual(["ok", "ok", "ok"]);
});

const choose = (
  found: Partial<Parameters<typeof checkChoice>[0]>,
  wishes: Partial<SandboxWishes> = {},
) =>
  checkChoice({ engine, image, bubblewrap, ...found }, { wanted: "auto", ...wishes }, { signal });

test("the strongest that works is chosen, and the stronger ones are told", async () => {
  expect((await choose({})).at(-1)?.text).toContain('"docker" under runc is chosen');
  const checks = await choose({ engine: noEngine, image: undefined });
  expect(checks.map(({ text }) => text)).toEqual([
    "docker: no socket",
    '"bubblewrap" is chosen; isolation: namespaces',
  ]);
});

test("the weakest one is chosen with a warning unless it is configured", async () => {
  const found = { engine: noEngine, image: undefined, bubblewrap: noBubblewrap };
  expect((await choose(found)).at(-1)).toMatchObject({ status: "warn" });
  expect(await choose(found, { wanted: "virtual" })).toMatchObject([{ status: "ok" }]);
});

test("what is configured and can't work fails", async () => {
  const wishes: readonly Partial<SandboxWishes>[] = [
    { wanted: "docker", runtime: "kata" },
    { wanted: "bubblewrap", minimumIsolation: "container" },
    { minimumIsolation: "vm", runtime: "runc" },
  ];
  for (const wish of wishes)
    expect((await choose({}, wish)).at(-1)).toMatchObject({ name: "sandbox", status: "fail" });
  const [check] = await choose({}, { wanted: "docker", runtime: "kata" });
  expect(check?.text).toContain('no runtime "kata"');
});

test("a minimum of a kernel of its own takes the runtime that has one", async () => {
  const checks = await choose({}, { minimumIsolation: "vm" });
  expect(checks.at(-1)?.text).toContain("under runsc");
});
