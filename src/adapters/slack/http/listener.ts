import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";

import { messageOf } from "../../../core/errors.ts";
import type { Logger } from "../../../core/logger.ts";

/** Answers a request, or says that it is none of its. */
export type Route = (
  path: string,
  exchange: { readonly incoming: IncomingMessage; readonly outgoing: ServerResponse },
) => Promise<void> | undefined;

/** Answers by the first route that takes a request. Dispose waits for what is under way. */
export function createListener(
  routes: readonly Route[],
  { log }: { readonly log: Logger },
): AsyncDisposable & { readonly listen: RequestListener } {
  const running = new Set<Promise<void>>();
  let isOver = false;
  return {
    listen(incoming, outgoing) {
      if (isOver) return void outgoing.writeHead(503).end();
      const path = (incoming.url ?? "/").replace(/[?#].*$/s, "");
      const taken = firstOf(routes, path, { incoming, outgoing });
      if (!taken) return void outgoing.writeHead(404).end();
      const done = taken
        .catch((error: unknown) => {
          log.error({ error: messageOf(error) }, "A request could not be answered");
          if (!outgoing.headersSent) outgoing.writeHead(500);
          outgoing.end();
        })
        .finally(() => running.delete(done));
      running.add(done);
    },
    async [Symbol.asyncDispose]() {
      isOver = true;
      await Promise.all(running);
    },
  };
}

function firstOf(routes: readonly Route[], ...request: Parameters<Route>): ReturnType<Route> {
  for (const route of routes) {
    const taken = route(...request);
    if (taken) return taken;
  }
  return undefined;
}
