import { OpsthreadError } from "../core/errors.ts";
import type { Agent } from "./agent.ts";

/**
 * Looks whether agents can be used together.
 * @throws {OpsthreadError} `CONFIG_INVALID`, with the place of what is wrong and what is expected there
 */
export function checkAgents(
  agents: readonly Agent[],
  { builtins }: { readonly builtins: readonly string[] },
): void {
  const names = agents.map(({ name }) => name);
  for (const [index, agent] of agents.entries()) {
    const at = `agents[${index}]`;
    const { name, handoffs = [], delegates = [] } = agent;
    if (!/^[a-z][a-z0-9_-]{0,31}$/i.test(name))
      throw invalid(
        `${at}.name`,
        `"${name}" is no name, expected letters, digits, - and _, at most 32, with a letter first`,
      );
    if (names.indexOf(name) !== index)
      throw invalid(`${at}.name`, `there is an agent "${name}" already, expected another name`);
    for (const [place, wanted] of agent.builtins?.entries() ?? [])
      if (!builtins.includes(wanted))
        throw invalid(
          `${at}.builtins[${place}]`,
          `there is no built-in tool "${wanted}", expected one of ${builtins.join(", ")}`,
        );
    for (const [place, tool] of agent.tools?.entries() ?? [])
      if (!isTool(tool))
        throw invalid(`${at}.tools[${place}]`, "it is no tool, expected what defineTool() gives");
    checkOthers(handoffs, { at: `${at}.handoffs`, name, names });
    const helpers = delegates.map((each) => (typeof each === "string" ? each : each.agent));
    checkOthers(helpers, { at: `${at}.delegates`, name, names });
  }
}

/** Tools may be written without types. */
function isTool(tool: unknown): boolean {
  if (typeof tool !== "object" || tool === null || !("run" in tool) || !("input" in tool))
    return false;
  const { run, input } = tool;
  // Schemas of some libraries are functions.
  return typeof run === "function" && "~standard" in Object(input);
}

function checkOthers(
  others: readonly string[],
  {
    at,
    name,
    names,
  }: { readonly at: string; readonly name: string; readonly names: readonly string[] },
): void {
  for (const [index, other] of others.entries()) {
    const expected = `expected one of ${names.filter((each) => each !== name).join(", ") || "none: there is only one agent"}`;
    if (other === name) throw invalid(`${at}[${index}]`, `"${name}" names itself, ${expected}`);
    if (!names.includes(other))
      throw invalid(`${at}[${index}]`, `there is no agent "${other}", ${expected}`);
    if (others.indexOf(other) !== index)
      throw invalid(`${at}[${index}]`, `"${other}" is named twice, expected once`);
  }
}

const invalid = (place: string, problem: string): OpsthreadError =>
  new OpsthreadError("CONFIG_INVALID", `Cannot use ${place}: ${problem}`);
