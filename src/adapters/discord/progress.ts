import { setMaxListeners } from "node:events";

import { abortable } from "../../core/abort.ts";
import { messageOf } from "../../core/errors.ts";
import { stableKey, threadId } from "../../core/ids.ts";
import type { Adapter } from "../adapter.ts";
import { codes, discordCode } from "./failures.ts";
import { type Line, progressLine, type ProgressLineOptions } from "./progress-line.ts";

/** The live lines of turns: one message each, changed, and deleted in the end. */
export interface ProgressLines extends AsyncDisposable {
  readonly show: Adapter["showProgress"];
}

export function createProgressLines(options: ProgressLineOptions): ProgressLines {
  const { log } = options;
  /** What becomes of each line: its message, once it has one. */
  const lines = new Map<string, Promise<Line | undefined>>();
  const newest = new Map<string, object>();
  const ending = new AbortController();
  // All that goes on listens.
  setMaxListeners(0, ending.signal);
  const change = progressLine({ ...options, signal: ending.signal });

  return {
    async show(thread, { key, markdown, isTakenUp = false }, { signal }) {
      signal.throwIfAborted();
      const id = stableKey(threadId(thread), key);
      if (markdown === undefined && !lines.has(id) && !isTakenUp) return;
      const ticket = {};
      newest.set(id, ticket);
      // One after the other, also where nobody waits any more: a line must be known to be deleted.
      const before = lines.get(id) ?? Promise.resolve(undefined);
      const after = before.then(async (line) => {
        // Something newer waits: of several only the last one is shown.
        if (newest.get(id) !== ticket) return line;
        try {
          return await change(thread, { line, markdown, isTakenUp });
        } catch (error) {
          log.debug({ error: messageOf(error) }, "Progress was not shown");
          return discordCode(error) === codes.unknownMessage ? undefined : line;
        }
      });
      lines.set(id, after);
      const forget = (): void => {
        if (markdown !== undefined || lines.get(id) !== after) return;
        lines.delete(id);
        newest.delete(id);
      };
      await abortable(after.then(forget), signal);
    },
    async [Symbol.asyncDispose]() {
      ending.abort();
      await Promise.all(lines.values());
    },
  };
}
