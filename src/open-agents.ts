import {
  type Agent,
  type Agents,
  defaultDelegateBudget,
  type Place,
  type ReadyAgent,
} from "./agent/agent.ts";
import { defaultInstructions } from "./agent/agents/ops.ts";
import { checkAgents } from "./agent/check-agents.ts";
import { delegateName } from "./agent/delegate.ts";
import type { Guardrail } from "./agent/guardrail.ts";
import { handoffName } from "./agent/handoff.ts";
import type { Model } from "./agent/model.ts";
import { type Route, routeOf } from "./agent/route.ts";
import type { Tool } from "./agent/tool.ts";
import { OpsthreadError } from "./core/errors.ts";
import type { Logger } from "./core/logger.ts";

interface OpenAgentsOptions {
  readonly route: Route | undefined;
  /** The name of the one that answers where the route says nothing. */
  readonly fallback: string;
  /** For agents that name none. */
  readonly model: Model;
  readonly openModel: (wanted: string | readonly string[]) => Promise<Model>;
  readonly builtins: readonly Tool[];
  /** Asked before an agent's own. */
  readonly guardrails: readonly Guardrail[];
  /** Asked when an agent begins, since the sandbox is chosen after the agents. */
  readonly place: () => Pick<Place, "sandbox" | "permissions" | "limits" | "sources">;
  readonly log: Logger;
}

/**
 * Makes agents ready to be run.
 * @throws {OpsthreadError} `CONFIG_INVALID`
 */
export async function openAgents(
  agents: readonly Agent[],
  options: OpenAgentsOptions,
): Promise<Agents> {
  checkAgents(agents, { builtins: options.builtins.map(({ name }) => name) });
  const names = agents.map(({ name }) => name);
  const route = routeOf(options.route, { ...options, names });
  const isAlone = agents.length === 1;
  const ready = await Promise.all(
    agents.map((agent) => readyAgent(agent, { ...options, isAlone })),
  );
  return { byName: new Map(ready.map((agent) => [agent.name, agent])), route };
}

async function readyAgent(
  agent: Agent,
  {
    model: common,
    openModel,
    builtins,
    guardrails,
    place,
    isAlone,
  }: OpenAgentsOptions & { readonly isAlone: boolean },
): Promise<ReadyAgent> {
  const { name, description, settings, model = common, handoffs = [], instructions } = agent;
  const { builtins: wanted } = agent;
  const tools = [
    ...builtins.filter((tool) => wanted?.includes(tool.name) ?? true),
    ...(agent.tools ?? []),
  ];
  const delegates = (agent.delegates ?? []).map((each) => {
    const { agent: helper, budget = {} } = typeof each === "string" ? { agent: each } : each;
    return { agent: helper, budget: { ...defaultDelegateBudget, ...budget } };
  });
  const toolNames = [
    ...tools.map((tool) => tool.name),
    ...handoffs.map(handoffName),
    ...delegates.map((each) => delegateName(each.agent)),
  ];
  const twice = toolNames.find((each, index) => toolNames.indexOf(each) !== index);
  if (twice !== undefined)
    throw new OpsthreadError(
      "CONFIG_INVALID",
      `Cannot use the tools of agent "${name}": two are named "${twice}", expected one`,
    );
  return {
    name,
    description,
    model: typeof model === "string" || isNames(model) ? await openModel(model) : model,
    ...(settings && { settings }),
    instructions(thread) {
      if (typeof instructions === "string") return instructions;
      const here = { ...place(), agent: { name, description }, isAlone, thread, tools: toolNames };
      return (instructions ?? defaultInstructions)(here);
    },
    tools,
    guardrails: [...guardrails, ...(agent.guardrails ?? [])],
    handoffs,
    delegates,
  };
}

const isNames = (wanted: Model | readonly string[]): wanted is readonly string[] =>
  Array.isArray(wanted);
