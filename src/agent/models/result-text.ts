import { stableKey } from "../../core/ids.ts";
import type { ToolCall, ToolResult } from "../../core/tool-result.ts";

/**
 * What a model is told of a call: what it gave, between marks that say that it is data and that nothing in it can end.
 * The same result always has the same marks, so that a conversation stays the same when it is sent again. Vendors refuse
 * empty texts, and a call without a result.
 */
export function resultText(
  { callId, tool }: Pick<ToolCall, "callId" | "tool">,
  result: Pick<ToolResult, "output"> | undefined,
): string {
  if (result === undefined) return "There is no result of this call.";
  if (result.output.trim() === "") return "(no output)";
  const { output } = result;
  const mark = `data-${keyFor(callId, output)}`;
  // A model may have called what it made up.
  const from = tool.replaceAll(/[^\w.-]+/g, "_").slice(0, 64);
  return `<${mark} from="${from}">\n${output}\n</${mark}>`;
}

/** Nobody can write a text that holds the key made from itself, and if somebody could, there is another one. */
function keyFor(callId: string, output: string): string {
  for (let attempt = 0; ; attempt += 1) {
    const key = stableKey("data", callId, output, attempt).slice(0, 12);
    if (!output.includes(key)) return key;
  }
}
