import type { ReadyAgent } from "../../src/agent/agent.ts";
import type { CallApprovals } from "../../src/agent/approvals.ts";
import { type BudgetLimits, createBudget, defaultBudgets } from "../../src/agent/budget.ts";
import type { LoopEvent } from "../../src/agent/loop.ts";
import { runAgents } from "../../src/agent/run-agents.ts";
import type { ToolSession } from "../../src/agent/tool.ts";
import { Transcript } from "../../src/agent/transcript.ts";
import type { JournalEntry } from "../../src/core/journal.ts";
import { manualClock } from "../../src/testing/manual-clock.ts";

const roomy: BudgetLimits = { steps: 20, tokens: 1_000_000, ms: 1_000_000 };

export function agent(
  name: string,
  model: ReadyAgent["model"],
  more: Partial<ReadyAgent> = {},
): ReadyAgent {
  return {
    name,
    description: `Is ${name}.`,
    model,
    instructions: () => `You are ${name}.`,
    tools: [],
    guardrails: [],
    handoffs: [],
    delegates: [],
    ...more,
  };
}

export const helps = (name: string, budget: Partial<BudgetLimits> = {}) => ({
  delegates: [{ agent: name, budget: { ...roomy, ...budget } }],
});

/** Runs a turn of the first agent and gives what happened. */
export async function runTurn(
  agents: readonly ReadyAgent[],
  {
    signal = new AbortController().signal,
    transcript = new Transcript(),
    approvals,
  }: {
    readonly signal?: AbortSignal;
    readonly transcript?: Transcript;
    readonly approvals?: CallApprovals;
  } = {},
) {
  const clock = manualClock();
  const spent = { steps: 0, usage: { inputTokens: 0, outputTokens: 0 }, startedAt: clock.now() };
  const budget = createBudget({ limits: defaultBudgets.turn, spent, clock });
  const progress: string[] = [];
  const entries: JournalEntry[] = [];
  const unused = () => Promise.reject(new Error("Not expected here"));
  const session: ToolSession = {
    sessionId: "s",
    access: () => ({ type: "open", expiresAt: 9 }),
    keep: unused,
    sandbox: unused,
    sandboxFrom: unused,
  };
  const turn = async (): Promise<Extract<LoopEvent, { type: "end" }> | undefined> => {
    for await (const event of runAgents(
      {
        agents: new Map(agents.map((each) => [each.name, each])),
        agent: agents[0]?.name ?? "",
        ...(approvals && { approvals }),
        thread: { platform: "test", workspace: "w", channel: "c", thread: "t" },
        handoffs: 0,
        session,
        transcript,
        budget,
        turn: 1,
        clock,
        redact: (text) => text.replaceAll("hunter2", "***"),
        steer: () => Promise.resolve(),
        onProgress: (text) => progress.push(text),
      },
      { signal },
    )) {
      if (event.type === "entry") entries.push(event.entry);
      if (event.type === "end") return event;
    }
    return undefined;
  };
  const results = () =>
    entries.flatMap((entry) => (entry.type === "tool-result" ? [entry.result] : []));
  return { turn: turn(), entries, progress, budget, results, clock };
}
