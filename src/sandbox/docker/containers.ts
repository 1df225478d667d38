import { randomBytes } from "node:crypto";

import type Docker from "dockerode";
import type { ContainerCreateOptions, ContainerInfo } from "dockerode";

import { messageOf } from "../../core/errors.ts";
import type { Logger } from "../../core/logger.ts";
import type { Limits } from "../permissions.ts";
import { adoptCell, createCell, removeContainer, type ContainerCell } from "./cell.ts";
import { configHash, label } from "./container.ts";
import { containerError } from "./engine-error.ts";
import type { EngineEvents } from "./events.ts";
import type { Owner } from "./owner.ts";

/** The containers of one installation on one engine. */
export interface Containers {
  /** Starts a container that is not used by anybody else. */
  create(options: StartOptions): Promise<ContainerCell>;
  /**
   * The session's running container of this make that nobody of this process uses, if there is one. Others of
   * the session are removed: a container of another make is never used.
   */
  adopt(sessionId: string, options: StartOptions): Promise<ContainerCell | undefined>;
  /** Gives a container that was started without a session to one. */
  assign(cell: ContainerCell, sessionId: string): Promise<void>;
  /** Removes all of a session's containers that this process does not use. */
  removeOf(sessionId: string): Promise<void>;
  /** Removes what no living process of this installation uses. What may still be taken over is left to end by itself. */
  sweep(): Promise<void>;
}

export interface StartOptions {
  readonly create: ContainerCreateOptions;
  readonly limits: Limits;
  readonly sessionId: string | undefined;
  readonly signal: AbortSignal;
}

export interface ContainersOptions {
  readonly docker: Docker;
  readonly events: EngineEvents;
  readonly instance: string;
  readonly owner: Owner;
  readonly log: Logger;
}

export function createContainers({
  docker,
  events,
  instance,
  owner,
  log,
}: ContainersOptions): Containers {
  const used = new Set<string>();

  const use = (cell: ContainerCell): ContainerCell => {
    used.add(cell.containerId);
    void cell.gone.then(() => used.delete(cell.containerId));
    return cell;
  };

  const list = async (labels: readonly string[]): Promise<readonly ContainerInfo[]> => {
    try {
      return await docker.listContainers({
        all: true,
        filters: { label: [`${label.instance}=${instance}`, ...labels] },
      });
    } catch (error) {
      throw containerError("list containers", error);
    }
  };

  /** Its session is part of a container's name, because labels can't be changed and a warm one gets its session later. */
  const nameOf = (sessionId: string): string =>
    `opsthread-${instance}.${sessionId}.${randomBytes(6).toString("hex")}`;
  const sessionOf = ({ Names }: ContainerInfo): string =>
    Names[0]?.slice(`/opsthread-${instance}.`.length, -".0123456789ab".length) ?? "";

  const unused = async (sessionId: string): Promise<readonly ContainerInfo[]> => {
    const found = await list([]);
    return found.filter((info) => !used.has(info.Id) && sessionOf(info) === sessionId);
  };

  const remove = async ({ Id }: ContainerInfo): Promise<void> =>
    removeContainer(docker.getContainer(Id));

  return {
    async create({ create, limits, sessionId, signal }) {
      const named = {
        ...create,
        name: nameOf(sessionId ?? ""),
        Labels: {
          [label.instance]: instance,
          [label.owner]: owner.id,
          [label.config]: configHash(create),
          ...(sessionId !== undefined && { [label.session]: sessionId }),
        },
      };
      return use(await createCell(named, { docker, events, limits, log, signal }));
    },

    async adopt(sessionId, { create, limits, signal }) {
      let adopted: ContainerCell | undefined;
      for (const info of await unused(sessionId)) {
        const fits =
          adopted === undefined &&
          info.State === "running" &&
          info.Labels[label.config] === configHash(create);
        if (fits) {
          try {
            adopted = use(await adoptCell(info.Id, { docker, events, limits, log, signal }));
            continue;
          } catch (error) {
            signal.throwIfAborted();
            log.warn(
              { sessionId, error: messageOf(error) },
              "A running sandbox could not be taken over",
            );
          }
        }
        await remove(info);
      }
      return adopted;
    },

    async assign({ containerId }, sessionId) {
      try {
        await docker.getContainer(containerId).rename({ name: nameOf(sessionId) });
      } catch (error) {
        throw containerError("name a container", error);
      }
    },

    async removeOf(sessionId) {
      await Promise.all((await unused(sessionId)).map(remove));
    },

    async sweep() {
      for (const info of await list([])) {
        if (used.has(info.Id)) continue;
        const isOwned = await owner.isAlive(info.Labels[label.owner] ?? "");
        // A dead owner's running session container ends by itself when nobody takes it over in time.
        const mayBeTakenOver = info.State === "running" && sessionOf(info) !== "";
        if (isOwned || mayBeTakenOver) continue;
        await remove(info);
        log.info(
          { container: info.Id.slice(0, 12), state: info.State },
          "Removed a left-over sandbox",
        );
      }
    },
  };
}
