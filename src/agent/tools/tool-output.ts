import type { ToolResult } from "../../core/tool-result.ts";

export function ok(output: string): ToolResult {
  return { status: "ok", output, measures: {}, artifacts: [] };
}

export function failed(output: string): ToolResult {
  return { status: "failed", output, measures: {}, artifacts: [] };
}
