import { z } from "zod";

import type { ToolCall } from "../../../core/tool-result.ts";
import type { NativeTool, ToolSpec } from "../../model.ts";
import { withoutNulls } from "./strict-arguments.ts";
import { strictSchema } from "./strict-schema.ts";
import type { WireItem } from "./wire.ts";

const status = z.string().nullish();

/** The items that ask for something to be run. */
export const CallItem = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("function_call"),
    call_id: z.string(),
    name: z.string(),
    arguments: z.string(),
    status,
  }),
  z.object({
    type: z.literal("shell_call"),
    call_id: z.string(),
    action: z.object({
      commands: z.array(z.string()),
      timeout_ms: z.number().nullish(),
      max_output_length: z.number().nullish(),
    }),
    status,
  }),
  z.object({
    type: z.literal("apply_patch_call"),
    call_id: z.string(),
    operation: z.looseObject({ type: z.string(), path: z.string() }),
    status,
  }),
]);
export type CallItem = z.infer<typeof CallItem>;

export function callOf(item: WireItem): CallItem | undefined {
  return CallItem.safeParse(item).data;
}

/** What the harness runs for an item. */
export function toolCallsOf(item: CallItem, tools: readonly ToolSpec[]): readonly ToolCall[] {
  const own = (kind: NativeTool): string =>
    tools.find(({ native }) => native === kind)?.name ?? kind;
  switch (item.type) {
    case "function_call": {
      const { parameters } = tools.find(({ name }) => name === item.name) ?? { parameters: {} };
      const args = strictSchema(parameters)
        ? withoutNulls(item.arguments, parameters)
        : item.arguments;
      return [{ callId: item.call_id, tool: item.name, args }];
    }
    case "shell_call": {
      const { timeout_ms: timeoutMs } = item.action;
      const limit = timeoutMs !== null && timeoutMs !== undefined && timeoutMs > 0;
      return commandsOf(item).map((command, index) => ({
        callId: shellCallId(item.call_id, index),
        tool: own("shell"),
        args: JSON.stringify({ command, ...(limit && { timeoutSeconds: timeoutMs / 1000 }) }),
      }));
    }
    case "apply_patch_call": {
      const args = JSON.stringify({ operation: item.operation });
      return [{ callId: item.call_id, tool: own("apply_patch"), args }];
    }
  }
}

/** The ids under which the results of an item are found. */
export function callIdsOf(item: CallItem): readonly string[] {
  if (item.type !== "shell_call") return [item.call_id];
  return commandsOf(item).map((_, index) => shellCallId(item.call_id, index));
}

/** One call of the API may hold many commands, each of which is a call of its own here. */
const shellCallId = (callId: string, index: number): string => `${callId}#${index}`;

/** A call without a command is run as an empty one, so that the model hears what is wrong with it. */
function commandsOf({ action }: Extract<CallItem, { type: "shell_call" }>): readonly string[] {
  return action.commands.length === 0 ? [""] : action.commands;
}
