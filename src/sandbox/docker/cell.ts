import { Duplex } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";

import type Docker from "dockerode";
import type { Container, ContainerCreateOptions } from "dockerode";

import { OpsthreadError } from "../../core/errors.ts";
import type { Logger } from "../../core/logger.ts";
import type { Limits } from "../permissions.ts";
import type { Cell, CellEnd } from "../supervised/cell.ts";
import { connectSupervisor, type SupervisorStream } from "../supervisor/connection.ts";
import { demultiplex } from "./demultiplex.ts";
import { containerError, statusOf } from "./engine-error.ts";
import type { EngineEvents } from "./events.ts";

export interface CellOptions {
  readonly docker: Docker;
  readonly events: EngineEvents;
  readonly limits: Limits;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** A cell that is a container. */
export interface ContainerCell extends Cell {
  readonly containerId: string;
}

/** A container that is there, and not started. */
export interface CreatedCell {
  /** Starts it and greets its supervisor. What was begun is undone when it fails. */
  start(): Promise<ContainerCell>;
  remove(): Promise<void>;
}

export async function createCell(
  create: ContainerCreateOptions,
  options: CellOptions,
  connect: Connect = connectNew,
): Promise<CreatedCell> {
  const { docker, signal } = options;
  signal.throwIfAborted();
  const container = await docker.createContainer(create).catch((error: unknown) => {
    throw containerError("create a container", error);
  });
  return {
    async start() {
      try {
        const stream = await attach(container);
        await container.start();
        return await connect(container, stream, options);
      } catch (error) {
        await removeContainer(container);
        throw containerError("start a container", error);
      }
    },
    remove: () => removeContainer(container),
  };
}

/** Makes a cell of a container that has been started, and of the stream to and from its main process. */
export type Connect = (
  container: Container,
  stream: Duplex,
  options: CellOptions,
) => Promise<ContainerCell>;

const connectNew: Connect = (container, stream, options) =>
  connectCell(container, stream, { ...options, resumes: false });

/** Takes over a running container of an earlier process. */
export async function adoptCell(containerId: string, options: CellOptions): Promise<ContainerCell> {
  const container = options.docker.getContainer(containerId);
  return connectCell(container, await attach(container), {
    ...options,
    resumes: true,
    welcomeMs: 5_000,
  });
}

async function connectCell(
  container: Container,
  socket: Duplex,
  options: CellOptions & { readonly resumes: boolean; readonly welcomeMs?: number },
): Promise<ContainerCell> {
  const { events, log, limits } = options;
  const { idleMs, lifetimeMs, graceMs } = limits;
  const connection = await connectSupervisor(streamOf(socket, log), {
    ...options,
    idleMs,
    lifetimeMs,
    graceMs,
  });
  let ending: Promise<void> | undefined;
  const end = async (): Promise<void> => {
    // The supervisor first: it is quicker than the engine. Whether or not it answers, the container goes.
    if (connection.isOpen) await Promise.race([connection.end(), pause(300)]);
    connection.close();
    if (!connection.isTakenOver) await removeContainer(container);
  };
  return {
    containerId: container.id,
    connection,
    gone: connection.closed.then((reason) =>
      connection.isTakenOver ? { reason, outOfMemory: false } : endOf(container, events, reason),
    ),
    end() {
      ending ??= end();
      return ending;
    },
    detach: () => connection.close(),
  };
}

async function attach(container: Container): Promise<Duplex> {
  const stream = await container.attach({
    stream: true,
    hijack: true,
    stdin: true,
    stdout: true,
    stderr: true,
  });
  // Its end is seen where it is read; a write to a broken one must not end the process.
  stream.on("error", () => {});
  if (stream instanceof Duplex) return stream;
  throw new TypeError(
    "Cannot attach to a container: the engine's client gave no stream of both directions",
  );
}

function streamOf(socket: Duplex, log: Logger): SupervisorStream {
  const tell = (bytes: Buffer): void =>
    log.warn({ text: bytes.toString().slice(0, 1_000) }, "A sandbox's supervisor reported");
  return {
    incoming: demultiplex(socket, tell),
    write: (bytes) => socket.writable && socket.write(bytes),
    close: () => void socket.destroy(),
  };
}

/** What the engine knows of a container that ended: its events come a little after the stream's end. */
async function endOf(container: Container, events: EngineEvents, reason: string): Promise<CellEnd> {
  await Promise.race([events.died(container.id), pause(2_000)]);
  const outOfMemory = events.ranOutOfMemory(container.id);
  return { reason: outOfMemory ? "it met its memory limit" : reason, outOfMemory };
}

/** Removes a container by force. One that is gone, or is being removed, is no error. */
export async function removeContainer(container: Container): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await container.remove({ force: true, v: true });
      return;
    } catch (error) {
      const status = statusOf(error);
      if (status === 404) return;
      if (status === 409) return waitUntilGone(container);
      if (attempt === 3) throw containerError("remove a container", error);
    }
  }
}

async function waitUntilGone(container: Container): Promise<void> {
  for (let waitedMs = 0; waitedMs < 10_000; waitedMs += 50) {
    try {
      await container.inspect();
    } catch (error) {
      if (statusOf(error) === 404) return;
      throw containerError("remove a container", error);
    }
    await pause(50);
  }
  throw new OpsthreadError(
    "SANDBOX_ENGINE",
    `Cannot remove container ${container.id}: the engine is still at it after 10 s`,
  );
}

/** Keeps no process alive. */
const pause = (ms: number): Promise<void> => delay(ms, undefined, { ref: false });
