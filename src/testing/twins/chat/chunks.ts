import type { TwinEvent } from "../http-twin.ts";
import { piecesOf } from "../scripting/tokens.ts";
import { type Completion, wireCall } from "./completion.ts";
import type { Dialect } from "./dialect.ts";

/** A completion as a stream brings it. https://platform.openai.com/docs/api-reference/chat-streaming */
export function* chunksOf(
  completion: Completion,
  { dialect, includeUsage }: { readonly dialect: Dialect; readonly includeUsage: boolean },
): Generator<TwinEvent> {
  const { id, model, finish, usage } = completion;
  const { quirks, stamp } = dialect;
  const head = { id, object: "chat.completion.chunk", created: 1_767_225_600, model, ...stamp };
  const every = quirks.repeatsRole ? { role: "assistant", content: "" } : {};
  const chunk = (delta: object, finish_reason: string | null = null): TwinEvent => ({
    data: {
      ...head,
      choices: [{ index: 0, delta: { ...every, ...delta }, logprobs: null, finish_reason }],
      ...(includeUsage && quirks.strictFields ? { usage: null } : {}),
    },
  });
  if (!quirks.repeatsRole)
    yield chunk({
      role: "assistant",
      content: completion.calls.length > 0 ? quirks.emptyContent : "",
    });
  for (const delta of deltasOf(completion, dialect)) yield chunk(delta);
  yield chunk({}, finish);
  if (includeUsage) yield { data: { ...head, choices: [], usage } };
  yield { data: "[DONE]" };
}

function* deltasOf(
  { text, reasoning, refusal, calls }: Completion,
  { quirks }: Dialect,
): Generator<object> {
  if (quirks.reasoning !== undefined)
    for (const piece of piecesOf(reasoning)) yield { [quirks.reasoning]: piece };
  for (const content of piecesOf(text)) yield { content };
  for (const piece of piecesOf(refusal)) yield { refusal: piece };
  for (const called of calls) {
    if (quirks.calls === "whole" || quirks.args === "object") {
      yield { tool_calls: [wireCall(called, quirks.args === "object")] };
      continue;
    }
    yield { tool_calls: [wireCall({ ...called, args: "" }, false)] };
    for (const piece of piecesOf(called.args))
      yield { tool_calls: [{ index: called.index, function: { arguments: piece } }] };
  }
}
