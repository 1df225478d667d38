import { headTail } from "../core/output.ts";
import type { Facts, Said, SpanName, Spoken } from "../core/trace.ts";

/**
 * OpenTelemetry's names for what the engine tells. The GenAI conventions are in development and rename things from release
 * to release: they are written down here and nowhere else. What they have no name for is `opsthread.<fact>`.
 * https://github.com/open-telemetry/semantic-conventions-genai, read at v0.1.0.
 */
export function otelName(name: SpanName, facts: Facts): string {
  const { name: operation, of } = operations[name];
  const subject = of === undefined ? undefined : facts[of];
  if (subject === undefined) return operation;
  return `${operation} ${of === "model" ? modelOf(String(subject)).model : String(subject)}`;
}

/** The attributes of a span when it begins. */
export function beginAttributes(name: SpanName, facts: Facts): Record<string, Scalar | string[]> {
  const { genai } = operations[name];
  return {
    ...(genai !== undefined && { "gen_ai.operation.name": genai }),
    ...(genai === "execute_tool" && { "gen_ai.tool.type": "function" }),
    ...attributesOf(facts),
  };
}

export function attributesOf(facts: Facts): Record<string, Scalar | string[]> {
  const attributes: Record<string, Scalar | string[]> = {};
  for (const [fact, value] of Object.entries(facts)) {
    if (value === undefined) continue;
    if (fact === "model") {
      const { provider, model } = modelOf(String(value));
      if (provider !== undefined) attributes["gen_ai.provider.name"] = provider;
      attributes["gen_ai.request.model"] = model;
    } else if (fact === "finish") attributes["gen_ai.response.finish_reasons"] = [String(value)];
    else attributes[names[fact] ?? `opsthread.${snakeCase(fact)}`] = value;
  }
  return attributes;
}

/** What was said, by the conventions' schema of messages. */
export function contentAttributes(
  { input, output, arguments: args, result }: Said,
  redact: (text: string) => string,
): Record<string, string> {
  // First redacted, then cut: half a secret is not recognised.
  const clean = (text: string): string => headTail(redact(text), maxContentBytes);
  return {
    ...(input && { "gen_ai.input.messages": messagesOf(input, clean) }),
    ...(output && { "gen_ai.output.messages": messagesOf(output, clean) }),
    ...(args !== undefined && { "gen_ai.tool.call.arguments": clean(args) }),
    ...(result !== undefined && { "gen_ai.tool.call.result": clean(result) }),
  };
}

type Scalar = string | number | boolean;

/** `of` is the fact that the name goes on with. */
const operations: Readonly<
  Record<SpanName, { readonly name: string; readonly of?: string; readonly genai?: string }>
> = {
  receive: { name: "receive", of: "platform" },
  turn: { name: "invoke_agent", of: "agent", genai: "invoke_agent" },
  step: { name: "step" },
  model: { name: "chat", of: "model", genai: "chat" },
  tool: { name: "execute_tool", of: "tool", genai: "execute_tool" },
  "sandbox-open": { name: "sandbox open" },
  "sandbox-exec": { name: "sandbox exec" },
  "sandbox-task": { name: "sandbox task", of: "task" },
  post: { name: "post", of: "platform" },
};

const names: Readonly<Record<string, string>> = {
  session: "gen_ai.conversation.id",
  agent: "gen_ai.agent.name",
  tool: "gen_ai.tool.name",
  callId: "gen_ai.tool.call.id",
  responseId: "gen_ai.response.id",
  responseModel: "gen_ai.response.model",
  inputTokens: "gen_ai.usage.input_tokens",
  outputTokens: "gen_ai.usage.output_tokens",
  cachedInputTokens: "gen_ai.usage.cache_read.input_tokens",
  reasoningTokens: "gen_ai.usage.reasoning.output_tokens",
  exitCode: "process.exit.code",
  errorType: "error.type",
};

/** Models are called `vendor/name`; of several, the first is asked first. */
function modelOf(name: string): { readonly provider?: string; readonly model: string } {
  const [first = name] = name.split(" | ");
  const slash = first.indexOf("/");
  if (slash < 0) return { model: first };
  return { provider: first.slice(0, slash), model: first.slice(slash + 1) };
}

const messagesOf = (spoken: readonly Spoken[], clean: (text: string) => string): string =>
  JSON.stringify(
    spoken.map(({ role, text, calls = [] }) => ({
      role,
      parts: [
        ...(text === "" ? [] : [{ type: "text", content: clean(text) }]),
        ...calls.map(({ callId, tool, args }) => ({
          type: "tool_call",
          id: clean(callId),
          name: clean(tool),
          arguments: clean(args),
        })),
      ],
    })),
  );

const snakeCase = (name: string): string =>
  name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** Of one text. */
export const maxContentBytes = 16 * 1024;
