import type { ThreadRef } from "../core/ids.ts";
import type { Limits, Permissions } from "../sandbox/permissions.ts";
import type { SandboxCapabilities } from "../sandbox/sandbox.ts";
import type { Source } from "../sources/source.ts";
import type { BudgetLimits } from "./budget.ts";
import type { Guardrail } from "./guardrail.ts";
import type { Model, ModelSettings } from "./model.ts";
import type { Tool } from "./tool.ts";

/** One who answers: what it is told, which model thinks for it, and what it may do. */
export interface Agent {
  /** Letters, digits, `-` and `_`, at most 32: part of the names of tools. */
  readonly name: string;
  /** For other agents: what it is good at. */
  readonly description: string;
  /** Default: those of the built-in agent `ops`. */
  readonly instructions?: string | ((place: Place) => string);
  /** As the bot's. Default: the bot's. */
  readonly model?: Model | string | readonly string[];
  readonly settings?: ModelSettings;
  /** Which of the built-in tools it has, by name. Default: all. */
  readonly builtins?: readonly string[];
  /** Tools besides those. */
  readonly tools?: readonly Tool[];
  /** Asked after those of the bot, which hold for every agent. */
  readonly guardrails?: readonly Guardrail[];
  /** Names of agents that it may hand the session over to. */
  readonly handoffs?: readonly string[];
  /** Agents that it may give a piece of work to, which run inside the call. */
  readonly delegates?: readonly (string | Delegate)[];
}

/** An agent as a tool of another one. */
export interface Delegate {
  readonly agent: string;
  /** What one piece of work may use, where it differs from {@link defaultDelegateBudget}. It counts in the turn's as well. */
  readonly budget?: Partial<BudgetLimits>;
}

export const defaultDelegateBudget: BudgetLimits = {
  steps: 20,
  tokens: 300_000,
  ms: 10 * 60_000,
};

/** Where an agent is at work: what its instructions can be made from. */
export interface Place {
  readonly agent: { readonly name: string; readonly description: string };
  /** Whether other agents are there. */
  readonly isAlone: boolean;
  readonly thread: ThreadRef;
  readonly sandbox: SandboxCapabilities;
  /** As configured; what people grant in the thread is told there. */
  readonly permissions: Permissions;
  readonly limits: Limits;
  readonly sources: readonly Source[];
  /** Names of its tools, those included that lead to other agents. */
  readonly tools: readonly string[];
}

/** An agent with everything decided. */
export interface ReadyAgent {
  readonly name: string;
  readonly description: string;
  readonly model: Model;
  readonly settings?: ModelSettings;
  readonly instructions: (thread: ThreadRef) => string;
  readonly tools: readonly Tool[];
  readonly guardrails: readonly Guardrail[];
  readonly handoffs: readonly string[];
  readonly delegates: readonly { readonly agent: string; readonly budget: BudgetLimits }[];
}

/** All agents of a bot. */
export interface Agents {
  readonly byName: ReadonlyMap<string, ReadyAgent>;
  /** The name of the one that a thread's session begins with. */
  readonly route: (thread: ThreadRef) => string;
}
