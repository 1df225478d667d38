import { z } from "zod";

import type { ReadyAgent } from "./agent.ts";
import type { BudgetLimits } from "./budget.ts";
import { defineTool } from "./define-tool.ts";
import { runInside, type Surroundings } from "./run-inside.ts";
import type { Tool } from "./tool.ts";

/** Calls that an agent may be inside of. */
const maxDepth = 2;

export const delegateName = (agent: string): string => `delegate_to_${agent}`;

/** A tool for each agent that this one may give work to; none where that would go too deep. */
export function delegateTools(
  { name: by, delegates }: ReadyAgent,
  surroundings: Surroundings,
): readonly Tool<BriefInput>[] {
  if (surroundings.depth > maxDepth) return [];
  return delegates.flatMap(({ agent: name, budget }) => {
    const agent = surroundings.agents.get(name);
    return agent ? [delegateTool(agent, { by, limits: budget, surroundings })] : [];
  });
}

const BriefInput = z.object({
  brief: z
    .string()
    .min(1)
    .describe("All that it has to know: the goal, where to look, and what to answer"),
});
type BriefInput = z.output<typeof BriefInput>;

function delegateTool(
  agent: ReadyAgent,
  given: {
    readonly by: string;
    readonly limits: BudgetLimits;
    readonly surroundings: Surroundings;
  },
): Tool<BriefInput> {
  const { name, description } = agent;
  const { surroundings } = given;
  return defineTool({
    name: delegateName(name),
    description:
      `Gives a piece of work to the agent "${name}" and waits for its answer, which only you see. ${description} ` +
      "It works in the same sandbox, knows of this thread no more than your brief says, and can't ask anybody.",
    input: BriefInput,
    // What it does is journalled step by step: run again, it goes on where it was.
    effect: "idempotent",
    run: ({ brief }, context) =>
      runInside(agent, {
        ...given,
        brief,
        context,
        delegates: (budget) =>
          delegateTools(agent, { ...surroundings, budget, depth: surroundings.depth + 1 }),
      }),
  });
}
