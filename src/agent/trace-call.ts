import type { ToolIntent } from "../core/journal.ts";
import { noSpan, type Span } from "../core/trace.ts";
import type { ToolReturn, ToolSession } from "./tool.ts";
import { tracedSandbox } from "./trace-sandbox.ts";

/** Runs a tool call as a span of its own below `parent`; `run` gets that span, and the session whose commands are told to it. */
export function tracedCall(
  intent: ToolIntent,
  { parent, session, resumed }: CallPlace,
  run: (traced: Traced) => Promise<ToolReturn>,
): Promise<ToolReturn> {
  if (parent === noSpan) return run({ session, span: noSpan });
  return watched(intent, { parent, session, resumed }, run);
}

interface Traced {
  readonly session: ToolSession;
  readonly span: Span;
}

interface CallPlace {
  readonly parent: Span;
  readonly session: ToolSession;
  readonly resumed: boolean;
}

async function watched(
  { tool, callId, executionId, effect, args }: ToolIntent,
  { parent, session, resumed }: CallPlace,
  run: (traced: Traced) => Promise<ToolReturn>,
): Promise<ToolReturn> {
  const facts = { tool, callId, executionId, effect, resumed: resumed || undefined };
  using span = parent.child("tool", facts);
  span.content(() => ({ arguments: args }));
  const returned = await span.run(() => run({ session: sessionIn(session, span), span }));
  const { status, measures, artifacts, output, asksFor } = returned;
  const { fullOutput: _, ...measured } = measures;
  span.set({ status, ...measured, artifacts: artifacts.length, asksFor: asksFor?.request.kind });
  span.content(() => ({ result: output }));
  if (status !== "ok") span.fail(status);
  return returned;
}

const sessionIn = (session: ToolSession, span: Span): ToolSession => ({
  ...session,
  sandbox: async () => tracedSandbox(await session.sandbox(), span),
  sandboxFrom: async (image) => tracedSandbox(await session.sandboxFrom(image), span),
});
