import { linkedController } from "../core/abort.ts";
import type { Clock } from "../core/clock.ts";
import { OpsthreadError } from "../core/errors.ts";
import { stableKey } from "../core/ids.ts";
import type { JournalEntry, ModelResponse, ToolIntent } from "../core/journal.ts";
import type { ToolCall } from "../core/tool-result.ts";
import { noSpan, type Span } from "../core/trace.ts";
import type { CallApprovals } from "./approvals.ts";
import { besideChecks, type Unchecked } from "./beside-checks.ts";
import type { Budget } from "./budget.ts";
import { bytesPerToken } from "./context/estimate.ts";
import { offerNotes } from "./context/offer-notes.ts";
import { contextWindow } from "./context/window.ts";
import { guard, type Guarded, type Guardrail, guardrailStopped } from "./guardrail.ts";
import type { Model, ModelRequest, ModelSettings } from "./model.ts";
import { costOf, type Prices, usesOf } from "./prices.ts";
import { runCalls } from "./run-calls.ts";
import type { Tool, ToolSession } from "./tool.ts";
import { tracedAnswer } from "./trace-model.ts";
import type { Transcript } from "./transcript.ts";
import { withinWindow } from "./within-window.ts";

/** What a turn runs with. */
export interface LoopOptions {
  /** The name of the agent, where there are several. */
  readonly agent?: string;
  readonly model: Model;
  readonly settings?: ModelSettings;
  readonly instructions: string;
  readonly tools: readonly Tool[];
  readonly session: ToolSession;
  readonly transcript: Transcript;
  readonly budget: Budget;
  /** What models cost. Default: nobody knows. */
  readonly prices?: Prices;
  /** Number of the turn in its session; part of every execution id. */
  readonly turn: number;
  readonly clock: Clock;
  /** Takes secrets out of what tools return, before it is kept anywhere. */
  readonly redact: (text: string) => string;
  /** Asked before each step: puts messages that came in meanwhile into the transcript. */
  readonly steer: () => Promise<void>;
  /** A line for people, while a tool runs. */
  readonly onProgress: (text: string) => void;
  /** Bytes of one tool output that the model sees. Default 32 KiB, and at most a quarter of what the window has room for. */
  readonly maxOutputBytes?: number;
  /** Asked about calls, what they give, and answers. Default: none. */
  readonly guardrails?: readonly Guardrail[];
  /** Messages that the parallel guardrails have not looked at yet. Default: none. */
  readonly unchecked?: () => readonly Unchecked[];
  /** Tool calls of one step that run side by side. Default 4. */
  readonly parallelCalls?: number;
  /** The turn's, which gets a span for each step. Default: nobody watches. */
  readonly span?: Span;
  /** Execution id of the call that this agent runs inside of; part of every execution id. */
  readonly within?: string;
  /** How many calls it is inside of. Default 0. */
  readonly depth?: number;
  /** Who is asked about calls that need approval. Without it they do not run. */
  readonly approvals?: CallApprovals;
}

/**
 * What happens, in order. An `entry` is to be journalled before the loop is asked for the next event: the loop
 * waits at each, so that intent is on record before effect, and nothing happens that the journal does not know.
 */
export type LoopEvent =
  /** Of an answer that no guardrail has looked at: not to be shown to anybody as it is. */
  | { readonly type: "text-delta"; readonly text: string }
  | { readonly type: "entry"; readonly entry: JournalEntry }
  | { readonly type: "end"; readonly outcome: "answered" | "asked"; readonly text: string };

/** Makes an entry of the running turn, tells the transcript of it, and gives the event that has it journalled. */
export type Recorder = (fields: EntryFields) => LoopEvent;

export type EntryFields = JournalEntry extends infer Entry
  ? Entry extends JournalEntry
    ? Omit<Entry, "v" | "turn" | "at">
    : never
  : never;

/**
 * Runs an agent turn to its end: messages in, model out, tools run, until the model answers in words, asks a person, or
 * the budget is spent, which earns it one last answer; or, without an `end`, until it has handed over to another agent.
 * Calls that the transcript still holds open are settled first.
 * When `signal` aborts, running tools are ended and their results reported, then the loop throws the signal's reason.
 */
export async function* runLoop(
  options: LoopOptions,
  { signal: outer }: { readonly signal: AbortSignal },
): AsyncGenerator<LoopEvent> {
  // One controller of its own, so that tools also end when the consumer leaves early.
  using ending = linkedController(outer);
  const { signal } = ending.controller;
  const { transcript, budget, span = noSpan } = options;
  const toolsByName = new Map(options.tools.map((tool) => [tool.name, tool]));
  const specs = options.tools.map(({ name, description, parameters, native }) => ({
    name,
    description,
    parameters,
    ...(native && { native }),
  }));
  const { sessionId } = options.session;
  const sessionKey = stableKey("model", sessionId);
  const turnKey = stableKey("step", ...placeOf(options));
  const record: Recorder = (fields) => {
    const entry = { v: 1 as const, turn: options.turn, at: options.clock.now(), ...fields };
    transcript.apply(entry);
    return { type: "entry", entry };
  };
  const window = contextWindow(options.model, { instructions: options.instructions, tools: specs });
  const quarter = Math.floor((window.limit * bytesPerToken) / 4);
  const calling = {
    maxOutputBytes: Math.min(32 * 1024, quarter),
    ...options,
    ending: ending.controller,
  };
  const hasChecks = options.guardrails?.some((each) => each.parallel && each.input !== undefined);
  let rejected = 0;

  yield* offerNotes(options, record, signal);
  const left = transcript.openCalls;
  if (left.length > 0) {
    const resumed = { span, resumed: true };
    const isOver = yield* runCalls(left, toolsByName, record, calling, resumed);
    if (isOver) return;
  }

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
      const calls = transcript.openCalls;
      const fresh = { span, resumed: false };
      const isOver = yield* runCalls(calls, toolsByName, record, calling, fresh);
      if (isOver) return;
      continue;
    }
    const standing = await budget.state();
    if (standing.text !== undefined) yield record({ type: "note", text: standing.text });
    const last = standing.type === "spent";
    const step = budget.steps + 1;
    using stepSpan = span.child("step", { step });

    const started = transcript.startedCall;
    const answer = yield* withinWindow(options, record, {
      window,
      step,
      signal,
      request: () => ({
        instructions: options.instructions,
        items: transcript.items,
        stateFrom: transcript.conversation.stateFrom,
        tools: specs,
        toolChoice: last ? "none" : "auto",
        sessionKey,
        stepKey: `${turnKey}-${step}`,
        ...(options.settings && { settings: options.settings }),
        ...(started?.step === step &&
          started.model === options.model.name && { resume: started.handle }),
      }),
      ask(request) {
        const call = (beside: AbortSignal) =>
          respond(options, record, { request, step, signal: beside, span: stepSpan });
        return hasChecks === true
          ? besideChecks(call, { ...options, record, signal })
          : call(signal);
      },
    });
    const response = last ? conclude(answer) : answer;
    const intents = response.toolCalls.map((call) => intentOf(call, toolsByName, options, step));
    const used = usesOf(response, options.model.name);
    const usd = costOf(used, options.prices ?? {});
    budget.spend({ steps: 1, used, usd });
    stepSpan.set({ usd });
    const fields = { type: "step" as const, step, intents, ...(usd !== undefined && { usd }) };
    if (intents.length === 0) {
      const said = await guardOutput(response.text, options, signal);
      if (said.type === "passed") {
        yield record({ ...fields, response });
        return yield { type: "end", outcome: "answered", text: said.text };
      }
      rejected += 1;
      const isOver = said.type === "stop" || last || rejected > maxRejected;
      yield record({ ...fields, response: isOver ? keptBack(response) : response });
      const text = `Your answer was not shown to anybody: guardrail "${said.by}" ${isOver ? "ended the turn" : "rejected it"}: ${said.reason}.`;
      yield record({ type: "note", text: isOver ? text : `${text} Give another one.` });
      if (isOver) throw guardrailStopped(said);
      continue;
    }
    yield record({ ...fields, response });
    const fresh = { span: stepSpan, resumed: false };
    const isOver = yield* runCalls(intents, toolsByName, record, calling, fresh);
    if (isOver) return;
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

/** What the guardrails say of what is to be told. */
export const guardOutput = (
  text: string,
  { guardrails = [], session: { sessionId }, clock }: LoopOptions,
  signal: AbortSignal,
): Promise<Guarded> =>
  guard(
    guardrails.filter((guardrail) => guardrail.output !== undefined),
    text,
    {
      sessionId,
      signal,
      clock,
      ask: (guardrail, left, context) => guardrail.output?.(left, context),
    },
  );

/** What a turn ends for is kept nowhere, the provider's own form of it neither: no later turn is told it. */
function keptBack(response: ModelResponse): ModelResponse {
  const { provider: _, ...own } = response;
  return { ...own, text: "(kept back)" };
}

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
    span,
  }: {
    readonly request: ModelRequest;
    readonly step: number;
    readonly signal: AbortSignal;
    readonly span: Span;
  },
): AsyncGenerator<LoopEvent, ModelResponse> {
  for await (const event of tracedAnswer(model, request, { parent: span, signal })) {
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
  options: LoopOptions,
  step: number,
): ToolIntent {
  const executionId = stableKey("execution", ...placeOf(options), step, call.callId);
  const { callId, tool, args } = call;
  return { callId, tool, args, executionId, effect: tools.get(tool)?.effect ?? "pure" };
}

/** Where a step is, in all that is ever done. */
const placeOf = ({
  session: { sessionId },
  turn,
  within,
}: LoopOptions): readonly (string | number)[] => [
  sessionId,
  turn,
  ...(within === undefined ? [] : [within]),
];
