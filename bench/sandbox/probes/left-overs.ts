import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";

import { file, Manifest } from "@openai/agents/sandbox/local";
import type Docker from "dockerode";

import { isOpsthreadError } from "../../../dist/core/errors.js";
import { startHost } from "../host.ts";
import { marker, processesWith } from "../measure.ts";
import { exec, openDriver } from "../ours.ts";
import { peerClient } from "../peer.ts";
import type { World } from "../world.ts";
import type { Answer, Probe } from "./probe.ts";

/** What is left of secrets, of sandboxes that could not be opened, and of a host that was killed. */
export const leftOvers: readonly Probe[] = [
  {
    id: "F",
    name: "a value of the environment, while a command runs, in the host's process list",
    async peer({ image }) {
      const secret = `value-${marker()}`;
      const manifest = new Manifest({ environment: { MY_VALUE: secret } });
      const session = await peerClient(image).create(manifest);
      try {
        void session.exec({ cmd: "sleep 2" });
        await delay(1_000);
        return (await processesWith(secret)).length > 0 ? "is there" : "is not there";
      } finally {
        await session.close();
      }
    },
    async ours({ docker, image }) {
      const secret = `value-${marker()}`;
      await using driver = await openDriver("docker", { docker, image });
      await using sandbox = await driver.open({ permissions: { env: { MY_VALUE: secret } } });
      const running = exec(sandbox, `sleep 1; printf %s "$MY_VALUE"`);
      await delay(500);
      const found = await processesWith(secret);
      const isKnownInside = (await running).stdout.text === secret;
      return {
        text: `is ${found.length > 0 ? "" : "not "}there`,
        holds: found.length === 0 && isKnownInside,
      };
    },
  },
  {
    id: "G",
    name: "a sandbox of an image that is not there",
    peer: () => peerFailsToOpen(missingImage),
    ours: (world) => failsToOpen(world, { image: missingImage }),
  },
  {
    id: "G2",
    name: "the engine creates the container and can't start it",
    async peer({ docker }) {
      const image = await emptyImage(docker);
      try {
        return await peerFailsToOpen(image, docker);
      } finally {
        await docker.getImage(image).remove({ force: true });
      }
    },
    // The kernel takes no such share of a core.
    ours: (world) => failsToOpen(world, { limits: { cpus: 0.001 } }),
  },
  ...(["SIGKILL", "SIGTERM", "SIGINT"] as const).map((how): Probe => ({
    id: "H",
    name: `the host ends by ${how} while a command runs`,
    peer: (world) => peerHostEnds(world, how),
    ours: (world) => hostEnds(world, how),
  })),
];

const missingImage = "localhost:1/opsthread-no-such-image";

async function peerFailsToOpen(image: string, docker?: Docker): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "opsthread-bench-"));
  const manifest = new Manifest({ entries: { "note.txt": file({ content: "a file" }) } });
  try {
    await peerClient(image, { workspaceBaseDir: folder }).create(manifest);
    return "could not be tried: it was opened";
  } catch (error) {
    const left = (await readdir(folder)).length > 0 ? ["a workspace with its files"] : [];
    for (const { Id } of (await docker?.listContainers({
      all: true,
      filters: { ancestor: [image] },
    })) ?? []) {
      left.push("a container");
      await docker?.getContainer(Id).remove({ force: true });
    }
    const name = error instanceof Error ? error.constructor.name : typeof error;
    return `${name}; left: ${left.join(", ") || "nothing"}`;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Opening fails with a code, and leaves nothing: no container, no workspace. */
async function failsToOpen(
  { docker, image }: World,
  wanted: { readonly image?: string; readonly limits?: { readonly cpus: number } },
): Promise<Answer> {
  await using driver = await openDriver("docker", { docker, image });
  const before = await everythingIn(driver.folder);
  let code = "";
  try {
    const sandbox = await driver.open({ sessionId: "s_fails", ...wanted });
    await exec(sandbox, "true");
  } catch (error) {
    code = isOpsthreadError(error) ? error.code : `no code: ${String(error)}`;
  }
  await driver.provider.remove("s_fails");
  const containers = (await driver.containers()).length;
  const left = (await everythingIn(driver.folder)).filter((path) => !before.includes(path));
  return {
    text: `${code}; left: ${[...left, ...(containers > 0 ? ["a container"] : [])].join(", ") || "nothing"}`,
    holds: code.startsWith("SANDBOX_") && left.length === 0 && containers === 0,
  };
}

/** What is there, but for the empty workspace that a driver makes ahead for whoever is next, and takes away itself. */
async function everythingIn(folder: string): Promise<readonly string[]> {
  const all = await readdir(folder, { recursive: true });
  return all.filter((path) => !basename(path).startsWith(".spare-"));
}

async function peerHostEnds({ docker, image }: World, how: NodeJS.Signals): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "opsthread-bench-"));
  const mark = marker();
  try {
    const host = await startHost("peer", "hold", { image, folder, mark });
    host.kill(how);
    await delay(10_000);
    const left: string[] = [];
    for (const { Id, Mounts } of await docker.listContainers({ all: true })) {
      if (!Mounts.some(({ Source }) => Source.startsWith(folder))) continue;
      left.push("the container");
      await docker.getContainer(Id).remove({ force: true });
    }
    if ((await readdir(folder)).length > 0) left.push("the workspace");
    return `after 10 s there are: ${left.join(", ") || "nothing"}`;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** With a grace of 2 s everything ends by itself; only the workspace stays, because it is the session's. */
async function hostEnds({ docker, image }: World, how: NodeJS.Signals): Promise<Answer> {
  const folder = await mkdtemp(join(tmpdir(), "opsthread-bench-"));
  const mark = marker();
  try {
    const host = await startHost("ours", "hold", { image, folder, mark });
    host.kill(how);
    await delay(10_000);
    const processes = (await processesWith(`sleep ${mark}`)).length;
    await using driver = await openDriver("docker", { docker, image, folder });
    const containers = (await driver.containers()).length;
    await driver.provider.remove("s_host");
    const left = processes + containers;
    return {
      text: `after 10 s there are: ${left > 0 ? `${processes} processes, ${containers} containers` : "nothing but the session's workspace"}`,
      holds: left === 0,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** An image with nothing in it. */
export async function emptyImage(docker: Docker): Promise<string> {
  const tag = `opsthread-bench-empty:${marker()}`;
  const [repo, name] = tag.split(":");
  const stream = await docker.importImage(endOfTar(), { repo, tag: name });
  stream.resume();
  await new Promise((resolve) => stream.once("end", resolve));
  return tag;
}

const endOfTar = (): Readable => Readable.from([Buffer.alloc(1_024)]);
