import { LogsData, logs } from "../../../src/tasks/logs/index.ts";
import { memoryContext } from "./memory-context.ts";

/** Runs the task on files in memory, with its input and its data checked against their schemas. */
export async function runLogs(
  files: Parameters<typeof memoryContext>[0],
  input: Readonly<Record<string, unknown>> = {},
  options: Parameters<typeof memoryContext>[1] = {},
): Promise<{
  readonly summary: string;
  readonly data: LogsData;
  readonly report: string;
  readonly context: ReturnType<typeof memoryContext>;
}> {
  const context = memoryContext(files, options);
  const parsed = logs.input.parse({ files: Object.keys(files), ...input });
  const result = await logs.run(parsed, context);
  return {
    summary: result.summary,
    data: LogsData.parse(result.data),
    report: context.written.get("report.md") ?? "",
    context,
  };
}

/** Lines of a made-up service, a second apart. `line` gives the text behind the time. */
export function linesOf(
  count: number,
  line: (index: number) => string,
  { start = Date.UTC(2026, 2, 4, 9), stepMs = 1000 } = {},
): string {
  return Array.from(
    { length: count },
    (_, index) => `${new Date(start + index * stepMs).toISOString()} ${line(index)}\n`,
  ).join("");
}
