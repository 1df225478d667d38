import { OpsthreadError } from "../core/errors.ts";
import type { ThreadRef } from "../core/ids.ts";
import type { ReadyAgent } from "./agent.ts";
import { delegateTools } from "./delegate.ts";
import { handoffTool, maxHandoffs } from "./handoff.ts";
import { type LoopEvent, type LoopOptions, runLoop } from "./loop.ts";
import type { Tool } from "./tool.ts";

/** What agents take turns with. */
export interface AgentsOptions extends Omit<
  LoopOptions,
  "agent" | "model" | "settings" | "instructions" | "tools" | "guardrails" | "within" | "depth"
> {
  readonly agents: ReadonlyMap<string, ReadyAgent>;
  /** The name of the one that has the session. */
  readonly agent: string;
  readonly thread: ThreadRef;
  /** How often the turn has changed hands before. */
  readonly handoffs: number;
  /** Tools that all of them have, besides their own. */
  readonly offered?: readonly Tool[];
}

/**
 * Runs a turn to its end with the agent that has the session, and from a handoff on with the next one. They share the
 * conversation and the budget.
 * @throws {OpsthreadError} `CONFIG_INVALID` when the agent is not there
 */
export async function* runAgents(
  options: AgentsOptions,
  { signal }: { readonly signal: AbortSignal },
): AsyncGenerator<LoopEvent> {
  const { agents, thread, onProgress, offered = [] } = options;
  let { handoffs } = options;
  let next: string | undefined = options.agent;
  while (next !== undefined) {
    const agent = agentNamed(next, agents);
    next = undefined;
    const own = {
      ...options,
      agent: agent.name,
      model: agent.model,
      ...(agent.settings && { settings: agent.settings }),
      instructions: agent.instructions(thread),
      guardrails: agent.guardrails,
      onProgress:
        agents.size > 1 ? (text: string) => onProgress(`${agent.name}: ${text}`) : onProgress,
    };
    const history = (executionId: string) => options.transcript.nested(executionId);
    const left = maxHandoffs - handoffs;
    const tools = [
      ...agent.tools,
      ...offered,
      ...agent.handoffs.map((name) => handoffTool(agentNamed(name, agents), { left })),
      ...delegateTools(agent, { ...own, agents, history, depth: 1 }),
    ];
    for await (const event of runLoop({ ...own, tools }, { signal })) {
      yield event;
      if (event.type !== "entry" || event.entry.type !== "handed-off") continue;
      next = event.entry.to;
      handoffs += 1;
      onProgress(`${agent.name} hands over to ${next}: ${event.entry.reason}`);
    }
  }
}

/** @throws {OpsthreadError} `CONFIG_INVALID` when there is no such agent */
export function agentNamed(name: string, agents: ReadonlyMap<string, ReadyAgent>): ReadyAgent {
  const agent = agents.get(name);
  if (agent) return agent;
  const known = [...agents.keys()].join(", ");
  throw new OpsthreadError(
    "CONFIG_INVALID",
    `Cannot go on with agent "${name}": it is not configured, expected one of ${known}`,
  );
}
