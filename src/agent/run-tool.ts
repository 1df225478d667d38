import { timeLimit } from "../core/abort.ts";
import { argumentsHash } from "../core/access-request.ts";
import type { Clock } from "../core/clock.ts";
import { messageOf } from "../core/errors.ts";
import type { ToolIntent } from "../core/journal.ts";
import { headTail } from "../core/output.ts";
import type { ToolCall, ToolResult } from "../core/tool-result.ts";
import type { CallApprovals } from "./approvals.ts";
import { outputFile } from "./context/pieces.ts";
import { type CallGuardrail, guard, type Guarded } from "./guardrail.ts";
import { withheld } from "./needs-approval.ts";
import { toolReturn } from "./tool-return.ts";
import type { Tool, ToolContext, ToolReturn } from "./tool.ts";

/**
 * Runs one tool call to a result. It never throws: whatever goes wrong is something the model must hear about.
 * `resumed` is set for a call that an earlier process may have begun: it is settled by the tool's effect class.
 */
export async function runTool(
  intent: ToolIntent,
  tool: Tool | undefined,
  context: RunContext,
): Promise<ToolReturn> {
  if (!tool) return failed(`There is no tool named "${intent.tool}".`);
  using limit = timeLimit(tool.timeoutMs, context);
  const { signal } = limit;
  const limited = signal === context.signal ? context : { ...context, signal };
  try {
    const run = context.resumed ? resume(intent, tool, limited) : call(intent, tool, limited);
    const returned = await withinGrace(run, limited);
    return await cap(await checked({ intent, returned, tool }, context), context);
  } catch (error) {
    if (context.signal.aborted) return stopped(messageOf(context.signal.reason));
    if (signal.aborted) return timedOut(tool);
    return failed(messageOf(error));
  }
}

export interface RunContext extends ToolContext {
  readonly resumed: boolean;
  readonly maxOutputBytes: number;
  readonly clock: Clock;
  readonly guardrails: readonly CallGuardrail[];
  /** How long a call that was told to end may take over it, milliseconds. Default 700. */
  readonly graceMs?: number;
  readonly approvals?: CallApprovals | undefined;
  /** A person has approved just this call. */
  readonly approved?: boolean;
}

/** A tool that does not obey its signal must not keep a stopped turn waiting. */
async function withinGrace(
  run: Promise<ToolReturn>,
  { signal, clock, graceMs = 700 }: RunContext,
): Promise<ToolReturn> {
  let ended: AbortController | undefined;
  let wait = (): void => {};
  const given = new Promise<ToolReturn>((resolve) => {
    wait = () => {
      ended = new AbortController();
      clock.sleep(graceMs, { signal: ended.signal }).then(
        () => resolve(deaf),
        () => {}, // The tool ended in time.
      );
    };
  });
  if (signal.aborted) wait();
  else signal.addEventListener("abort", wait);
  try {
    return await Promise.race([run, given]);
  } finally {
    signal.removeEventListener("abort", wait);
    ended?.abort();
  }
}

async function call(intent: ToolIntent, tool: Tool, context: RunContext): Promise<ToolReturn> {
  context.signal.throwIfAborted();
  const guardrails = guardrailsOf(tool, context, "call");
  const allowed = await guard(guardrails, intent.args, {
    ...guardContext(context),
    ask: (guardrail, args, about) => guardrail.call?.({ ...callOf(intent), args }, about),
  });
  if (allowed.type !== "passed") return refused(allowed);
  const args = parseArguments(allowed.text);
  if (!args.ok) return failed(`The arguments of "${intent.tool}" are not JSON: ${args.problem}`);
  const parsed = await tool.input["~standard"].validate(args.value);
  if (parsed.issues)
    return failed(`The arguments of "${intent.tool}" do not fit:\n${issuesOf(parsed.issues)}`);
  if (!context.approved) {
    const { approvals, session } = context;
    const ready = { intent, tool, args: allowed.text, input: parsed.value };
    const instead = await withheld(ready, { approvals, sessionId: session.sessionId });
    if (instead) return instead;
  } else if (argumentsHash(allowed.text) !== argumentsHash(intent.args))
    return failed("Not run: a guardrail changed the arguments after they were approved.");
  return toolReturn(await tool.run(parsed.value, context), tool.name);
}

/** What a call gave, as far as the guardrails let it through. */
async function checked(
  {
    intent,
    returned,
    tool,
  }: { readonly intent: ToolIntent; readonly returned: ToolReturn; readonly tool: Tool },
  context: RunContext,
): Promise<ToolReturn> {
  const guardrails = guardrailsOf(tool, context, "result");
  if (returned.stoppedBy || guardrails.length === 0) return returned;
  try {
    const passed = await guard(guardrails, returned.output, {
      ...guardContext(context),
      ask: (guardrail, output, about) =>
        guardrail.result?.({ call: callOf(intent), output }, about),
    });
    if (passed.type === "passed") return { ...returned, output: passed.text };
    // It ran, but nothing of what it gave is told.
    return { ...refused(passed), measures: returned.measures };
  } catch {
    // The turn ends, and nobody has looked at it.
    return { ...returned, output: "Kept back: the turn ended before its output was checked." };
  }
}

/** Those of the agent, then the tool's own, that look at calls, or at what they give. */
const guardrailsOf = (
  tool: Tool,
  { guardrails }: RunContext,
  what: "call" | "result",
): readonly CallGuardrail[] =>
  [...guardrails, ...(tool.guardrails ?? [])].filter((guardrail) => guardrail[what] !== undefined);

const guardContext = ({ session: { sessionId }, signal, clock }: RunContext) => ({
  sessionId,
  signal,
  clock,
});

const callOf = ({ callId, tool, args }: ToolIntent): ToolCall => ({ callId, tool, args });

function refused(guarded: Exclude<Guarded, { type: "passed" }>): ToolReturn {
  const { by, reason } = guarded;
  return {
    ...failed(`Kept back by guardrail "${by}": ${reason}`),
    ...(guarded.type === "stop" && { stoppedBy: { by, reason } }),
  };
}

async function resume(intent: ToolIntent, tool: Tool, context: RunContext): Promise<ToolReturn> {
  switch (intent.effect) {
    case "pure":
    case "idempotent":
      return call(intent, tool, context);
    case "reattach":
      return (await tool.reattach?.(context)) ?? unknown;
    case "at-most-once":
      return unknown;
  }
}

/** A tool may return any amount of text; what the model sees of it is bounded, the rest goes to a file. */
async function cap(result: ToolReturn, context: RunContext): Promise<ToolReturn> {
  const outputBytes = Buffer.byteLength(result.output);
  if (outputBytes <= context.maxOutputBytes) return result;
  const fullOutput = outputFile(context.executionId);
  const sandbox = await context.session.sandbox();
  const all = Buffer.from(result.output);
  await sandbox.files.write(fullOutput, all, { signal: context.signal });
  const note = `\n[all of it is in ${fullOutput}]`;
  const room = Math.max(0, context.maxOutputBytes - Buffer.byteLength(note));
  const output = `${headTail(result.output, room)}${note}`;
  const shown = { outputBytes, shownBytes: room, fullOutput };
  return { ...result, output, measures: { ...result.measures, ...shown } };
}

function parseArguments(
  text: string,
):
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly problem: string } {
  try {
    return { ok: true, value: JSON.parse(text === "" ? "{}" : text) };
  } catch (error) {
    return { ok: false, problem: messageOf(error) };
  }
}

function issuesOf(
  issues: readonly {
    readonly message: string;
    readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
  }[],
): string {
  return issues
    .map(({ message, path = [] }) => {
      const keys = path.map((part) => String(typeof part === "object" ? part.key : part));
      return `- ${keys.length > 0 ? `${keys.join(".")}: ` : ""}${message}`;
    })
    .join("\n");
}

const plain = (status: ToolResult["status"], output: string): ToolResult => ({
  status,
  output,
  measures: {},
  artifacts: [],
});

const timedOut = ({ timeoutMs = 0 }: Tool): ToolResult => ({
  ...plain(
    "stopped",
    `Ended before it was done: it may take ${timeoutMs / 1000} s, and took longer.`,
  ),
  measures: { timedOutAfterMs: timeoutMs },
});
const failed = (output: string): ToolResult => plain("failed", output);
const stopped = (reason: string): ToolResult =>
  plain("stopped", `Ended before it was done. ${reason}`);
const deaf = plain(
  "unknown",
  "Told to stop, but it did not end in time. Whether it took effect is not known.",
);
const unknown = plain(
  "unknown",
  "Interrupted, outcome unknown: the process that ran this call ended, and it was not run again. Check before you repeat it.",
);
