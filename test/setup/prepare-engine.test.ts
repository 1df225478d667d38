import { expect, test } from "vitest";

import type { Engine, EngineFacts } from "../../src/sandbox/docker/engine.ts";
import { prepareEngine, type TestHost } from "./prepare-engine.ts";

const facts: EngineFacts = {
  vendor: "docker",
  version: "20.10.24",
  apiVersion: "1.41",
  system: "Debian",
  architecture: "x86_64",
  kernel: "6.1",
  cgroupVersion: 2,
  runtimes: ["runc"],
  defaultRuntime: "runc",
  storageDriver: "overlay2",
  rootless: false,
  limits: { memory: true, pids: true, cpu: true },
  seccomp: true,
};

/** An engine whose containers end at once, with 1 under the runtimes in `broken`. */
function engine(change: Partial<EngineFacts> = {}, broken: readonly string[] = []): Engine {
  const createContainer = ({
    HostConfig: { Runtime },
  }: {
    HostConfig: { Runtime: string };
  }): Promise<unknown> =>
    Promise.resolve({
      start: () => Promise.resolve(),
      wait: () => Promise.resolve({ StatusCode: broken.includes(Runtime) ? 1 : 0 }),
      remove: () => Promise.resolve(),
    });
  const client = { createContainer } as unknown as Engine["client"];
  return { reachable: true, socket: "/s", client, facts: { ...facts, ...change } };
}

/** A machine with these programs, on which apt-get installs what it is asked for. */
function machine({
  programs,
  found,
  starts = engine(),
  images = { "opsthread-sandbox": "current" },
  ...rest
}: Partial<TestHost> & {
  readonly programs: readonly string[];
  readonly found?: Engine;
  readonly starts?: Engine;
  readonly images?: Readonly<Record<string, "current" | "outdated" | "foreign">>;
}) {
  const said: string[] = [];
  const ran: string[] = [];
  const have = new Set(programs);
  const from: Readonly<Record<string, string>> = {
    "docker.io": "dockerd",
    bubblewrap: "bwrap",
    e2fsprogs: "mkfs.ext4",
    "btrfs-progs": "mkfs.btrfs",
    xfsprogs: "mkfs.xfs",
  };
  const host: TestHost = {
    isRoot: true,
    run([program = "", ...args]) {
      if (program !== "apt-get")
        return Promise.resolve({ code: have.has(program) ? 0 : 127, output: "" });
      ran.push(["apt-get", ...args.slice(2)].join(" "));
      if (args.includes("install")) for (const name of args) have.add(from[name] ?? name);
      return Promise.resolve({ code: 0, output: "" });
    },
    exists: () => true,
    find: () =>
      Promise.resolve(found ?? { reachable: false, reason: "no socket", hint: "Start Docker" }),
    start({ runsc }) {
      ran.push(`start ${runsc ?? "without runsc"}`);
      return Promise.resolve({
        engine: starts,
        stop: () => Promise.resolve(void ran.push("stop")),
      });
    },
    recipeState: (_, name) => Promise.resolve(images[name] ?? "missing"),
    build: (_, { name, method }) => Promise.resolve(void ran.push(`build ${name} ${method}`)),
    say: (line) => void said.push(line),
    ...rest,
  };
  return { host, said, ran };
}

const everything = ["bwrap", "mkfs.ext4", "gcc", "mmdebstrap", "mkfs.btrfs", "mkfs.xfs"];

test("an engine that answers is used as it is, and not stopped", async () => {
  const { host, ran } = machine({ programs: everything, found: engine() });
  const { engine: prepared, stop } = await prepareEngine(host);
  await stop();
  expect(prepared).toMatchObject({ available: true, socket: "/s", image: "opsthread-sandbox" });
  expect(ran).toEqual([]);
});

test("an installed engine that does not run is started, and stopped at the end", async () => {
  const { host, ran } = machine({ programs: [...everything, "dockerd", "runsc"] });
  const { stop } = await prepareEngine(host);
  await stop();
  expect(ran).toEqual(["start /usr/bin/runsc", "stop"]);
});

test("what is missing is installed first", async () => {
  const { host, ran } = machine({ programs: [], images: {} });
  await prepareEngine(host);
  const install = "apt-get install -y -q --no-install-recommends";
  expect(ran).toEqual([
    "apt-get update -q",
    `${install} bubblewrap e2fsprogs gcc libc6-dev mmdebstrap debian-archive-keyring docker.io cgroupfs-mount`,
    `${install} btrfs-progs`,
    `${install} xfsprogs`,
    `${install} runsc`,
    "start /usr/bin/runsc",
    "build opsthread-sandbox debian",
  ]);
});

test("a release without gVisor goes on without it, and says which tests are skipped", async () => {
  const { host, said } = machine({ programs: [...everything, "dockerd"] });
  const { run } = host;
  const { engine: prepared } = await prepareEngine({
    ...host,
    run: async (command, options) =>
      command.includes("runsc") ? { code: 100, output: "no such package" } : run(command, options),
  });
  expect(prepared).toMatchObject({ without: { runsc: "the engine has no such runtime" } });
  expect(said.at(-1)).toBe("tests under runsc are skipped: the engine has no such runtime");
});

test("a registered runtime that can't run a program is left out with the reason", async () => {
  const found = engine({ runtimes: ["runc", "runsc"] }, ["runsc"]);
  const { host } = machine({ programs: everything, found });
  const { engine: prepared } = await prepareEngine(host);
  expect(prepared).toMatchObject({
    runtimes: ["runc"],
    without: { runsc: "a program ended with 1" },
  });
});

test("an engine that was started is stopped when it can't be used", async () => {
  const { host, ran } = machine({
    programs: [...everything, "dockerd"],
    starts: engine({}, ["runc"]),
  });
  await expect(prepareEngine(host)).rejects.toThrow("Cannot start a container under runc");
  expect(ran.at(-1)).toBe("stop");
});

test("an outdated image of a person keeps its name", async () => {
  const images = { "opsthread-sandbox": "outdated" } as const;
  const { host, ran } = machine({ programs: everything, found: engine(), images });
  const { engine: prepared } = await prepareEngine(host);
  expect(prepared).toMatchObject({ image: "opsthread-sandbox:test" });
  expect(ran).toEqual(["build opsthread-sandbox:test debian"]);
});

test("who is not root is told what to do, once", async () => {
  const { host, ran } = machine({ programs: ["gcc"], isRoot: false });
  await expect(prepareEngine(host)).rejects.toThrow(
    /no socket\. Start Docker\. Or run them as root on Debian/,
  );
  expect(ran).toEqual([]);
});

test("an engine that can't keep the limits is not used", async () => {
  const found = engine({ limits: { memory: true, pids: false, cpu: false } });
  const { host } = machine({ programs: everything, found, isRoot: false });
  await expect(prepareEngine(host)).rejects.toThrow("the engine cannot limit pids, cpu");
});
