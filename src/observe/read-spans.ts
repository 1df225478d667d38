import { createReadStream } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";

import { listDayFiles, nameOf } from "./day-files.ts";
import { SpanRecord } from "./span-record.ts";

/**
 * The spans of a folder of trace files, oldest first; a span that was written while it was open comes again when it has ended.
 * Only lines with one of `texts` are looked at. What is no span, such as a line that a crash cut short, is passed over.
 */
export async function* readSpans(
  folder: string,
  { texts, signal }: { readonly texts: readonly string[]; readonly signal: AbortSignal },
): AsyncGenerator<SpanRecord> {
  for (const file of await listDayFiles(folder)) {
    const input = createReadStream(join(folder, nameOf(file)), { signal });
    for await (const line of createInterface({ input, crlfDelay: Infinity })) {
      if (!texts.some((text) => line.includes(text))) continue;
      const span = spanOf(line);
      if (span) yield span;
    }
  }
}

function spanOf(line: string): SpanRecord | undefined {
  try {
    return SpanRecord.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined; // No JSON: cut short.
  }
}
