import { z } from "zod";

import { messageOf } from "../../core/errors.ts";
import type { Artifact } from "../../core/post.ts";
import type { ToolResult } from "../../core/tool-result.ts";
import {
  outcomeMeasures,
  type Sandbox,
  type TaskProgress,
  type TaskRun,
} from "../../sandbox/sandbox.ts";
import type { Task } from "../../tasks/task.ts";
import { defineTool, jsonSchemaOf } from "../define-tool.ts";
import type { Tool, ToolContext } from "../tool.ts";
import { outcomeStatus, outcomeText, usedText } from "./outcome.ts";
import { formatTaskOutput } from "./task-output.ts";
import { failed } from "./tool-output.ts";

/** Files of one task that go with the reply; the platforms take few per message. */
const maxArtifacts = 10;

const RunTaskInput = z.object({
  task: z.string().describe("Name of the task"),
  input: z.unknown().describe("Input of the task, an object as its schema says"),
});

/** What a task's program must have returned. It ran next to hostile files, so it is checked. */
const Returned = z.object({
  summary: z.string(),
  data: z.unknown(),
  artifacts: z.array(z.string()),
});
type Returned = z.infer<typeof Returned>;

/** Runs one of `tasks` in the session's sandbox; its files go with the reply. */
export function taskTool({
  tasks,
}: {
  readonly tasks: readonly Task[];
}): Tool<z.output<typeof RunTaskInput>> {
  const byName = new Map(tasks.map((task) => [task.name, task]));
  return defineTool({
    name: "run_task",
    description: describeTasks(tasks),
    input: RunTaskInput,
    effect: "idempotent",
    async run({ task: name, input }, context) {
      const task = byName.get(name);
      if (task === undefined) {
        const known = [...byName.keys()].join(", ");
        return failed(`Cannot run task "${name}": there is no such task, expected one of ${known}`);
      }
      const parsed = task.input.safeParse(parseText(input));
      if (!parsed.success) return failed(inputErrorText(name, parsed.error));

      const sandbox = await context.session.sandbox();
      const run = await runIn(sandbox, { task, input: parsed.data, context });
      return taskResult(name, run, { sandbox, context });
    },
  });
}

/** Runs it in the session's sandbox, or in one of its own where it wants another image. */
async function runIn(
  sandbox: Sandbox,
  { task, input, context }: { task: Task; input: unknown; context: ToolContext },
): Promise<TaskRun> {
  const { name, module, image } = task;
  await using own = image === undefined ? undefined : await context.session.sandboxFrom(image);
  return await (own ?? sandbox).task(
    { name, module, input },
    {
      signal: context.signal,
      executionId: context.executionId,
      onProgress: (progress) => context.progress(progressText(progress)),
    },
  );
}

function describeTasks(tasks: readonly Task[]): string {
  const list = tasks.map(
    ({ name, title, description, input }) =>
      `## ${name}: ${title}\n${description}\nInput: ${JSON.stringify(jsonSchemaOf(input))}`,
  );
  return [
    "Runs an ops task in the session's sandbox. Prefer it to the shell where a task fits: it reads files of any " +
      "size and gives a summary with evidence. The files that it makes go with the reply.",
    ...list,
  ].join("\n\n");
}

/** Some models send an object as its JSON text. */
function parseText(input: unknown): unknown {
  if (typeof input !== "string") return input;
  try {
    return JSON.parse(input);
  } catch {
    // Not JSON: the schema says what is wrong with it.
    return input;
  }
}

function inputErrorText(name: string, error: z.ZodError): string {
  const issues = error.issues.map(({ path, message }) =>
    path.length === 0 ? `input: ${message}` : `input.${z.core.toDotPath(path)}: ${message}`,
  );
  return [`Cannot run task "${name}": its input does not fit its schema`, ...issues].join("\n");
}

function progressText({ done, text }: TaskProgress): string {
  return done === undefined ? text : `${text} (${Math.floor(done * 100)} %)`;
}

async function taskResult(
  name: string,
  run: TaskRun,
  { sandbox, context }: { sandbox: Sandbox; context: ToolContext },
): Promise<ToolResult> {
  const measures = { ...run.measures, ...outcomeMeasures(run.outcome) };
  const status = outcomeStatus(run.outcome);
  if (status !== "ok") {
    const used = usedText(run.measures);
    const how = `Task "${name}": ${outcomeText(run.outcome)}${used === "" ? "" : ` · ${used}`}`;
    const output = run.error === undefined ? how : `${how}\n${run.error}`;
    return { status, output, measures, artifacts: [] };
  }
  const returned = Returned.safeParse(run.value);
  if (!returned.success) {
    return { ...failed(`Task "${name}" ended without a usable result`), measures };
  }

  const kept = await keepArtifacts(returned.data.artifacts, context);
  const file = await writeResult(returned.data, { sandbox, context });
  const summary = [returned.data.summary.trimEnd(), ...kept.problems, ...file.problems].join(
    "\n\n",
  );
  const output = formatTaskOutput({
    task: name,
    summary,
    data: returned.data.data,
    file: file.path,
    used: usedText(run.measures),
  });
  return {
    status,
    output,
    measures: { ...measures, ...(file.path === undefined ? {} : { fullOutput: file.path }) },
    artifacts: kept.artifacts,
  };
}

async function keepArtifacts(
  paths: readonly string[],
  { session, signal }: ToolContext,
): Promise<{ artifacts: readonly Artifact[]; problems: readonly string[] }> {
  const artifacts: Artifact[] = [];
  const problems: string[] = [];
  for (const path of paths.slice(0, maxArtifacts)) {
    try {
      artifacts.push(await session.keep(path, { signal }));
    } catch (error) {
      signal.throwIfAborted();
      problems.push(`The file \`${path}\` could not be attached: ${messageOf(error)}`);
    }
  }
  const left = paths.slice(maxArtifacts);
  if (left.length > 0) {
    problems.push(`${left.length} more files are not attached, they lie in the workspace`);
  }
  return { artifacts, problems };
}

/** The whole result as a file, for what does not fit the model's context. */
async function writeResult(
  returned: Returned,
  { sandbox, context }: { sandbox: Sandbox; context: ToolContext },
): Promise<{ path?: string; problems: readonly string[] }> {
  const path = `.opsthread/tasks/${context.executionId}/result.json`;
  const { signal } = context;
  try {
    await sandbox.files.write(path, Buffer.from(JSON.stringify(returned, null, 2)), { signal });
    return { path, problems: [] };
  } catch (error) {
    signal.throwIfAborted();
    return { problems: [`The whole result could not be saved: ${messageOf(error)}`] };
  }
}
