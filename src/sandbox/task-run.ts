import { measuresOf, type Measured } from "./measures.ts";
import type { Outcome, TaskRun } from "./sandbox.ts";
import type { TaskReply } from "./task-runtime.ts";

/** What a sandbox says of a task whose process has ended so, and had replied so before, or not at all. */
export function taskRunOf(
  outcome: Outcome,
  { reply, measured }: { readonly reply: TaskReply | undefined; readonly measured: Measured },
): TaskRun {
  const ended = (as: Outcome, more: Pick<TaskRun, "value" | "error"> = {}): TaskRun => ({
    outcome: as,
    ...more,
    measures: measuresOf(as, measured),
  });
  if (outcome.type !== "exit") return ended(outcome);
  switch (reply?.type) {
    case undefined:
      // It did not do what it was asked for, whatever the code says.
      return ended({ type: "exit", code: outcome.code === 0 ? 1 : outcome.code }, endedEarly);
    case "threw":
      return ended({ type: "exit", code: 1 }, { error: reply.error });
    case "returned": {
      const json = parseJson(reply.value);
      if (!json) return ended({ type: "lost", reason: notUnderstood });
      return ended({ type: "exit", code: 0 }, json);
    }
  }
}

/** Why a run is lost whose process says what it never would by itself. */
export const notUnderstood = "its process said what nobody understands";

const endedEarly = { error: "The task's process ended before the task returned" };

function parseJson(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
}

/** Whether a process ended because its interpreter's heap was full: V8 then writes why, and aborts. */
export function isHeapExhausted(
  end: { readonly code?: number | null; readonly signal?: string | null },
  stderr: string,
): boolean {
  const crashed =
    end.signal === "SIGABRT" ||
    end.signal === "SIGTRAP" ||
    end.code === 128 + 6 ||
    end.code === 128 + 5;
  return crashed && /Allocation failed|out of memory/i.test(stderr);
}
