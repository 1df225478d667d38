import { setTimeout as delay } from "node:timers/promises";

import { messageOf } from "../../core/errors.ts";
import type { Logger } from "../../core/logger.ts";
import { isContainerGone } from "./engine-error.ts";
import type { EngineEvents } from "./events.ts";
import type { ExecPlace } from "./exec-start.ts";

export interface KillOptions {
  readonly events: EngineEvents;
  readonly log: Logger;
  /** How long commands may take to end by themselves, when they are told to. */
  readonly graceMs: number;
  /** Settles when they have. */
  readonly exited: () => Promise<unknown>;
}

/** Kills everything in a container. Resolves when nothing of it is left. */
export async function killContainer(
  place: ExecPlace,
  { events, log, graceMs, exited }: KillOptions,
): Promise<void> {
  const { container } = place;
  if (graceMs > 0)
    await Promise.race([
      askToEnd(place)
        .then(exited)
        .catch(() => {}), // They are killed in any case.
      delay(graceMs, undefined, { ref: false }),
    ]);
  const killed = container.kill({ signal: "SIGKILL" }).catch((error: unknown) => {
    if (!isContainerGone(error))
      log.warn({ error: messageOf(error) }, "The engine could not kill a sandbox");
  });
  // The engine's answer may take much longer than the death, and never comes when the engine goes.
  await Promise.race([killed, events.died(container.id)]);
}

/** Commands are the only ones of their user in the container, so that all of them can be sent a signal from inside. */
async function askToEnd({ container, sh, user }: ExecPlace): Promise<void> {
  const exec = await container.exec({ Cmd: [sh, "-c", "kill -TERM -1"], User: user });
  await exec.start({ Detach: true });
}
