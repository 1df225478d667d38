import { createHash } from "node:crypto";

/**
 * The name of a server's tool as models take it: `mcp_<server>_<tool>`, up to 64 of A-Z, a-z, 0-9, `_` and `-`. Two tools
 * never share one: a server's name has no `_`, and what had to be changed carries a hash of what it was.
 */
export function toolName(server: string, tool: string): string {
  const plain = `mcp_${server}_${tool}`;
  if (plain.length <= longest && /^[A-Za-z0-9_-]+$/.test(tool)) return plain;
  const mark = `_${createHash("sha256").update(tool).digest("hex").slice(0, 8)}`;
  return plain.replaceAll(/[^A-Za-z0-9_-]/g, "_").slice(0, longest - mark.length) + mark;
}

const longest = 64;
