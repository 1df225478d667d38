import { failSpan, type Span } from "../core/trace.ts";
import {
  type ExecResult,
  type Outcome,
  outcomeMeasures,
  type Sandbox,
  type TaskRun,
} from "../sandbox/sandbox.ts";

/** The same sandbox, whose commands and tasks are spans below `parent`. */
export function tracedSandbox(sandbox: Sandbox, parent: Span): Sandbox {
  return {
    sessionId: sandbox.sessionId,
    get isAlive() {
      return sandbox.isAlive;
    },
    files: sandbox.files,
    async exec(command, options) {
      using span = parent.child("sandbox-exec", { executionId: options.executionId });
      span.content(() => ({ arguments: command }));
      return await tellExec(
        span,
        span.run(() => sandbox.exec(command, options)),
      );
    },
    async attach(executionId, options) {
      using span = parent.child("sandbox-exec", { executionId, attached: true });
      return await tellExec(
        span,
        span.run(() => sandbox.attach(executionId, options)),
      );
    },
    async task(program, options) {
      const { executionId } = options;
      using span = parent.child("sandbox-task", { task: program.name, executionId });
      return await told(
        span,
        span.run(() => sandbox.task(program, options)),
        (run: TaskRun) => tellEnd(span, run),
      );
    },
    executions: () => sandbox.executions(),
    usage: () => sandbox.usage(),
    detach: () => sandbox.detach(),
    close: () => sandbox.close(),
    [Symbol.asyncDispose]: () => sandbox[Symbol.asyncDispose](),
  };
}

const tellExec = <Result extends ExecResult | undefined>(
  span: Span,
  running: Promise<Result>,
): Promise<Result> =>
  told(span, running, (result) => {
    if (!result) return span.set({ found: false });
    tellEnd(span, result);
    const { stdout, stderr, background } = result;
    span.set({ stdoutBytes: stdout.bytes, stderrBytes: stderr.bytes, background });
    span.content(() => ({ result: `${stdout.text}${stderr.text}` }));
  });

async function told<Result>(
  span: Span,
  running: Promise<Result>,
  tell: (result: Result) => void,
): Promise<Result> {
  try {
    const result = await running;
    tell(result);
    return result;
  } catch (error) {
    failSpan(span, error);
    throw error;
  }
}

function tellEnd(
  span: Span,
  { outcome, measures }: { readonly outcome: Outcome; readonly measures: ExecResult["measures"] },
): void {
  const { fullOutput: _, ...measured } = measures;
  span.set({ outcome: outcome.type, ...measured, ...outcomeMeasures(outcome) });
  // A command that says no by its exit code has done what it is for.
  if (outcome.type !== "exit") span.fail(outcome.type);
}
