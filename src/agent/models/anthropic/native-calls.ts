import { z } from "zod";

import type { ToolCall } from "../../../core/tool-result.ts";
import { objectOf, parsed } from "../arguments.ts";
import type { Toolbox } from "./tools.ts";

/** A call as it came: `json` is what the model wrote. */
export interface WireCall {
  readonly id: string;
  readonly name: string;
  readonly json: string;
}

/** A call of the vendor's tool becomes one of ours. */
export function toolCallOf({ id, name, json }: WireCall, toolbox: Toolbox): ToolCall {
  const { tool, native } = toolbox.meant(name);
  const args = json === "" ? "{}" : json;
  return { callId: id, tool, args: native === "shell" ? shellArgs(args) : args };
}

const BashInput = z.object({ command: z.string().optional(), restart: z.boolean().optional() });

/** https://platform.claude.com/docs/en/agents-and-tools/tool-use/bash-tool#parameters */
function shellArgs(json: string): string {
  const input = BashInput.safeParse(parsed(json));
  if (!input.success) return json;
  const { command, restart } = input.data;
  if (command !== undefined) return JSON.stringify({ command });
  return restart === true ? JSON.stringify({ command: nothingToRestart }) : json;
}

/** The vendor's tool is one shell that goes on; ours is a new one each time. */
const nothingToRestart =
  "echo 'There is no shell to restart: each command runs in a new one, in /workspace.'";

/** The input of a call that another model made, in the vendor's form. */
export function wireInput({ args }: ToolCall, native: "shell" | "text_editor" | undefined): object {
  const input = objectOf(args);
  if (native !== "shell") return input;
  const shell = BashInput.safeParse(input);
  return shell.success && shell.data.command !== undefined
    ? { command: shell.data.command }
    : input;
}
