import { z } from "zod";

import { messageOf } from "../../../core/errors.ts";
import type { Usage } from "../../../core/journal.ts";
import { parsed } from "../arguments.ts";
import { failureByStatus } from "../failure-by-status.ts";
import { modelError, type ModelFailure } from "../model-error.ts";
import { retryAfterMs } from "../retry-after.ts";

export interface Told {
  readonly message: string;
  /** `type` and `code`, as far as there are any. */
  readonly words: string;
  readonly status: number | undefined;
}

const Details = z.looseObject({
  message: z.string().optional(),
  type: z.string().nullish(),
  code: z.union([z.string(), z.number()]).nullish(),
});
const Body = z.looseObject({
  error: z.union([z.string(), Details]).optional(),
  message: z.string().optional(),
  detail: z.string().optional(),
  type: z.string().nullish(),
  code: z.union([z.string(), z.number()]).nullish(),
});

/** What an error's body says, in any of the shapes there are; a text that is no JSON is the message. */
export function toldBy(text: string, status?: number): Told {
  const body = Body.safeParse(parsed(text));
  if (!body.success) return { message: text.trim().slice(0, 500), words: "", status };
  const { error, ...outer } = body.data;
  const { message, type, code } =
    typeof error === "object" ? error : { ...outer, message: undefined };
  const said =
    message ?? (typeof error === "string" ? error : (outer.message ?? outer.detail ?? ""));
  return {
    message: said.slice(0, 1_000),
    words: [type, code].filter(Boolean).join(" "),
    status: status ?? (typeof code === "number" && code >= 400 ? code : undefined),
  };
}

/** A failure that the server told. */
export function toldFailure(
  model: string,
  { message, words, status }: Told,
  more: { readonly headers?: Headers; readonly usage?: Usage; readonly hasTools: boolean },
): Error {
  const isToolless = more.hasTools && lacksTools({ message });
  const wait = more.headers && retryAfterMs(more.headers);
  const requestId = more.headers?.get("x-request-id");
  const reason = message === "" ? `the server answers with status ${status ?? "?"}` : message;
  return modelError(model, isToolless ? `${reason}. ${toolsAdvice}` : reason, {
    failure: isToolless ? "invalid" : kindOf(status, `${message} ${words}`),
    ...(status !== undefined && { status }),
    ...(wait !== undefined && { retryAfterMs: wait }),
    ...(requestId && { requestId }),
    ...(more.usage && { usage: more.usage }),
  });
}

function kindOf(status: number | undefined, text: string): ModelFailure {
  const isOther = status === undefined || status === 400 || status === 413 || status >= 422;
  if (isOther && status !== 429 && status !== 503 && tooLong.test(text)) return "context";
  if (/insufficient_quota/.test(text)) return "auth";
  const known = failureByStatus.get(status ?? 0);
  if (known !== undefined) return known;
  return status === undefined || status >= 500 ? "server" : "invalid";
}

/** OpenAI and vLLM, llama.cpp and Ollama, and what gateways pass on. */
const tooLong =
  /context_length_exceeded|maximum context length|exceed_context_size|exceeds? the (available |model'?s? )?(maximum )?context|context (size|window|length) (was |is |has been )?exceeded|prompt is too long|input (is )?too long|longer than the (maximum )?model/i;

/** A server says that a model, or the server itself, can't have tools. */
export const lacksTools = ({ message }: Pick<Told, "message">): boolean => noTools.test(message);

const noTools =
  /does not support (tools|tool|function)|tools param requires --jinja|requires? --enable-auto-tool-choice|'tools' is not supported|support tool use/i;

const toolsAdvice =
  "The model must be able to call tools: choose one that can, or let the server allow it (vLLM: --enable-auto-tool-choice and " +
  '--tool-call-parser; llama.cpp: --jinja; Ollama: a model whose page says "tools")';

/** A failure of the connection. */
export function brokenFailure(model: string, error: unknown, usage: Usage | undefined): Error {
  const reason = reasonOf(error);
  return modelError(model, `the connection broke: ${reason}`, {
    failure: /timeout/i.test(reason) ? "timeout" : "network",
    cause: error,
    ...(usage && { usage }),
  });
}

/** What fetch says is seldom more than that it failed; its cause knows. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause === undefined ? messageOf(error) : reasonOf(cause);
}
