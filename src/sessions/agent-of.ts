import type { ReadyAgent } from "../agent/agent.ts";
import { agentNamed } from "../agent/run-agents.ts";
import type { Session } from "./session.ts";
import type { TurnOptions } from "./turn.ts";

/**
 * The agent that has the session: the last that it was handed over to, or else, also when that one is no longer there, the
 * one that its thread is routed to.
 * @throws {OpsthreadError} `CONFIG_INVALID` when the route leads to nobody
 */
export function agentOf(session: Session, options: Pick<TurnOptions, "agents">): ReadyAgent {
  return agentNamed(agentNameOf(session, options), options.agents.byName);
}

export function agentNameOf(
  { agent, thread }: Session,
  { agents: { byName, route } }: Pick<TurnOptions, "agents">,
): string {
  return agent !== undefined && byName.has(agent) ? agent : route(thread);
}
