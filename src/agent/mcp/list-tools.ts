import type { Client } from "@modelcontextprotocol/client";

import { type ListedTool, listedTool } from "./listed-tool.ts";

/**
 * Asks a server for its tools, page by page. What is kept of each page is bounded before the next one is asked for: the
 * client's own walk keeps all of up to 64 pages. Of two tools of one name there is the first.
 */
export async function listTools(
  client: Client,
  { isWanted, ...options }: ListToolsOptions,
): Promise<readonly ListedTool[]> {
  if (!client.getServerCapabilities()?.tools) return [];
  const tools = new Map<string, ListedTool>();
  let cursor: string | undefined;
  for (let page = 0; page < maxPages && tools.size < maxTools; page += 1) {
    const params = cursor === undefined ? {} : { cursor };
    const result = await client.request({ method: "tools/list", params }, options);
    for (const tool of result.tools)
      if (isWanted(tool.name) && !tools.has(tool.name)) tools.set(tool.name, listedTool(tool));
    cursor = result.nextCursor;
    if (cursor === undefined) break;
  }
  return [...tools.values()].slice(0, maxTools);
}

export interface ListToolsOptions {
  readonly isWanted: (tool: string) => boolean;
  readonly signal: AbortSignal;
  readonly timeout: number;
}

/** No vendor takes more than 128 in all. */
const maxTools = 100;
const maxPages = 20;
