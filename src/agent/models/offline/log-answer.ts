import { z } from "zod";

import { fenced } from "../../../core/fence.ts";
import { parseTaskOutput } from "../../tools/task-output.ts";
import { code } from "./markdown.ts";

/** What is used of the `logs` task's data; the rest is in its summary. */
const LogsData = z.object({
  lines: z.object({ total: z.number(), events: z.number() }),
  around: z
    .object({ at: z.string(), lines: z.array(z.object({ at: z.string(), text: z.string() })) })
    .optional()
    .catch(undefined),
});

/** How many entries passed the filters: the answer to "how many timeouts?". */
export function countIn(output: string): string | undefined {
  const data = dataIn(output);
  if (data === undefined) return undefined;
  const { total, events } = data.lines;
  return `**${events.toLocaleString("en")}** ${events === 1 ? "entry" : "entries"} in ${total.toLocaleString("en")} lines.`;
}

/** Whether the call asked for the lines around a place. */
export function looksAround(args: string): boolean {
  return /"around":/.test(args);
}

/** The lines around the place that was asked for, that one marked; undefined when there is none. */
export function linesAround(output: string): string | undefined {
  const around = dataIn(output)?.around;
  if (around === undefined || around.lines.length === 0) return undefined;
  const numbers = around.lines.map(({ at }) => at.slice(at.lastIndexOf(":") + 1));
  const width = Math.max(...numbers.map((number) => number.length));
  const shown = around.lines.map(({ at, text }, index) => {
    const mark = at === around.at ? ">" : " ";
    return `${mark} ${(numbers[index] ?? "").padStart(width)}  ${text}`;
  });
  return `${code(around.at)} and the lines around it:\n\n${fenced(shown.join("\n"))}`;
}

function dataIn(output: string): z.infer<typeof LogsData> | undefined {
  return LogsData.safeParse(parseTaskOutput(output).footer?.data).data;
}
