import type { Progress } from "@modelcontextprotocol/client";
import { z } from "zod";

import type { Effect } from "../../core/journal.ts";
import type { Tool, ToolContext } from "../tool.ts";
import type { McpServerConfig } from "./config.ts";
import type { CallEnd, ServerCall } from "./connection.ts";
import type { ListedTool } from "./listed-tool.ts";
import { returnOf } from "./result.ts";
import { toolName } from "./tool-name.ts";

export interface ServerToolOptions {
  readonly server: string;
  readonly config: McpServerConfig;
  readonly call: (call: ServerCall, options: { readonly signal: AbortSignal }) => Promise<CallEnd>;
}

/** A server's tool as one of the bot's. What it is called with is checked by the server. */
export function serverTool(
  tool: ListedTool,
  { server, config, call }: ServerToolOptions,
): Tool<Record<string, unknown>> {
  const { name, description, parameters } = tool;
  return {
    name: toolName(server, name),
    description: `Tool "${name}" of the MCP server "${server}", which says of it: ${description || "nothing"}`,
    input: anything,
    parameters,
    timeoutMs: config.callMs,
    effect: effectOf(tool, config),
    ...(asksFirst(name, config) && { needsApproval: true }),
    async run(args, context) {
      const onProgress = (progress: Progress): void => show(progress, server, context);
      const end = await call({ tool, args, onProgress }, context);
      if (end.type === "answered") return returnOf(end.result, { server, context });
      const unknown = end.mayHaveRun ? " Whether the call took effect is not known." : "";
      return {
        status: end.mayHaveRun ? "unknown" : "failed",
        output: `The MCP server "${server}" did not do it: ${end.text}.${unknown}`,
        measures: {},
        artifacts: [],
      };
    },
  };
}

const anything = z.record(z.string(), z.unknown());

/** Nobody knows what a server does. What it says of itself counts where the configuration says so. */
function effectOf(
  { readOnly, idempotent }: Pick<ListedTool, "readOnly" | "idempotent">,
  { trustAnnotations }: McpServerConfig,
): Effect {
  if (!trustAnnotations) return "at-most-once";
  if (readOnly) return "pure";
  return idempotent ? "idempotent" : "at-most-once";
}

const asksFirst = (tool: string, { approval }: McpServerConfig): boolean =>
  typeof approval === "boolean" ? approval : approval.includes(tool);

function show(
  { message, progress, total }: Progress,
  server: string,
  { progress: tell }: ToolContext,
): void {
  const done = total === undefined ? `${progress}` : `${progress} of ${total}`;
  tell(`${server}: ${message === undefined ? done : `${message.slice(0, maxLine)} (${done})`}`);
}

const maxLine = 200;
