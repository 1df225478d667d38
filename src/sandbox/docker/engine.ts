import type Docker from "dockerode";
import { z } from "zod";

import { messageOf, OpsthreadError } from "../../core/errors.ts";

export interface EngineOptions {
  readonly signal: AbortSignal;
  /** The one socket to use, as a path or a `unix://` address. Default: the first of `sockets` that answers. */
  readonly host?: string | undefined;
  /** Tried in order. Default: {@link defaultSockets} of nobody in particular. */
  readonly sockets?: readonly string[] | undefined;
  /** How long one socket may take to answer. Default 5 s. */
  readonly timeoutMs?: number | undefined;
}

/** A container engine on this machine that answers. */
export interface Engine {
  readonly reachable: true;
  readonly socket: string;
  readonly client: Docker;
  readonly facts: EngineFacts;
}

export interface NoEngine {
  readonly reachable: false;
  readonly reason: string;
  /** What a person can do about it. */
  readonly hint: string;
}

export interface EngineFacts {
  readonly vendor: "docker" | "podman";
  readonly version: string;
  readonly apiVersion: string;
  readonly system: string;
  readonly architecture: string;
  readonly kernel: string;
  readonly cgroupVersion: 1 | 2;
  readonly runtimes: readonly string[];
  readonly defaultRuntime: string;
  readonly storageDriver: string;
  readonly rootless: boolean;
  /** Which limits the engine can keep. */
  readonly limits: { readonly memory: boolean; readonly pids: boolean; readonly cpu: boolean };
  readonly seccomp: boolean;
}

/**
 * Finds a container engine on this machine: its answer, or why there is none. Only unix sockets: workspaces are
 * folders of this machine, which an engine elsewhere would not see.
 */
export async function findEngine(options: EngineOptions): Promise<Engine | NoEngine> {
  const { host, sockets = defaultSockets({}), timeoutMs = 5_000, signal } = options;
  if (host !== undefined && !/^(unix:\/\/)?\//.test(host)) return elsewhere(host);
  const tried = host === undefined ? sockets : [host.replace(/^unix:\/\//, "")];
  const failures: { readonly socket: string; readonly error: unknown }[] = [];
  for (const socket of tried) {
    signal.throwIfAborted();
    try {
      return await ask(socket, AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]));
    } catch (error) {
      signal.throwIfAborted();
      failures.push({ socket, error });
    }
  }
  return unreachable(failures);
}

/**
 * Like {@link findEngine}, for who can't go on without one.
 * @throws {OpsthreadError} `SANDBOX_ENGINE`
 */
export async function connectEngine(options: EngineOptions): Promise<Engine> {
  const engine = await findEngine(options);
  if (engine.reachable) return engine;
  const { reason, hint } = engine;
  throw new OpsthreadError("SANDBOX_ENGINE", `Cannot reach a container engine: ${reason}. ${hint}`);
}

/** Where engines listen, the system's first. */
export function defaultSockets({
  runtimeDir,
  home,
}: {
  /** `XDG_RUNTIME_DIR`, where rootless engines listen. */
  readonly runtimeDir?: string | undefined;
  readonly home?: string | undefined;
}): readonly string[] {
  return [
    "/var/run/docker.sock",
    ...(runtimeDir === undefined ? [] : [`${runtimeDir}/docker.sock`]),
    ...(home === undefined ? [] : [`${home}/.docker/run/docker.sock`]),
    "/run/podman/podman.sock",
    ...(runtimeDir === undefined ? [] : [`${runtimeDir}/podman/podman.sock`]),
  ];
}

/** A vendor's error as ours. */
export function engineError(action: string, error: unknown): OpsthreadError {
  return new OpsthreadError("SANDBOX_ENGINE", `Cannot ${action}: ${engineMessage(error)}`, {
    cause: error,
  });
}

/** What the engine said, without the wrapping that its client puts around it. */
export function engineMessage(error: unknown): string {
  const answer = EngineAnswer.safeParse(error);
  return answer.success ? answer.data.json.message : messageOf(error);
}

const EngineAnswer = z.object({ json: z.object({ message: z.string() }) });

async function ask(socket: string, signal: AbortSignal): Promise<Engine> {
  const client = await openClient(socket);
  const version = Version.parse(await get(client, "/version", signal));
  const info = Info.parse(await get(client, "/info", signal));
  return { reachable: true, socket, client, facts: factsOf(version, info) };
}

async function openClient(socket: string): Promise<Docker> {
  const { default: DockerClient } = await import("dockerode");
  // Undefined, so that the client does not take them from the environment.
  return new DockerClient({
    socketPath: socket,
    protocol: "http",
    host: undefined,
    ca: undefined,
    cert: undefined,
    key: undefined,
  });
}

function get(client: Docker, path: string, signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const statusCodes = { 200: true, 500: "server error" };
    client.modem.dial(
      { path, method: "GET", statusCodes, abortSignal: signal },
      (error: unknown, answer: unknown) => {
        if (signal.aborted) reject(signal.reason);
        else if (error instanceof Error) reject(error);
        else resolve(answer);
      },
    );
  });
}

const Version = z.object({
  Version: z.string(),
  ApiVersion: z.string(),
  Components: z.array(z.object({ Name: z.string() })).nullish(),
});

const Info = z.object({
  OperatingSystem: z.string().default("unknown"),
  Architecture: z.string(),
  KernelVersion: z.string().default("unknown"),
  CgroupVersion: z.string().default("1"),
  Runtimes: z.record(z.string(), z.unknown()).nullish(),
  DefaultRuntime: z.string().default(""),
  Driver: z.string(),
  MemoryLimit: z.boolean().default(false),
  PidsLimit: z.boolean().default(false),
  CpuCfsQuota: z.boolean().default(false),
  SecurityOptions: z.array(z.string()).nullish(),
});

function factsOf(version: z.infer<typeof Version>, info: z.infer<typeof Info>): EngineFacts {
  const security = info.SecurityOptions ?? [];
  const has = (name: string): boolean => security.some((option) => option.includes(`name=${name}`));
  const isPodman = version.Components?.some(({ Name }) => Name.includes("Podman")) ?? false;
  return {
    vendor: isPodman ? "podman" : "docker",
    version: version.Version,
    apiVersion: version.ApiVersion,
    system: info.OperatingSystem,
    architecture: info.Architecture,
    kernel: info.KernelVersion,
    cgroupVersion: info.CgroupVersion === "2" ? 2 : 1,
    // The engine also lists the shims behind a runtime, which nobody chooses by that name.
    runtimes: Object.keys(info.Runtimes ?? {})
      .filter((name) => !name.startsWith("io.containerd."))
      .toSorted(),
    defaultRuntime: info.DefaultRuntime,
    storageDriver: info.Driver,
    rootless: has("rootless"),
    limits: { memory: info.MemoryLimit, pids: info.PidsLimit, cpu: info.CpuCfsQuota },
    seccomp: has("seccomp"),
  };
}

function elsewhere(host: string): NoEngine {
  const scheme = /^([a-z]+):\/\//.exec(host)?.[1] ?? "unknown";
  return {
    reachable: false,
    reason: `the configured address is a ${scheme} address, and only unix sockets of this machine can be used`,
    hint: "Give the path of a socket, such as unix:///var/run/docker.sock",
  };
}

const hints: Readonly<Record<string, string>> = {
  ENOENT:
    'Install and start one ("apt-get install docker.io" on Debian and Ubuntu), or name its socket in DOCKER_HOST',
  ECONNREFUSED: 'Nothing listens on the socket: start the engine ("systemctl start docker")',
  EACCES:
    "This user may not use the socket: use rootless Docker or Podman, or add the user to the socket's group, which makes it as good as root",
};

/** The failure that says most: a socket that is there and does not answer, before sockets that are not there. */
function unreachable(
  failures: readonly { readonly socket: string; readonly error: unknown }[],
): NoEngine {
  const telling = failures.find(({ error }) => codeOf(error) !== "ENOENT");
  if (telling === undefined) {
    const sockets = failures.map(({ socket }) => socket).join(", ");
    return {
      reachable: false,
      reason: `no socket at ${sockets || "any place"}`,
      hint: hints["ENOENT"] ?? "",
    };
  }
  const { socket, error } = telling;
  return {
    reachable: false,
    reason: `${socket}: ${engineMessage(error)}`,
    hint: hints[codeOf(error)] ?? "See what the engine's own log says",
  };
}

function codeOf(error: unknown): string {
  return typeof error === "object" && error !== null && "code" in error ? String(error.code) : "";
}
