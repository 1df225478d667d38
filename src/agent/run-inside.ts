import { isOpsthreadError } from "../core/errors.ts";
import type { ThreadRef } from "../core/ids.ts";
import type { NestedEntry } from "../core/journal.ts";
import type { Artifact } from "../core/post.ts";
import { addUsage, noUsage, usageOf } from "../core/spent.ts";
import type { ReadyAgent } from "./agent.ts";
import { type Budget, type BudgetLimits, type BudgetOptions, createBudget } from "./budget.ts";
import { guardOutput, type LoopOptions, runLoop } from "./loop.ts";
import { budgetWithin } from "./nested-budget.ts";
import type { Tool, ToolContext, ToolReturn, ToolSession } from "./tool.ts";
import { Transcript } from "./transcript.ts";

type Entry = NestedEntry["entry"];

/** What an agent inside a call shares with who gave it the work. */
export interface Surroundings extends Pick<
  LoopOptions,
  "approvals" | "session" | "budget" | "prices" | "turn" | "clock" | "redact"
> {
  readonly agents: ReadonlyMap<string, ReadyAgent>;
  readonly thread: ThreadRef;
  readonly offered?: readonly Tool[];
  /** What the journal has of the agent inside a call that a crash left open. */
  readonly history: (executionId: string) => readonly Entry[];
  /** How many calls an agent that is given work here is inside of. */
  readonly depth: number;
}

/**
 * Runs an agent inside a call, to its answer. It has a conversation and a budget of its own, and the session's sandbox.
 * What it does is on record before it goes on, as with the agent outside.
 */
export async function runInside(
  agent: ReadyAgent,
  {
    by,
    brief,
    limits,
    surroundings,
    context,
    delegates,
  }: {
    readonly by: string;
    readonly brief: string;
    readonly limits: BudgetLimits;
    readonly surroundings: Surroundings;
    readonly context: ToolContext;
    readonly delegates: (budget: Budget) => readonly Tool[];
  },
): Promise<ToolReturn> {
  const { approvals, clock, redact, turn, thread, session, depth } = surroundings;
  const { executionId, signal } = context;
  const before = surroundings.history(executionId);
  const transcript = new Transcript({ redact, brief: { actor: `Agent ${by}`, text: brief } });
  for (const entry of before) transcript.apply(entry);
  const own = createBudget({ limits, spent: spentBy(before, clock.now()), clock });
  const budget = budgetWithin(surroundings.budget, own);
  const artifacts = before.flatMap(artifactsOf);
  const options: LoopOptions = {
    agent: agent.name,
    model: agent.model,
    ...(agent.settings && { settings: agent.settings }),
    instructions: `${agent.instructions(thread)}\n${insideText}`,
    // Those that end the turn are for talking to people.
    tools: [
      ...agent.tools.filter(({ endsTurn }) => !endsTurn),
      ...(surroundings.offered ?? []),
      ...delegates(budget),
    ],
    guardrails: agent.guardrails,
    // What needs an approval is known here too; what people have approved is run outside.
    ...(approvals && { approvals: { ...approvals, due: () => [] } }),
    session: withoutPeople(session),
    transcript,
    budget,
    ...(surroundings.prices && { prices: surroundings.prices }),
    ...(context.span && { span: context.span }),
    turn,
    clock,
    redact,
    within: executionId,
    depth,
    steer: () => Promise.resolve(),
    onProgress: (text) => context.progress(`${agent.name}: ${text}`),
  };
  const answered = answerIn(before);
  if (answered !== undefined) {
    const said = await guardOutput(answered, options, signal);
    if (said.type === "passed") return { ...given("ok", said.text), artifacts };
  }
  try {
    for await (const event of runLoop(options, { signal })) {
      if (event.type === "end") return { ...given("ok", event.text), artifacts };
      if (event.type === "text-delta") continue;
      const { entry } = event;
      if (entry.type !== "nested") artifacts.push(...artifactsOf(entry));
      await context.journal?.(
        entry.type === "nested" ? entry : { executionId, agent: agent.name, entry },
      );
    }
  } catch (error) {
    const { by: guardrail, reason } = isOpsthreadError(error, "GUARDRAIL_STOPPED")
      ? error.data
      : {};
    if (typeof guardrail !== "string" || typeof reason !== "string") throw error;
    return { ...given("failed", "Stopped by a guardrail."), stoppedBy: { by: guardrail, reason } };
  }
  return given("failed", `The agent "${agent.name}" came to no answer.`);
}

const insideText =
  "You work for another agent, which alone reads your answer. You can't ask a person, nor for more access: say in your answer what you would need.";

/** A person could be asked only by ending the turn. */
const withoutPeople = (session: ToolSession): ToolSession => ({
  sessionId: session.sessionId,
  sandbox: () => session.sandbox(),
  sandboxFrom: (image) => session.sandboxFrom(image),
  keep: (path, options) => session.keep(path, options),
  access(request) {
    const standing = session.access(request);
    if (standing.type !== "open") return standing;
    const reason = "an agent inside a call can't ask for it; say in your answer that it is needed";
    return { type: "refused", reason };
  },
});

/** Its answer, where the process ended after that was on record and before who asked for it had it. */
function answerIn(before: readonly Entry[]): string | undefined {
  const last = before.at(-1);
  return last?.type === "step" && last.intents.length === 0 ? last.response.text : undefined;
}

function spentBy(before: readonly Entry[], now: number): BudgetOptions["spent"] {
  const uses = before.flatMap((entry) => usageOf(entry) ?? []);
  return {
    steps: uses.reduce((sum, { steps }) => sum + steps, 0),
    usage: uses.map(({ usage }) => usage).reduce(addUsage, noUsage),
    usd: uses.reduce((sum, { usd = 0 }) => sum + usd, 0),
    startedAt: before[0]?.at ?? now,
  };
}

const artifactsOf = (entry: Entry): readonly Artifact[] =>
  entry.type === "tool-result" ? entry.result.artifacts : [];

const given = (status: ToolReturn["status"], output: string): ToolReturn => ({
  status,
  output,
  measures: {},
  artifacts: [],
});
