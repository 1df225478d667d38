import type { Clock } from "../../core/clock.ts";
import { messageOf } from "../../core/errors.ts";
import type { Logger } from "../../core/logger.ts";
import type { Tool, ToolSource } from "../tool.ts";
import type { HttpServerConfig, McpServerConfig, McpServers } from "./config.ts";
import { httpServer } from "./http-server.ts";
import type { Fetch } from "./http-transport.ts";
import { sandboxServer } from "./sandbox-server.ts";
import { serverTool } from "./server-tool.ts";
import type { Server, ServerTurn } from "./server.ts";

export interface McpToolsOptions {
  readonly servers: McpServers;
  /** A `fetch` for one server, which sends its secrets along. */
  readonly fetchOf: (config: HttpServerConfig) => Fetch;
  readonly redact: (text: string) => string;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface McpTools extends ToolSource, AsyncDisposable {
  /** Greets the servers that are not in sandboxes. */
  start(): void;
}

/**
 * The tools of MCP servers, found out about at the beginning of each turn. A server that does not work has none, and the
 * model is told.
 */
export function mcpTools(options: McpToolsOptions): McpTools {
  const { redact, log } = options;
  const servers = Object.entries(options.servers).map(([name, config]) => ({
    name,
    config,
    server: open(name, config, options),
  }));

  const offered = async (
    { name, config, server }: (typeof servers)[number],
    turn: ServerTurn,
  ): Promise<readonly Tool[] | string> => {
    try {
      const listed = await server.list(turn);
      return listed.map((tool) =>
        serverTool(tool, {
          server: name,
          config,
          call: (call, limits) => server.call(turn, call, limits),
        }),
      );
    } catch (error) {
      turn.signal.throwIfAborted();
      const reason = redact(messageOf(error));
      log.warn({ server: name, error: reason }, "The tools of an MCP server are not there");
      return `The tools of the MCP server "${name}" are not there in this turn. ${reason}`;
    }
  };

  return {
    start() {
      for (const { server } of servers) server.start?.();
    },
    async offer(session, turn) {
      const all = await Promise.all(servers.map((one) => offered(one, { session, ...turn })));
      const tools = all.flatMap((some) => (typeof some === "string" ? [] : some));
      return {
        // A server may use a name that another of its tools gets when it is made to fit.
        tools: [...new Map(tools.map((tool) => [tool.name, tool])).values()],
        notes: all.filter((some) => typeof some === "string"),
      };
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(servers.map(({ server }) => server[Symbol.asyncDispose]()));
    },
  };
}

function open(
  name: string,
  config: McpServerConfig,
  { fetchOf, ...options }: McpToolsOptions,
): Server {
  if (config.type === "stdio") return sandboxServer(name, { config, ...options });
  return httpServer(name, { config, fetch: fetchOf(config), ...options });
}
