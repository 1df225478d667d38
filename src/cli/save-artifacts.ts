import { createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

import type { Sandbox, TaskRun } from "../sandbox/sandbox.ts";
import type { Redactor } from "../security/redact.ts";

/** Copies the files that a task made into a folder; returns their paths. */
export async function saveArtifacts(
  sandbox: Sandbox,
  run: TaskRun,
  {
    out,
    signal,
    redactor,
  }: { readonly out: string; readonly signal: AbortSignal; readonly redactor: Redactor },
): Promise<readonly string[]> {
  await mkdir(out, { recursive: true });
  const saved: string[] = [];
  for (const path of artifactsOf(run.value)) {
    const file = await sandbox.files.export(path, { signal });
    if (!file) continue;
    const target = join(out, basename(path));
    await pipeline(Readable.from(redactor.stream(file.bytes)), createWriteStream(target), {
      signal,
    });
    saved.push(target);
  }
  return saved;
}

function artifactsOf(value: unknown): readonly string[] {
  if (typeof value !== "object" || value === null || !("artifacts" in value)) return [];
  return Array.isArray(value.artifacts) ? value.artifacts.map(String) : [];
}
