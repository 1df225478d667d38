import { z } from "zod";

import { boundedJson } from "./bounded-json.ts";

/**
 * What of a task's result goes to the model; all of it lies in the result file. Together they stay under the
 * 32 KiB from which on the loop would cut the output in its middle.
 */
const maxSummaryBytes = 16_000;
const maxDataBytes = 12_000;

/** What follows the summary: one line of JSON. */
const Footer = z.object({
  task: z.string(),
  /** Where in the workspace the whole result lies. */
  file: z.string().optional(),
  /** Time, CPU time and memory that it took, as far as they were measured. */
  used: z.string().optional(),
  /** Whether `data` is all there is. */
  complete: z.boolean(),
  data: z.unknown(),
});
type Footer = z.infer<typeof Footer>;

export interface TaskOutput {
  readonly summary: string;
  /** Undefined when it did not come through whole. */
  readonly footer?: Footer;
}

/** The text of a task's result: its summary, a line `---`, and one line of JSON with its data. */
export function formatTaskOutput(result: {
  readonly task: string;
  readonly summary: string;
  readonly data: unknown;
  readonly file?: string | undefined;
  readonly used?: string | undefined;
}): string {
  const { task, file, used = "" } = result;
  const { value, complete } = boundedJson(result.data, { maxBytes: maxDataBytes });
  const footer: Footer = {
    task,
    ...(file === undefined ? {} : { file }),
    ...(used === "" ? {} : { used }),
    complete,
    data: value,
  };
  return `${cutSummary(result.summary, file)}\n${separator}${JSON.stringify(footer)}`;
}

/** Reads {@link formatTaskOutput}'s text back. */
export function parseTaskOutput(output: string): TaskOutput {
  // The JSON is one line, so the last separator is the one before it, whatever the summary holds.
  const at = output.lastIndexOf(`${separator}{"task":`);
  if (at === -1) return { summary: output };
  const footer = Footer.safeParse(parseJson(output.slice(at + separator.length)));
  const summary = output.slice(0, at).trimEnd();
  return footer.success ? { summary, footer: footer.data } : { summary };
}

const separator = "\n---\n";

function cutSummary(summary: string, file: string | undefined): string {
  const bytes = Buffer.from(summary);
  if (bytes.length <= maxSummaryBytes) return summary.trimEnd();
  const head = bytes.subarray(0, maxSummaryBytes);
  const lineEnd = head.lastIndexOf(10);
  // `stream` holds a character back that the cut went through.
  const shown = new TextDecoder().decode(lineEnd > 0 ? head.subarray(0, lineEnd) : head, {
    stream: true,
  });
  const where = file === undefined ? "" : `; all of it is in ${file}`;
  return `${shown}\n\n*(cut here, ${bytes.length} bytes in all${where})*`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Cut or redacted on its way: the caller goes on without the data.
    return undefined;
  }
}
