import type { Clock } from "../../core/clock.ts";
import { messageOf } from "../../core/errors.ts";
import type { Logger } from "../../core/logger.ts";
import type { HttpServerConfig } from "./config.ts";
import { connect } from "./connection.ts";
import { type Fetch, httpTransport } from "./http-transport.ts";
import { keepConnection } from "./keep-connection.ts";
import { listCache } from "./list-cache.ts";
import type { ListedTool } from "./listed-tool.ts";
import { isWanted, type Server } from "./server.ts";

export interface HttpServerOptions {
  readonly config: HttpServerConfig;
  readonly fetch: Fetch;
  readonly redact: (text: string) => string;
  readonly clock: Clock;
  readonly log: Logger;
}

/** A server that all sessions share one connection to. Its tools are asked for again at times. */
export function httpServer(
  server: string,
  { config, fetch, redact, clock, log }: HttpServerOptions,
): Server {
  const ending = new AbortController();
  let greeting = Promise.resolve();
  const lists = listCache({ freshMs, clock });
  const kept = keepConnection(({ signal }) =>
    connect(httpTransport({ config, fetch, clock }), {
      server,
      startMs: config.startMs,
      isWanted: isWanted(config),
      onTools: (tools) => lists.set("", tools),
      clock,
      signal,
    }),
  );
  const load = async (signal: AbortSignal): Promise<readonly ListedTool[]> => {
    const connection = await kept.get({ signal });
    try {
      return await connection.list({ signal });
    } catch (error) {
      if (connection.isOpen) throw error;
      return (await kept.get({ signal })).list({ signal });
    }
  };
  const list = (signal: AbortSignal) => lists.get("", () => load(signal), { signal });

  const greet = async (): Promise<void> => {
    try {
      const tools = await list(ending.signal);
      log.info({ server, tools: tools.length }, "An MCP server is ready");
    } catch (error) {
      if (ending.signal.aborted) return;
      log.warn({ server, error: redact(messageOf(error)) }, "An MCP server is not ready");
    }
  };

  return {
    start() {
      greeting = greet();
    },
    list: ({ signal }) => list(signal),
    async call(_, call, { signal }) {
      const end = await (await kept.get({ signal })).call(call, { signal });
      if (end.type !== "failed" || end.isSessionGone !== true) return end;
      // It has not taken the call, since it does not know who calls.
      return (await kept.get({ signal })).call(call, { signal });
    },
    async [Symbol.asyncDispose]() {
      ending.abort();
      await kept.close();
      await greeting;
    },
  };
}

const freshMs = 5 * 60_000;
