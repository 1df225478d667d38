import type { ModelRequest } from "../../model.ts";
import { objectOf } from "../arguments.ts";
import { exchangesOf } from "../exchanges.ts";
import { resultText } from "../result-text.ts";
import type { Names } from "./names.ts";

/** https://platform.openai.com/docs/api-reference/chat/create */
export function bodyOf(
  { instructions, items, tools, toolChoice, settings = {} }: ModelRequest,
  {
    model,
    maxOutputTokens: common,
    extra,
    names,
  }: {
    readonly model: string;
    readonly maxOutputTokens: number | undefined;
    readonly extra: Readonly<Record<string, unknown>>;
    readonly names: Names;
  },
): object {
  const { maxOutputTokens = common, temperature, effort } = settings;
  const messages = exchangesOf(items).flatMap(({ answer, results, texts }) => [
    ...(answer ? [assistantMessage(answer, names)] : []),
    ...results.map(({ call, result }) => ({
      role: "tool",
      tool_call_id: call.callId,
      content: resultText(call, result),
    })),
    // One message: templates of many local models insist on alternating roles.
    ...(texts.length > 0 ? [{ role: "user", content: texts.join("\n\n") }] : []),
  ]);
  return {
    ...extra,
    model,
    stream: true,
    // Otherwise a stream does not say what it used.
    stream_options: { include_usage: true },
    messages: [
      ...(instructions.trim() === "" ? [] : [{ role: "system", content: instructions }]),
      ...messages,
    ],
    ...(maxOutputTokens !== undefined && { max_tokens: maxOutputTokens }),
    ...(temperature !== undefined && { temperature }),
    ...(effort && { reasoning_effort: effort }),
    // Many servers do not know `tool_choice: "none"`, and an empty list is refused.
    ...(toolChoice === "auto" &&
      tools.length > 0 && { tools: offered(tools).map(functionOf(names)) }),
  };
}

/** Of two ways to change a file, the one that needs no diff: few local models write those well. */
const offered = (tools: ModelRequest["tools"]): ModelRequest["tools"] =>
  tools.some(({ native }) => native === "text_editor")
    ? tools.filter(({ native }) => native !== "apply_patch")
    : tools;

type Exchanged = NonNullable<ReturnType<typeof exchangesOf>[number]["answer"]>;

function assistantMessage({ text, toolCalls }: Exchanged, names: Names): object {
  return {
    role: "assistant",
    content: text.trim() === "" ? null : text,
    ...(toolCalls.length > 0 && {
      tool_calls: toolCalls.map(({ callId, tool, args }) => ({
        id: callId,
        type: "function",
        // Local servers parse it for their templates, and fail when it is no JSON.
        function: { name: names.of(tool), arguments: JSON.stringify(objectOf(args)) },
      })),
    }),
  };
}

const functionOf =
  (names: Names) =>
  ({ name, description, parameters }: ModelRequest["tools"][number]): object => ({
    type: "function",
    function: {
      name: names.of(name),
      description,
      parameters: { properties: {}, ...parameters, type: "object" },
    },
  });
