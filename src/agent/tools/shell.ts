import { z } from "zod";

import type { ToolResult } from "../../core/tool-result.ts";
import { type Captured, type ExecResult, outcomeMeasures } from "../../sandbox/sandbox.ts";
import { defineTool } from "../define-tool.ts";
import type { Tool } from "../tool.ts";
import { formatBytes } from "./format.ts";
import { outcomeStatus, outcomeText, usedText } from "./outcome.ts";

const ShellInput = z.object({
  command: z.string().min(1).describe("Shell command line, run in /workspace"),
  timeoutSeconds: z
    .number()
    .positive()
    .optional()
    .describe("Ends the command after this time; the sandbox's own limit cannot be exceeded"),
});

/** Runs a shell command in the session's sandbox and tells truthfully how it ended. */
export function shellTool(): Tool<z.output<typeof ShellInput>> {
  return defineTool({
    name: "shell",
    native: "shell",
    description:
      "Runs a shell command in the session's sandbox and waits for its end. Files in /workspace stay between " +
      "calls; configured sources are read-only under /sources. Long output is shown as head and tail, and all of " +
      "it lies in the file that the result names.",
    input: ShellInput,
    effect: "reattach",
    async run({ command, timeoutSeconds }, { session, executionId, signal }) {
      const sandbox = await session.sandbox();
      const timeout = timeoutSeconds === undefined ? {} : { timeoutMs: timeoutSeconds * 1000 };
      return commandResult(await sandbox.exec(command, { executionId, signal, ...timeout }));
    },
    async reattach({ session, executionId, signal }) {
      const sandbox = await session.sandbox();
      const result = await sandbox.attach(executionId, { signal });
      return result === undefined ? undefined : commandResult(result);
    },
  });
}

function commandResult(result: ExecResult): ToolResult {
  const { outcome, stdout, stderr, measures, background = 0 } = result;
  const used = usedText(measures);
  const fullOutput = stdout.file ?? stderr.file;
  return {
    status: outcomeStatus(outcome),
    output: [
      `${outcomeText(outcome)}${used === "" ? "" : ` · ${used}`}`,
      ...(background === 0 ? [] : [backgroundText(background)]),
      streamText("stdout", stdout),
      streamText("stderr", stderr),
    ].join("\n"),
    measures: {
      ...measures,
      ...outcomeMeasures(outcome),
      outputBytes: stdout.bytes + stderr.bytes,
      shownBytes: shownBytes(stdout) + shownBytes(stderr),
      ...(fullOutput === undefined ? {} : { fullOutput }),
    },
    artifacts: [],
  };
}

const backgroundText = (count: number): string =>
  count === 1
    ? "1 process goes on in the background, and ends some minutes after this turn"
    : `${count} processes go on in the background, and ends some minutes after this turn`;

function streamText(name: string, captured: Captured): string {
  if (captured.bytes === 0) return `${name}: empty`;
  const text = captured.text.endsWith("\n") ? captured.text.slice(0, -1) : captured.text;
  return `${name}: ${extent(captured)}\n${text}`;
}

function extent(captured: Captured): string {
  const shown = shownBytes(captured);
  if (captured.file === undefined && shown === captured.bytes) return formatBytes(captured.bytes);
  const rest = captured.file === undefined ? "the rest was not kept" : `all in ${captured.file}`;
  return `${shown} of ${captured.bytes} bytes shown, ${rest}`;
}

/** The text may hold a mark where it was cut, and replacement characters, so it can be longer than what it shows. */
function shownBytes({ text, bytes }: Captured): number {
  return Math.min(Buffer.byteLength(text), bytes);
}
