import { randomBytes } from "node:crypto";
import { basename } from "node:path";

import type Docker from "dockerode";
import type { ContainerInfo } from "dockerode";

import type { Logger } from "../../core/logger.ts";
import type { Owner } from "../process-owner.ts";
import { adoptFirst } from "../supervised/adopt-first.ts";
import {
  adoptCell,
  type ContainerCell,
  createCell,
  type CreatedCell,
  removeContainer,
} from "./cell.ts";
import { configHash, containerOptions, type ContainerPlan, label } from "./container.ts";
import { containerError } from "./engine-error.ts";
import type { EngineEvents } from "./events.ts";
import { createExecCell } from "./exec-cell.ts";

/** The containers of one installation on one engine. */
export interface Containers {
  /** Makes a container that is not used by anybody else. Its mounts need to be there when it is started. */
  create(options: CreateOptions): Promise<CreatedCell>;
  /**
   * The session's running container of this make that nobody of this process uses, if there is one. Others of
   * the session are removed: a container of another make is never used.
   */
  adopt(
    sessionId: string,
    options: { readonly plan: ContainerPlan; readonly signal: AbortSignal },
  ): Promise<Adopted | undefined>;
  /** Gives a container that was started without a session to one. */
  assign(cell: ContainerCell, sessionId: string): Promise<void>;
  /** Process id of the container's first process, on the engine's host. */
  pidOf(cell: ContainerCell): Promise<number>;
  /** Removes all of a session's containers that this process does not use. */
  removeOf(sessionId: string): Promise<void>;
  /** What on the host the containers use that there are. */
  places(): Promise<UsedPlaces>;
  /** Removes what no living process of this installation uses. What may still be taken over is left to end by itself. */
  sweep(): Promise<void>;
}

export interface UsedPlaces {
  /** Host folders that are their workspaces. */
  readonly workspaces: ReadonlySet<string>;
  /** Names of their own folders. */
  readonly folders: ReadonlySet<string>;
}

export interface CreateOptions {
  readonly plan: ContainerPlan;
  /** None for a warm one. */
  readonly sessionId?: string;
  readonly signal: AbortSignal;
}

/** A running container that an earlier process left, with where its things lie on the host. */
export interface Adopted {
  readonly cell: ContainerCell;
  /** Host folder that is its workspace. */
  readonly at: string;
  /** Name of its own folder. */
  readonly folder: string;
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

  const list = async (): Promise<readonly ContainerInfo[]> => {
    try {
      return await docker.listContainers({
        all: true,
        filters: { label: [`${label.instance}=${instance}`] },
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
    const found = await list();
    return found.filter((info) => !used.has(info.Id) && sessionOf(info) === sessionId);
  };

  const remove = async ({ Id }: ContainerInfo): Promise<void> =>
    removeContainer(docker.getContainer(Id));

  return {
    async create({ plan, sessionId, signal }) {
      const create = {
        ...containerOptions(plan),
        name: nameOf(sessionId ?? ""),
        Labels: {
          [label.instance]: instance,
          [label.owner]: owner.id,
          [label.config]: configHash(plan),
          [label.main]: plan.main,
          [label.folder]: basename(plan.folder),
          ...(sessionId !== undefined && { [label.session]: sessionId }),
        },
      };
      const options = { docker, events, limits: plan.limits, log, signal };
      const created =
        plan.main === "keeper"
          ? await createExecCell(create, { ...options, plan })
          : await createCell(create, options);
      return { ...created, start: async () => use(await created.start()) };
    },

    async adopt(sessionId, { plan, signal }) {
      const make = configHash(plan);
      return adoptFirst(await unused(sessionId), {
        sessionId,
        fits: ({ State, Labels }) =>
          plan.main === "supervisor" && State === "running" && Labels[label.config] === make,
        async take({ Id, Mounts, Labels }): Promise<Adopted> {
          const { limits } = plan;
          const cell = use(await adoptCell(Id, { docker, events, limits, log, signal }));
          return { cell, at: workspaceOf({ Mounts }), folder: Labels[label.folder] ?? "" };
        },
        remove,
        log,
        signal,
      });
    },

    async assign({ containerId }, sessionId) {
      try {
        await docker.getContainer(containerId).rename({ name: nameOf(sessionId) });
      } catch (error) {
        throw containerError("name a container", error);
      }
    },

    async pidOf({ containerId }) {
      try {
        return (await docker.getContainer(containerId).inspect()).State.Pid;
      } catch (error) {
        throw containerError("inspect a container", error);
      }
    },

    async removeOf(sessionId) {
      await Promise.all((await unused(sessionId)).map(remove));
    },

    async places() {
      const found = await list();
      return {
        workspaces: new Set(found.map(workspaceOf)),
        folders: new Set(found.flatMap(({ Labels }) => Labels[label.folder] ?? [])),
      };
    },

    async sweep() {
      for (const info of await list()) {
        if (used.has(info.Id)) continue;
        const isOwned = await owner.isAlive(info.Labels[label.owner] ?? "");
        // A dead owner's running session container ends by itself when nobody takes it over in time. One with a keeper can't be.
        const mayBeTakenOver =
          info.State === "running" &&
          sessionOf(info) !== "" &&
          info.Labels[label.main] !== "keeper";
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

const workspaceOf = ({ Mounts }: Pick<ContainerInfo, "Mounts">): string =>
  Mounts.find(({ Destination }) => Destination === "/workspace")?.Source ?? "";
