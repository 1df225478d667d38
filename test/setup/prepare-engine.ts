import type Docker from "dockerode";

import { messageOf } from "../../src/core/errors.ts";
import type { BuildMethod } from "../../src/sandbox/docker/build-image.ts";
import type { Engine, NoEngine } from "../../src/sandbox/docker/engine.ts";
import { defaultImage } from "../../src/sandbox/docker/image.ts";
import { engineShortcoming } from "../../src/sandbox/docker/probe.ts";

/** What tests get from `inject("engine")`. Everything that they start there carries a label of theirs. */
export type TestEngine =
  | {
      readonly available: true;
      readonly socket: string;
      readonly image: string;
      /** Runtimes that have run a program of the image. */
      readonly runtimes: readonly string[];
      /** Runtimes that are not in `runtimes`, and why. */
      readonly without: Readonly<Record<string, string>>;
    }
  | { readonly available: false; readonly reason: string };

export interface PreparedEngine {
  readonly engine: TestEngine;
  /** Ends the engine if it was started here. */
  readonly stop: () => Promise<void>;
}

export interface StartedEngine {
  readonly engine: Engine;
  readonly stop: () => Promise<void>;
}

/** The machine, so that every kind of machine can be tried on one. */
export interface TestHost {
  readonly isRoot: boolean;
  readonly run: (
    command: readonly string[],
    options?: { readonly env?: Readonly<Record<string, string>> },
  ) => Promise<{ readonly code: number; readonly output: string }>;
  exists(path: string): boolean;
  find(): Promise<Engine | NoEngine>;
  start(options: { readonly runsc: string | undefined }): Promise<StartedEngine>;
  recipeState(
    client: Docker,
    image: string,
  ): Promise<"current" | "outdated" | "foreign" | "missing">;
  build(
    client: Docker,
    options: { readonly name: string; readonly method: BuildMethod },
  ): Promise<void>;
  say(line: string): void;
}

/** Built when the machine's own image is not what the recipe makes today: a person's image keeps its name. */
const testImage = `${defaultImage}:test`;

/**
 * Finds, installs or starts what the integration tests need: a container engine with the sandbox image, and the
 * programs of the other drivers.
 */
export async function prepareEngine(host: TestHost): Promise<PreparedEngine> {
  const found = await usable(host);
  await installMissing(host, { engine: found.reachable });
  // Installing an engine starts it on many machines.
  const after = found.reachable ? found : await usable(host);
  const started = after.reachable ? undefined : await startOwn(host, after);
  const engine = started?.engine ?? (after.reachable ? after : undefined);
  if (engine === undefined) throw new TypeError("No engine after one was started");
  const stop = async (): Promise<void> => started?.stop();
  try {
    const image = await imageOf(host, engine);
    const { runtimes, without } = await tryRuntimes(host, engine, image);
    const { socket } = engine;
    return { engine: { available: true, socket, image, runtimes, without }, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** An engine that answers but can't keep the limits is none for us. */
async function usable(host: TestHost): Promise<Engine | NoEngine> {
  const engine = await host.find();
  const shortcoming = engine.reachable ? engineShortcoming(engine.facts) : undefined;
  return shortcoming === undefined ? engine : { reachable: false, ...shortcoming };
}

const tools: readonly { readonly packages: readonly string[]; readonly sign: readonly string[] }[] =
  [
    { packages: ["bubblewrap"], sign: ["bwrap", "--version"] },
    { packages: ["e2fsprogs"], sign: ["mkfs.ext4", "-V"] },
    { packages: ["gcc", "libc6-dev"], sign: ["gcc", "--version"] },
    { packages: ["mmdebstrap", "debian-archive-keyring"], sign: ["mmdebstrap", "--version"] },
  ];

const engineTools: typeof tools = [
  { packages: ["docker.io", "cgroupfs-mount"], sign: ["dockerd", "--version"] },
];

/** Tests of what these are for are skipped without them. */
const optionalTools: typeof tools = [
  { packages: ["btrfs-progs"], sign: ["mkfs.btrfs", "--version"] },
  { packages: ["xfsprogs"], sign: ["mkfs.xfs", "-V"] },
];

/** gVisor is not in every release. */
const optionalEngineTools: typeof tools = [{ packages: ["runsc"], sign: ["runsc", "--version"] }];

async function installMissing(
  host: TestHost,
  { engine }: { readonly engine: boolean },
): Promise<void> {
  const needed = await missingPackages(host, engine ? tools : [...tools, ...engineTools]);
  const wished = await missingPackages(
    host,
    engine ? optionalTools : [...optionalTools, ...optionalEngineTools],
  );
  if (needed.length + wished.length === 0) return;
  const isDebian = host.exists("/usr/bin/apt-get");
  if (!host.isRoot || !isDebian) {
    host.say(`not installed: ${[...needed, ...wished].join(", ")}`);
    return; // Who needs one of them says so.
  }
  host.say(`installing ${[...needed, ...wished].join(", ")}`);
  await aptGet(host, ["update", "-q"]);
  const install = ["install", "-y", "-q", "--no-install-recommends"];
  if (needed.length > 0) await aptGet(host, [...install, ...needed]);
  for (const name of wished)
    await aptGet(host, [...install, name]).catch((error: unknown) => {
      host.say(`going on without ${name}: ${messageOf(error).split("\n").at(-1)}`);
    });
}

async function missingPackages(host: TestHost, wanted: typeof tools): Promise<readonly string[]> {
  const missing = await Promise.all(
    wanted.map(async ({ packages, sign }) => ((await host.run(sign)).code === 127 ? packages : [])),
  );
  return missing.flat();
}

async function aptGet(host: TestHost, args: readonly string[]): Promise<void> {
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  const { code, output } = await host.run(["apt-get", "-o", "Acquire::Retries=3", ...args], {
    env,
  });
  if (code !== 0) throw new Error(`Cannot run apt-get ${args.join(" ")}:\n${output}`);
}

async function startOwn(host: TestHost, { reason, hint }: NoEngine): Promise<StartedEngine> {
  const has = async (program: string): Promise<boolean> =>
    (await host.run([program, "--version"])).code === 0;
  if (!host.isRoot || !(await has("dockerd")))
    throw new Error(
      `The integration tests need a container engine: ${reason}. ${hint}. Or run them as root on Debian, where they ` +
        "install and start one themselves; or set OPSTHREAD_TEST_ENGINE=none to skip what needs one; " +
        '"npm run test:unit" needs none',
    );
  host.say("starting dockerd");
  if (!host.exists("/sys/fs/cgroup/memory") && !host.exists("/sys/fs/cgroup/cgroup.controllers"))
    await host.run(["cgroupfs-mount"]);
  return host.start({ runsc: (await has("runsc")) ? "/usr/bin/runsc" : undefined });
}

async function imageOf(host: TestHost, { client }: Engine): Promise<string> {
  for (const name of [defaultImage, testImage])
    if ((await host.recipeState(client, name)) === "current") return name;
  const present = await host.recipeState(client, defaultImage);
  const name = present === "missing" ? defaultImage : testImage;
  const hasMmdebstrap = (await host.run(["mmdebstrap", "--version"])).code === 0;
  host.say(`building the image ${name}, which takes a minute`);
  await host.build(client, { name, method: host.isRoot && hasMmdebstrap ? "debian" : "auto" });
  return name;
}

/** A registered runtime need not work: gVisor does not on every kernel. */
async function tryRuntimes(
  host: TestHost,
  { client, facts }: Engine,
  image: string,
): Promise<{
  readonly runtimes: readonly string[];
  readonly without: Readonly<Record<string, string>>;
}> {
  const failures: Record<string, string> = {};
  for (const runtime of facts.runtimes)
    try {
      await tryRuntime(client, { runtime, image });
    } catch (error) {
      failures[runtime] = messageOf(error);
    }
  if (!facts.runtimes.includes("runsc")) failures["runsc"] = "the engine has no such runtime";
  for (const [runtime, reason] of Object.entries(failures))
    host.say(`tests under ${runtime} are skipped: ${reason}`);
  const runtimes = facts.runtimes.filter((name) => failures[name] === undefined);
  if (!runtimes.includes(facts.defaultRuntime))
    throw new Error(
      `Cannot start a container under ${facts.defaultRuntime}: ${failures[facts.defaultRuntime]}`,
    );
  return { runtimes, without: failures };
}

const patienceMs = 30_000;

async function tryRuntime(
  client: Docker,
  { runtime, image }: { readonly runtime: string; readonly image: string },
): Promise<void> {
  const container = await client.createContainer({
    Image: image,
    Cmd: ["/usr/bin/true"],
    Labels: { "opsthread.test": "runtime" },
    HostConfig: { Runtime: runtime, NetworkMode: "none" },
  });
  try {
    await container.start();
    const { StatusCode } = await container.wait({ abortSignal: AbortSignal.timeout(patienceMs) });
    if (StatusCode !== 0) throw new Error(`a program ended with ${StatusCode}`);
  } finally {
    await container.remove({ force: true });
  }
}
