import type Docker from "dockerode";
import { z } from "zod";

import { messageOf } from "../../core/errors.ts";
import type { Logger } from "../../core/logger.ts";
import { label } from "./container.ts";

/** What the engine tells of this installation's containers. */
export interface EngineEvents extends AsyncDisposable {
  /** Resolves when the container has died; at once when it has already. */
  died(containerId: string): Promise<void>;
  /** Whether something of it was killed for want of memory. */
  ranOutOfMemory(containerId: string): boolean;
}

const Event = z.object({ Action: z.string(), Actor: z.object({ ID: z.string() }) });

/**
 * Listens to the engine. A container's own state does not tell whether a process in it was killed for want of memory;
 * the events do. https://github.com/moby/moby/issues/42083
 */
export async function listenToEngine(
  docker: Docker,
  { instance, log }: { readonly instance: string; readonly log: Logger },
): Promise<EngineEvents> {
  const seen = new Map<string, { died: boolean; outOfMemory: boolean }>();
  const waiting = new Map<string, Set<() => void>>();
  const stream = await docker.getEvents({
    filters: {
      type: ["container"],
      event: ["oom", "die"],
      label: [`${label.instance}=${instance}`],
    },
  });
  const note = (line: string): void => {
    const parsed = Event.safeParse(parseJson(line));
    if (!parsed.success) return;
    const { Action, Actor } = parsed.data;
    const was = seen.get(Actor.ID) ?? { died: false, outOfMemory: false };
    seen.set(Actor.ID, {
      died: was.died || Action === "die",
      outOfMemory: was.outOfMemory || Action === "oom",
    });
    if (Action === "die") {
      for (const resolve of waiting.get(Actor.ID) ?? []) resolve();
      waiting.delete(Actor.ID);
    }
    const [oldest] = seen.keys();
    if (seen.size > maxKept && oldest !== undefined) seen.delete(oldest);
  };
  const reading = (async () => {
    let rest = "";
    for await (const chunk of stream) {
      const lines = (rest + String(chunk)).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) note(line);
    }
  })().catch((error: unknown) => {
    log.debug({ error: messageOf(error) }, "No more events from the container engine");
  });
  return {
    died(containerId) {
      if (seen.get(containerId)?.died === true) return Promise.resolve();
      return new Promise((resolve) => {
        const resolves = waiting.get(containerId) ?? new Set();
        waiting.set(containerId, resolves.add(resolve));
      });
    },
    ranOutOfMemory: (containerId) => seen.get(containerId)?.outOfMemory === true,
    async [Symbol.asyncDispose]() {
      if ("destroy" in stream && typeof stream.destroy === "function") stream.destroy();
      await reading;
    },
  };
}

const maxKept = 2_000;

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined; // Half a line, when the engine ends.
  }
}
