import type { TwinReply, TwinRequest } from "../http-twin.ts";
import { ApiError } from "./api-error.ts";
import { compose } from "./compose.ts";
import { idPrefixes } from "./items.ts";
import type { Memory } from "./memory.ts";
import { checkWindow, type Prepared, prepare } from "./prepare.ts";
import { type CreateRequest, parseCreate } from "./request.ts";
import type { ResponseBody } from "./response.ts";
import { type Run, startRun } from "./run.ts";
import type { Answer, ScriptedRequest, Step } from "./script.ts";
import { sent } from "./sent.ts";
import { all } from "./steps.ts";
import { tooLong } from "./too-long.ts";

/** What the endpoints work with. */
export interface Service {
  readonly memory: Memory;
  /** Runs that may still be released. */
  readonly runs: Run[];
  /** The model's context window in tokens. @throws {ApiError} `model_not_found` */
  windowOf(model: string): number;
  stepFor(request: Omit<ScriptedRequest, "index">): Step;
}

/** `POST /v1/responses`. https://platform.openai.com/docs/api-reference/responses/create */
export async function createResponse(
  service: Service,
  { body, signal }: TwinRequest,
  reply: TwinReply,
): Promise<void> {
  const request = parseCreate(body);
  const contextTokens = service.windowOf(request.model);
  const prepared = prepare(request, service.memory);
  if (request.truncation !== "auto") {
    try {
      checkWindow(prepared, contextTokens);
    } catch (error) {
      if (request.stream === true) return await tooLong(service.memory, { request, error, reply });
      throw error;
    }
  }
  const step = prepared.isCompacting
    ? all()
    : service.stepFor({ body: request, items: prepared.items });
  switch (step.type) {
    case "drop":
      return reply.drop();
    case "fail":
      return await reply.json(step.status, { error: step.error }, step.headers);
    case "answer":
      return await answer(service, { step, request, prepared, reply, signal });
  }
}

async function answer(
  service: Service,
  {
    step,
    request,
    prepared,
    reply,
    signal,
  }: {
    readonly step: Answer;
    readonly request: CreateRequest;
    readonly prepared: Prepared;
    readonly reply: TwinReply;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const { memory } = service;
  const final = compose(step, { request, prepared, memory });
  const isStreamed = request.stream === true;
  const run = startRun(final, {
    answer: step,
    isStreamed,
    isObfuscated: request.stream_options?.include_obfuscation !== false,
  });
  service.runs.push(run);
  const keep = (): void => remember(memory, { run, request, prepared });

  if (run.isBackground) {
    keep();
    if (isStreamed) run.advance();
    if (step.isLost) return reply.drop();
    if (!isStreamed) return await reply.json(200, run.response());
    return await reply.events(sent(run.follow(-1, signal)));
  }
  run.advance();
  if (step.isLost) {
    keep();
    return reply.drop();
  }
  if (isStreamed) return await reply.events(sent(keptAtItsEnd(run, { signal, keep })));
  await run.settled(signal);
  if (signal.aborted) return;
  if (step.ending.type === "error") throw errorOf(final);
  keep();
  await reply.json(200, final);
}

/** A plain stream lives as long as its connection: who goes before its end can't get it back. */
async function* keptAtItsEnd(
  run: Run,
  { signal, keep }: { readonly signal: AbortSignal; readonly keep: () => void },
): AsyncGenerator<Readonly<Record<string, unknown>>> {
  for await (const event of run.follow(-1, signal)) {
    // Before the event is sent: its reader may ask for the response at once.
    if (event.type === `response.${run.response().status}` && run.isEnded()) keep();
    yield event;
  }
}

function remember(
  memory: Memory,
  {
    run,
    request,
    prepared,
  }: { readonly run: Run; readonly request: CreateRequest; readonly prepared: Prepared },
): void {
  const { prompt, items } = prepared;
  const key = `key:${request.prompt_cache_key ?? ""}`;
  // A few are enough: sessions that share a key.
  memory.prompts.set(key, [...(memory.prompts.get(key) ?? []).slice(-15), prompt]);
  memory.prompts.set(`response:${run.id}`, [prompt]);
  if (request.store === false) return;
  const input = items.map((item) =>
    typeof item.id === "string" ? item : { ...item, id: memory.nextId(idPrefixes[item.type]) },
  );
  memory.stored.set(run.id, { run, input });
}

function errorOf({ error }: ResponseBody): ApiError {
  const { code = "server_error", message = "" } = error ?? {};
  return new ApiError(500, { type: "server_error", code, message, param: null });
}
