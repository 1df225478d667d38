import type { z } from "zod";

import { McpServers } from "../../../src/agent/mcp/config.ts";
import { type McpTools, mcpTools } from "../../../src/agent/mcp/mcp-tools.ts";
import type { Tool, ToolContext, ToolReturn, ToolSession } from "../../../src/agent/tool.ts";
import { type Clock, systemClock } from "../../../src/core/clock.ts";
import { type Logger, silentLogger } from "../../../src/core/logger.ts";
import { hostFetch } from "../../../src/sandbox/egress/host-fetch.ts";
import type { EgressSecret } from "../../../src/sandbox/egress/secrets.ts";
import type { WebServer } from "./web-server.ts";

/** Never aborts. */
const never = (): AbortSignal => new AbortController().signal;

/** The tools of servers as a bot would have them. */
export function toolsOf(
  servers: z.input<typeof McpServers>,
  {
    clock = systemClock,
    log = silentLogger,
    secrets = [],
  }: {
    readonly clock?: Clock;
    readonly log?: Logger;
    readonly secrets?: readonly EgressSecret[];
  } = {},
): McpTools {
  return mcpTools({
    servers: McpServers.parse(servers),
    fetchOf: ({ url, secrets: names }) => hostFetch({ secrets, names, url }),
    redact: (text) => text,
    clock,
    log,
  });
}

/** The tools of one HTTP server. The server ends with them. */
export function toolsAt(name: string, web: WebServer) {
  const tools = toolsOf({ [name]: { type: "http", url: web.url } });
  return {
    web,
    tools,
    async [Symbol.asyncDispose]() {
      await tools[Symbol.asyncDispose]();
      await web[Symbol.asyncDispose]();
    },
  };
}

/** What a turn would be offered. */
export const offered = (
  tools: McpTools,
  { session = noSandbox, signal = never() }: Partial<Pick<ToolContext, "session" | "signal">> = {},
) => tools.offer(session, { signal });

/** Calls one of the tools that a turn is offered. */
export async function callTool(
  tools: McpTools | readonly Tool[],
  name: string,
  args: unknown = {},
  context: Partial<ToolContext> = {},
): Promise<ToolReturn> {
  const all = "offer" in tools ? (await offered(tools, context)).tools : tools;
  const tool = all.find((one) => one.name === name);
  if (!tool) throw new Error(`No tool "${name}" of ${all.map((one) => one.name).join(", ")}`);
  return tool.run(args, {
    signal: never(),
    callId: "call-1",
    executionId: "x1",
    session: noSandbox,
    progress: () => {},
    ...context,
  });
}

/** A session whose sandbox must not be opened. */
export const noSandbox: ToolSession = {
  sessionId: "s_test",
  sandbox: () => Promise.reject(new Error("A sandbox was opened")),
  sandboxFrom: () => Promise.reject(new Error("A sandbox was opened")),
  keep: () => Promise.reject(new Error("Nothing can be kept")),
  access: () => ({ type: "refused", reason: "not here" }),
};

/** Resolves when `holds` does, which something else in this process brings about. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}
