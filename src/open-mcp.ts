import type { McpServers } from "./agent/mcp/config.ts";
import type { McpTools, McpToolsOptions } from "./agent/mcp/mcp-tools.ts";
import { hostFetch } from "./sandbox/egress/host-fetch.ts";
import type { EgressSecret } from "./sandbox/egress/secrets.ts";

/**
 * The tools of the configured MCP servers; undefined when there are none, and then nothing is loaded for them.
 * @throws {OpsthreadError} `CONFIG_INVALID` for a secret that does not belong to its server
 */
export async function openMcp(
  servers: McpServers,
  {
    secrets,
    ...options
  }: Omit<McpToolsOptions, "servers" | "fetchOf"> & { readonly secrets: readonly EgressSecret[] },
): Promise<McpTools | undefined> {
  if (Object.keys(servers).length === 0) return undefined;
  const { mcpTools } = await import("./agent/mcp/mcp-tools.ts");
  return mcpTools({
    ...options,
    servers,
    fetchOf: ({ url, secrets: names }) => hostFetch({ secrets, names, url }),
  });
}
