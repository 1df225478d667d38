/** The container engine without us: what nobody who uses it can be quicker than. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";

import type Docker from "dockerode";
import type { Container, ContainerCreateOptions } from "dockerode";

const execute = promisify(execFile);

/** What makes the same container as this one, with its workspace somewhere else, and with nothing to do. */
export async function twinOf(
  container: Container,
  workspace: string,
): Promise<ContainerCreateOptions> {
  const { Config, HostConfig } = await container.inspect();
  return {
    Image: Config.Image,
    User: Config.User,
    WorkingDir: Config.WorkingDir,
    Hostname: Config.Hostname,
    NetworkDisabled: true,
    OpenStdin: true,
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
    Entrypoint: ["/bin/sleep"],
    Cmd: ["3600"],
    Labels: { "opsthread.bench": "raw" },
    HostConfig: {
      ...HostConfig,
      Mounts: (HostConfig.Mounts ?? []).map((mount) =>
        mount.Target === "/workspace" ? { ...mount, Source: workspace } : mount,
      ),
    },
  };
}

export async function startRaw(docker: Docker, create: ContainerCreateOptions): Promise<Container> {
  const container = await docker.createContainer(create);
  await container.start();
  return container;
}

export async function removeRaw(container: Container): Promise<void> {
  await container.remove({ force: true, v: true });
}

/** A command through the engine's API: create, start, wait for the end of its output, ask for its exit code. */
export async function execByEngine(container: Container, command: string): Promise<void> {
  const exec = await container.exec({
    Cmd: ["/bin/sh", "-c", command],
    AttachStdout: true,
    AttachStderr: true,
  });
  const stream = await exec.start({ hijack: true, stdin: false });
  stream.resume();
  await new Promise((resolve) => stream.once("end", resolve));
  const { ExitCode } = await exec.inspect();
  if (ExitCode !== 0) throw new Error(`"${command}" ended with ${ExitCode}`);
}

export async function execByCli(container: Container, command: string): Promise<void> {
  await execute("docker", ["exec", container.id, "/bin/sh", "-c", command]);
}

/** Puts a tar archive into the workspace. */
export async function putTar(container: Container, tar: Buffer): Promise<void> {
  await container.putArchive(tar, { path: "/workspace" });
}

/** Reads a tar archive of something in the container, and returns its size. */
export async function getTar(container: Container, path: string): Promise<number> {
  let size = 0;
  for await (const chunk of await container.getArchive({ path })) size += Buffer.from(chunk).length;
  return size;
}
