import type { ContainerCreateOptions } from "dockerode";

import { messageOf, OpsthreadError } from "../../core/errors.ts";
import {
  type CellOptions,
  type ContainerCell,
  createCell,
  type CreatedCell,
  removeContainer,
} from "./cell.ts";
import type { ContainerPlan } from "./container.ts";
import { execConnection } from "./exec-connection.ts";
import { endedByItself } from "./exec-run.ts";
import { openKeeper } from "./keeper.ts";

/** Creates a container in which the engine runs the commands. */
export async function createExecCell(
  create: ContainerCreateOptions,
  { plan, ...options }: CellOptions & { readonly plan: ContainerPlan },
): Promise<CreatedCell> {
  const created = await createCell(
    create,
    options,
    async (container, stream, { events, log, signal }) => {
      const keeper = await openKeeper(stream, { signal });
      const { Config } = await container.inspect();
      const connection = execConnection({
        place: {
          container,
          sh: keeper.sh,
          user: `${plan.uid}:${plan.gid}`,
          hidden: ["HOSTNAME", ...Config.Env.map((line) => line.replace(/=.*/s, ""))],
        },
        keeper,
        events,
        log,
        idleMs: plan.limits.idleMs,
        lifetimeMs: plan.limits.lifetimeMs,
      });
      let ending: Promise<void> | undefined;
      const end = async (): Promise<void> => {
        await connection.end();
        await removeContainer(container);
      };
      return {
        containerId: container.id,
        connection,
        gone: connection.closed.then((reason) => ({
          reason,
          // Of a command that was killed for want of memory its own result tells.
          outOfMemory: reason === endedByItself && events.ranOutOfMemory(container.id),
        })),
        end() {
          ending ??= end();
          return ending;
        },
        detach: () => connection.close(),
      };
    },
  );
  const start = async (): Promise<ContainerCell> => {
    try {
      return await created.start();
    } catch (error) {
      if (!saysNoShell.test(messageOf(error))) throw error;
      throw new OpsthreadError(
        "SANDBOX_IMAGE",
        `Cannot start a sandbox from the image "${plan.image}": it has no sh, expected one where the supervisor does not run`,
        { cause: error },
      );
    }
  };
  return { ...created, start };
}

/** In the words of the engine's init, and of the runtime where there is none. */
const saysNoShell = /exec sh failed|exec: "sh":/;
