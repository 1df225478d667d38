import { fenced } from "../../../core/fence.ts";
import { headTail } from "../../../core/output.ts";
import type { ToolCall, ToolResult } from "../../../core/tool-result.ts";
import { parseTaskOutput } from "../../tools/task-output.ts";
import type { Call } from "./action.ts";
import { answerFromDiff } from "./diff-answer.ts";
import { countIn, linesAround, looksAround } from "./log-answer.ts";
import { code } from "./markdown.ts";
import { absentText } from "./plan-diff.ts";

/** Bytes of a command's output or of a file that one answer shows. */
const shownBytes = 3000;

/** What a person reads about one tool call. `action` is why it was made, where that is known. */
export function replyTo(
  call: ToolCall,
  result: ToolResult | undefined,
  action: Pick<Call, "lead" | "counts" | "topic"> = {},
): string {
  const what = describeCall(call);
  if (result === undefined) return `${what} has no result.`;
  switch (result.status) {
    case "ok":
      return okText(call, result, action);
    case "failed":
      return failedText(call, result, what);
    case "stopped":
      return `${what} was stopped before it was done, so there is no result. Ask again to start it over.`;
    case "unknown":
      return `${what} was interrupted, and it is **not known whether it finished**. I did not run it again. Check first, then ask again.\n\n${quote(result.output)}`;
  }
}

function okText(
  call: ToolCall,
  { output }: ToolResult,
  { lead, counts, topic }: Pick<Call, "lead" | "counts" | "topic">,
): string {
  switch (call.tool) {
    case "run_task": {
      const text = topic === undefined ? parseTaskOutput(output).summary : topicText(output, topic);
      const count = counts === true ? countIn(output) : undefined;
      const lines = looksAround(call.args) ? linesAround(output) : undefined;
      return [count, lead, lines ?? text].filter((part) => part !== undefined).join("\n\n");
    }
    case "shell":
      return commandText(call, output);
    case "read_file":
    case "list_files":
      return headedText(output);
    default:
      return output;
  }
}

function topicText(output: string, topic: string): string {
  const answer = answerFromDiff(output, topic);
  if (answer.type === "found") return answer.markdown;
  const { summary } = parseTaskOutput(output);
  if (answer.type === "absent" && answer.complete) return absentText(topic, answer.changes);
  return `I could not pick out ${code(topic)}, so here is the whole comparison.\n\n${summary}`;
}

function failedText(call: ToolCall, { output, measures }: ToolResult, what: string): string {
  if (call.tool === "shell" && output.includes("\nstdout: ")) return commandText(call, output);
  const isLimit =
    measures.timedOutAfterMs !== undefined || measures.outOfMemoryAtBytes !== undefined;
  const next = isLimit
    ? "Give it less to do: fewer files, or a narrower time with `since` and `until`."
    : "`files` lists what is here, `help` shows how to ask.";
  return `${what} failed:\n\n${quote(output)}\n\n${next}`;
}

function commandText(call: ToolCall, output: string): string {
  const [head = "", ...rest] = output.split("\n");
  if (rest.at(-1) === "stderr: empty") rest.pop();
  if (rest.length > 0 && /^stdout: (?:empty|[\d.]+ \w+)$/.test(rest[0] ?? "")) rest.shift();
  const title = `${describeCall(call)}: ${head}`;
  return rest.length === 0
    ? `${title}, no output`
    : `${title}\n\n${fenced(headTail(rest.join("\n"), shownBytes))}`;
}

function headedText(output: string): string {
  const at = output.indexOf("\n");
  return at === -1
    ? output
    : `${output.slice(0, at)}\n\n${fenced(headTail(output.slice(at + 1), shownBytes))}`;
}

function describeCall({ tool, args }: ToolCall): string {
  const { task, command, path } = textFields(args);
  if (tool === "run_task" && task !== undefined) return `The task \`${task}\``;
  if (tool === "shell" && command !== undefined) return inlineCode(command);
  return path === undefined ? `\`${tool}\`` : `\`${tool}\` of ${inlineCode(path)}`;
}

function textFields(args: string): Readonly<Record<string, string | undefined>> {
  try {
    const value: unknown = JSON.parse(args);
    if (typeof value !== "object" || value === null) return {};
    return Object.fromEntries(
      Object.entries(value).filter(([, field]) => typeof field === "string"),
    );
  } catch {
    // Another model's call: it is described by its tool alone.
    return {};
  }
}

function inlineCode(text: string): string {
  const line = text.split("\n")[0] ?? "";
  const short = line.length > 80 || line !== text ? `${line.slice(0, 80)}…` : line;
  return code(short);
}

function quote(text: string): string {
  return headTail(text, shownBytes)
    .split("\n")
    .map((line) => `> ${line}`)
    .join("\n");
}
