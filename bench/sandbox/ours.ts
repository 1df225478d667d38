/** Our own drivers, each on folders of its own. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

import type Docker from "dockerode";
import type { Container, ContainerInfo } from "dockerode";

import type { Logger } from "../../dist/core/logger.js";
import { bubblewrapSandboxes } from "../../dist/sandbox/bubblewrap/index.js";
import { dockerSandboxes } from "../../dist/sandbox/docker/index.js";
import { Limits, Permissions } from "../../dist/sandbox/permissions.js";
import type {
  ExecOptions,
  ExecResult,
  Sandbox,
  SandboxProvider,
  SandboxSpec,
} from "../../dist/sandbox/sandbox.js";
import { virtualSandboxes } from "../../dist/sandbox/virtual/index.js";

export type DriverName = "docker" | "docker+runsc" | "bubblewrap" | "virtual";

export interface Driver extends AsyncDisposable {
  readonly name: DriverName;
  readonly provider: SandboxProvider;
  /** Everything that it keeps on the host lies below. */
  readonly folder: string;
  open(wanted?: Wanted): Promise<Sandbox>;
  /** Its containers, those that wait without a session included. */
  readonly containers: () => Promise<readonly ContainerInfo[]>;
  /** Its one container that has this session. */
  containerOf(sessionId: string): Promise<Container>;
}

export type Wanted = Partial<Omit<SandboxSpec, "permissions" | "limits">> & {
  readonly permissions?: Partial<Permissions>;
  readonly limits?: Partial<Limits>;
};

export interface DriverOptions {
  readonly docker: Docker;
  readonly image: string;
  /** Warm containers that are kept. */
  readonly pool?: number;
  /** Of an earlier driver, to go on with what it left; it is not removed then. */
  readonly folder?: string;
}

export const { signal: never } = new AbortController();

export async function openDriver(name: DriverName, options: DriverOptions): Promise<Driver> {
  const { docker, folder = await mkdtemp(join(tmpdir(), "opsthread-bench-")) } = options;
  const provider = await providerOf(name, { ...options, folder }).catch(async (error: unknown) => {
    if (options.folder === undefined) await rm(folder, { recursive: true, force: true });
    throw error;
  });
  const containers = async () => {
    const instance = (await readFile(join(folder, "state", "instance"), "utf8")).trim();
    return docker.listContainers({
      all: true,
      filters: { label: [`opsthread.instance=${instance}`] },
    });
  };
  return {
    name,
    provider,
    folder,
    open: ({ permissions = {}, limits = {}, ...spec } = {}) =>
      provider.open(
        {
          sessionId: nextSession(),
          sources: [],
          permissions: Permissions.parse(permissions),
          limits: Limits.parse(limits),
          ...spec,
        },
        { signal: never },
      ),
    containers,
    async containerOf(sessionId) {
      const found = (await containers()).find(({ Names }) => Names[0]?.includes(`.${sessionId}.`));
      if (!found) throw new Error(`Session ${sessionId} has no container`);
      return docker.getContainer(found.Id);
    },
    async [Symbol.asyncDispose]() {
      await provider[Symbol.asyncDispose]();
      if (options.folder === undefined) await rm(folder, { recursive: true, force: true });
    },
  };
}

async function providerOf(
  name: DriverName,
  { image, pool = 0, folder }: DriverOptions & { readonly folder: string },
): Promise<SandboxProvider> {
  const folders = { folder: join(folder, "workspaces"), stateFolder: join(folder, "state"), log };
  switch (name) {
    case "docker":
    case "docker+runsc":
      return dockerSandboxes({
        ...folders,
        config: {
          image,
          pool: { size: pool, maxSize: Math.max(1, pool) },
          ...(name === "docker+runsc" && { runtime: "runsc" }),
        },
      });
    case "bubblewrap":
      return bubblewrapSandboxes(folders);
    case "virtual":
      return virtualSandboxes(folders);
  }
}

/** Runs a command, and returns how it ended. */
export function exec(
  sandbox: Sandbox,
  command: string,
  options: Partial<ExecOptions> = {},
): Promise<ExecResult> {
  executions += 1;
  return sandbox.exec(command, { signal: never, executionId: `x_${executions}`, ...options });
}

/** Runs a command that must succeed, and returns what it printed. */
export async function output(sandbox: Sandbox, command: string): Promise<string> {
  const { outcome, stdout, stderr } = await exec(sandbox, command);
  if (outcome.type === "exit" && outcome.code === 0) return stdout.text;
  throw new Error(`"${command}" ended with ${JSON.stringify(outcome)}: ${stderr.text}`);
}

let executions = 0;
let sessions = 0;
export const nextSession = (): string => `s_${(sessions += 1)}`;

/** Waits until as many containers as wanted wait without a session. */
export async function poolFilled({ containers }: Driver, size: number): Promise<void> {
  for (let tries = 0; tries < 300; tries += 1) {
    const waiting = (await containers()).filter(
      ({ State, Names }) => State === "running" && Names[0]?.includes("..") === true,
    );
    if (waiting.length >= size) return delay(250);
    await delay(50);
  }
  throw new Error("The pool does not fill");
}

/** Only what a person should look at. */
const log: Logger = {
  debug: () => {},
  info: () => {},
  warn: (data, message) => console.error(message, data),
  error: (data, message) => console.error(message, data),
  child: () => log,
};
