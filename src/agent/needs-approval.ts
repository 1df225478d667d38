import { argumentsHash } from "../core/access-request.ts";
import type { CallPattern, CallRequest } from "../core/call-request.ts";
import { messageOf } from "../core/errors.ts";
import type { ToolIntent } from "../core/journal.ts";
import type { CallApprovals, CallPart, CallVerdict } from "./approvals.ts";
import { judgeCommand } from "./commands/rules.ts";
import type { Tool, ToolReturn } from "./tool.ts";
import { failed } from "./tools/tool-output.ts";

/** A call that may run but for an approval: its arguments fit, and are what the guardrails have left of them. */
interface ReadyCall {
  readonly intent: ToolIntent;
  readonly tool: Tool;
  readonly args: string;
  readonly input: unknown;
}

/**
 * Asks the tool and the bot's rules whether a call may run. Undefined when it may; else what it gives instead: it was
 * refused, or a person is asked. What can't be decided, or asked, does not run.
 */
export async function withheld(
  call: ReadyCall,
  {
    approvals,
    sessionId,
  }: { readonly approvals?: CallApprovals | undefined; readonly sessionId: string },
): Promise<ToolReturn | undefined> {
  const { intent, tool, args } = call;
  if (tool.needsApproval === undefined && !approvals?.rules.tools && !approvals?.rules.commands)
    return undefined;
  const remembered = (await approvals?.remembered()) ?? [];
  const verdict = await judge(call, { approvals, sessionId, remembered });
  if (verdict.type === "run") return undefined;
  if (verdict.type === "refuse") return failed(`Not run: ${verdict.reason}.`);
  const hash = argumentsHash(args);
  const isSame = (each: CallPattern): boolean =>
    each.type === "exact" && each.tool === tool.name && each.argumentsHash === hash;
  if (remembered.some(isSame)) return undefined;
  if (!approvals)
    return failed("Not run: it needs a person's approval, and nobody can be asked here.");
  const request = requestOf(tool.name, verdict.parts, hash);
  const standing = approvals.standing(request, hash);
  if (standing.type === "waiting")
    return failed(
      `Not run: a person was asked for just this call before (approval ${standing.approvalId}) and has not decided. Do not call it again.`,
    );
  return {
    ...failed("Not run: it waits for a person's approval."),
    asksFor: {
      request: { ...request, ...(argumentsHash(intent.args) !== hash && { args }) },
      args,
      reason: "",
      expiresAt: standing.expiresAt,
    },
  };
}

async function judge(
  { intent, tool, input }: ReadyCall,
  {
    approvals,
    sessionId,
    remembered,
  }: {
    readonly approvals: CallApprovals | undefined;
    readonly sessionId: string;
    readonly remembered: readonly CallPattern[];
  },
): Promise<CallVerdict> {
  const patterns = remembered.flatMap((each) =>
    each.type === "command" && each.tool === tool.name ? [each.pattern] : [],
  );
  const { tools = {}, commands } = approvals?.rules ?? {};
  const others = tool.needsApproval === false ? undefined : tools["*"];
  const rule = Object.hasOwn(tools, tool.name) ? tools[tool.name] : others;
  const verdicts: CallVerdict[] = [];
  if (rule === "deny")
    verdicts.push({ type: "refuse", reason: `the rules of this bot do not allow ${tool.name}` });
  if (rule === "ask") verdicts.push(asWhole);
  const command = commands && tool.native === "shell" ? commandOf(input) : undefined;
  if (commands && command !== undefined)
    verdicts.push(judgeCommand(command, commands, { remembered: patterns }));
  try {
    const own = tool.needsApproval;
    const said =
      typeof own === "function"
        ? await own(input, { sessionId, callId: intent.callId, remembered: patterns })
        : own;
    if (typeof said === "object") verdicts.push(said);
    else if (said) verdicts.push(asWhole);
  } catch (error) {
    const reason = `whether it needs approval could not be decided: ${messageOf(error)}`;
    verdicts.push({ type: "refuse", reason });
  }
  return strictest(verdicts);
}

/** To be asked for as a whole. */
const asWhole: CallVerdict = { type: "ask", parts: [] };

function strictest(verdicts: readonly CallVerdict[]): CallVerdict {
  const refused = verdicts.find(({ type }) => type === "refuse");
  if (refused) return refused;
  const asked = verdicts.filter((verdict) => verdict.type === "ask");
  if (asked.length === 0) return { type: "run" };
  const isWhole = asked.some(({ parts }) => parts.length === 0);
  return { type: "ask", parts: isWhole ? [] : asked.flatMap(({ parts }) => parts) };
}

function requestOf(tool: string, parts: readonly CallPart[], hash: string): CallRequest {
  const exact: CallPattern = { type: "exact", tool, argumentsHash: hash };
  const patterns = [...new Set(parts.map(({ pattern }) => pattern))];
  const covers = patterns.flatMap((pattern): CallPattern[] =>
    pattern === undefined ? [] : [{ type: "command", tool, pattern }],
  );
  const isWhole = covers.length === patterns.length && covers.length <= maxShown;
  const because = [...new Set(parts.map(({ text }) => shortened(text)))];
  return {
    kind: "call",
    tool,
    because:
      because.length <= maxShown
        ? because
        : [...because.slice(0, maxShown), `and ${because.length - maxShown} more`],
    covers: parts.length === 0 ? [exact] : isWhole ? covers : [],
  };
}

/** What is more than a person would read can be approved for one call only. */
const maxShown = 8;

const shortened = (text: string): string => {
  const line = text.replaceAll(/\s+/g, " ").trim();
  return line.length > 200 ? `${line.slice(0, 200)}…` : line;
};

const commandOf = (input: unknown): string | undefined =>
  typeof input === "object" &&
  input !== null &&
  "command" in input &&
  typeof input.command === "string"
    ? input.command
    : undefined;
