import { setMaxListeners } from "node:events";

import type { Clock } from "../core/clock.ts";
import { OpsthreadError } from "../core/errors.ts";
import { stableKey } from "../core/ids.ts";
import type { JournalEntry, ModelResponse, ToolIntent } from "../core/journal.ts";
import type { ToolCall } from "../core/tool-result.ts";
import type { CallApprovals } from "./approvals.ts";
import type { Budget } from "./budget.ts";
import { fitContext } from "./fit-context.ts";
import { guard, type Guarded, type Guardrail, guardrailStopped } from "./guardrail.ts";
import type { Model, ModelRequest } from "./model.ts";
import { runCalls } from "./run-calls.ts";
import type { Tool, ToolSession } from "./tool.ts";
import type { Transcript } from "./transcript.ts";

/** What a turn runs with. */
export interface LoopOptions {
  readonly model: Model;
  readonly instructions: string;
  readonly tools: readonly Tool[];
  readonly session: ToolSession;
  readonly transcript: Transcript;
  readonly budget: Budget;
  /** Number of the turn in its session; part of every execution id. */
  readonly turn: number;
  readonly clock: Clock;
  /** Takes secrets out of what tools return, before it is kept anywhere. */
  readonly redact: (text: string) => string;
  /** Asked before each step: puts messages that came in meanwhile into the transcript. */
  readonly steer: () => Promise<void>;
  /** A line for people, while a tool runs. */
  readonly onProgress: (text: string) => void;
  /** Bytes of one tool output that the model sees. Default 32 KiB. */
  readonly maxOutputBytes?: number;
  /** Asked about calls, what they give, and answers. Default: none. */
  readonly guardrails?: readonly Guardrail[];
  /** Tool calls of one step that run side by side. Default 4. */
  readonly parallelCalls?: number;
  /** Who is asked about calls that need approval. Without it they do not run. */
  readonly approvals?: CallApprovals;
}

/**
 * What happens, in order. An `entry` is to be journalled before the loop is asked for the next event: the loop
 * waits at each, so that intent is on record before effect, and nothing happens that the journal does not know.
 */
export type LoopEvent =
  | { readonly type: "text-delta"; readonly text: string }
  | { readonly type: "entry"; readonly entry: JournalEntry }
  | { readonly type: "end"; readonly outcome: "answered" | "asked"; readonly text: string };

/** Makes an entry of the running turn, tells the transcript of it, and gives the event that has it journalled. */
export type Recorder = (fields: EntryFields) => LoopEvent;

type EntryFields = JournalEntry extends infer Entry
  ? Entry extends JournalEntry
    ? Omit<Entry, "v" | "turn" | "at">
    : never
  : never;

/**
 * Runs an agent turn to its end: messages in, model out, tools run, until the model answers in words, asks a person, or
 * the budget is spent, which earns it one last answer. Calls that the transcript still holds open are settled first.
 * When `signal` aborts, running tools are ended and their results reported, then the loop throws the signal's reason.
 */
export async function* runLoop(
  options: LoopOptions,
  { signal: outer }: { readonly signal: AbortSignal },
): AsyncGenerator<LoopEvent> {
  // One controller of its own, so that tools also end when the consumer leaves early.
  const ending = new AbortController();
  // All that a turn does listens to it: how many that are is no sign of a leak.
  setMaxListeners(0, ending.signal);
  const end = (): void => ending.abort(outer.reason);
  outer.addEventListener("abort", end);
  if (outer.aborted) end();
  try {
    yield* steps(options, ending);
  } finally {
    outer.removeEventListener("abort", end);
  }
}

async function* steps(options: LoopOptions, ending: AbortController): AsyncGenerator<LoopEvent> {
  const { signal } = ending;
  const { transcript, budget } = options;
  const toolsByName = new Map(options.tools.map((tool) => [tool.name, tool]));
  const specs = options.tools.map(({ name, description, parameters, native }) => ({
    name,
    description,
    parameters,
    ...(native && { native }),
  }));
  const { sessionId } = options.session;
  const sessionKey = stableKey("model", sessionId);
  const record: Recorder = (fields) => {
    const entry = { v: 1 as const, turn: options.turn, at: options.clock.now(), ...fields };
    transcript.apply(entry);
    return { type: "entry", entry };
  };
  let warned = false;
  let rejected = 0;

  const left = transcript.openCalls;
  if (left.length > 0)
    yield* runCalls(left, toolsByName, record, { ...options, resumed: true, ending });

  for (;;) {
    const question = questionIn(transcript, toolsByName);
    if (question !== undefined) {
      const asked = await guardOutput(question, options, signal);
      if (asked.type !== "passed") throw guardrailStopped(asked);
      return yield { type: "end", outcome: "asked", text: asked.text };
    }
    signal.throwIfAborted();
    await options.steer();
    const approved = options.approvals?.due() ?? [];
    if (approved.length > 0) {
      for (const call of approved) yield record({ type: "approved-call", ...call });
      // What the transcript does not hold open is not what was approved.
      yield* runCalls(transcript.openCalls, toolsByName, record, {
        ...options,
        resumed: false,
        ending,
      });
      continue;
    }
    const standing = budget.state();
    if (standing.type === "spent" || (standing.type === "near" && !warned)) {
      yield record({ type: "note", text: standing.text });
      warned = true;
    }
    const last = standing.type === "spent";
    yield* fitContext(options, record, signal);

    const step = budget.steps + 1;
    const started = transcript.startedCall;
    const answer = yield* respond(options, record, {
      step,
      signal,
      request: {
        instructions: options.instructions,
        items: transcript.items,
        tools: specs,
        toolChoice: last ? "none" : "auto",
        sessionKey,
        stepKey: stableKey("step", sessionId, options.turn, step),
        ...(started?.step === step &&
          started.model === options.model.name && { resume: started.handle }),
      },
    });
    const response = last ? conclude(answer) : answer;
    const intents = response.toolCalls.map((call) => intentOf(call, toolsByName, options, step));
    budget.spend(response.usage);
    yield record({ type: "step", step, response, intents });
    if (intents.length === 0) {
      const said = await guardOutput(response.text, options, signal);
      if (said.type === "passed")
        return yield { type: "end", outcome: "answered", text: said.text };
      rejected += 1;
      if (said.type === "stop" || last || rejected > maxRejected) throw guardrailStopped(said);
      const text = `Your answer was not shown to anybody: guardrail "${said.by}" rejected it: ${said.reason}. Give another one.`;
      yield record({ type: "note", text });
      continue;
    }
    yield* runCalls(intents, toolsByName, record, { ...options, resumed: false, ending });
  }
}

/**
 * What the last step asked of a person, which ends the turn; empty for access, which has a post of its own. Read from
 * the transcript, so that a turn that is taken up after its question ends with it too.
 */
function questionIn(
  { lastStep: { results, asksForAccess } }: Transcript,
  tools: ReadonlyMap<string, Tool>,
): string | undefined {
  const asked = results.find(
    ({ call, result }) => result.status === "ok" && tools.get(call.tool)?.endsTurn,
  );
  return asked?.result.output ?? (asksForAccess ? "" : undefined);
}

const guardOutput = (
  text: string,
  { guardrails = [], session: { sessionId } }: LoopOptions,
  signal: AbortSignal,
): Promise<Guarded> =>
  guard(guardrails, text, (guardrail, left) => guardrail.output?.(left, { sessionId, signal }));

/** Answers of one turn that may be rejected. */
const maxRejected = 3;

/** Streams the model's answer through and returns it whole. */
async function* respond(
  { model, onProgress }: LoopOptions,
  record: Recorder,
  {
    request,
    step,
    signal,
  }: { readonly request: ModelRequest; readonly step: number; readonly signal: AbortSignal },
): AsyncGenerator<LoopEvent, ModelResponse> {
  for await (const event of model.respond(request, { signal })) {
    signal.throwIfAborted();
    switch (event.type) {
      case "text-delta":
        yield event;
        break;
      case "started":
        yield record({ type: "model-started", step, model: model.name, handle: event.handle });
        break;
      case "retry":
        if (event.waitMs >= longWaitMs)
          onProgress(`${event.reason}; trying again in ${Math.round(event.waitMs / 1000)} s …`);
        break;
      case "completed":
        return event.response;
    }
  }
  throw new OpsthreadError(
    "MODEL_FAILED",
    `Cannot use the answer of "${model.name}": the stream ended before the answer was complete`,
  );
}

/** Shorter ones are not worth a line. */
const longWaitMs = 3_000;

/** After the budget is spent only words count. */
function conclude(response: ModelResponse): ModelResponse {
  const text = response.text || "I had to stop here: the budget of this turn is spent.";
  return { ...response, text, toolCalls: [] };
}

function intentOf(
  call: ToolCall,
  tools: ReadonlyMap<string, Tool>,
  { session, turn }: LoopOptions,
  step: number,
): ToolIntent {
  const executionId = stableKey("execution", session.sessionId, turn, step, call.callId);
  const { callId, tool, args } = call;
  return { callId, tool, args, executionId, effect: tools.get(call.tool)?.effect ?? "pure" };
}
