import { z } from "zod";

import type { ReadyAgent } from "./agent.ts";
import { defineTool } from "./define-tool.ts";
import type { Tool } from "./tool.ts";

/** Handoffs of one turn. Agents that go on handing over to each other would never answer. */
export const maxHandoffs = 8;

export const handoffName = (agent: string): string => `hand_off_to_${agent}`;

const HandoffInput = z.object({
  reason: z
    .string()
    .min(1)
    .describe("Why, what is done already, and what is to be done, for the next agent"),
});

/** Hands the session over to another agent, unless the turn has been handed over too often. */
export function handoffTool(
  { name, description }: Pick<ReadyAgent, "name" | "description">,
  { left }: { readonly left: number },
): Tool<z.output<typeof HandoffInput>> {
  return defineTool({
    name: handoffName(name),
    description: `Hands this thread over to the agent "${name}", which goes on from the next step and answers the people in it. ${description}`,
    input: HandoffInput,
    effect: "pure",
    async run({ reason }) {
      if (left > 0)
        return {
          status: "ok",
          output: `Hands over to "${name}".`,
          measures: {},
          artifacts: [],
          handsOff: { to: name, reason },
        };
      const output = `Not handed over: this turn changed hands ${maxHandoffs} times already. Go on yourself, and answer.`;
      return { status: "failed", output, measures: {}, artifacts: [] };
    },
  });
}
