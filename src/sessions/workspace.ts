import { randomUUID } from "node:crypto";
import { basename, extname } from "node:path";

import type { ToolSession } from "../agent/tool.ts";
import { OpsthreadError } from "../core/errors.ts";
import type { Sandbox, SandboxProvider, SandboxSpec } from "../sandbox/sandbox.ts";
import type { Blobs } from "../store/blobs.ts";

/** Takes secrets out of everything that leaves. */
export interface Redactor {
  text(text: string): string;
  stream(chunks: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array>;
}

/** The session's side of tools: a sandbox that is opened when first needed, and files kept for the reply. */
export function createWorkspace({
  spec,
  turn,
  sandboxes,
  blobs,
  redactor,
  signal,
}: {
  readonly spec: SandboxSpec;
  readonly turn: number;
  readonly sandboxes: SandboxProvider;
  readonly blobs: Blobs;
  readonly redactor: Redactor;
  readonly signal: AbortSignal;
}): ToolSession & { close(): Promise<void> } {
  let opening: Promise<Sandbox> | undefined;
  const sandbox = (): Promise<Sandbox> => {
    opening ??= sandboxes.open(spec, { signal });
    return opening;
  };
  return {
    sessionId: spec.sessionId,
    sandbox,
    async keep(path, { signal: keeping }) {
      const { files } = await sandbox();
      const file = await files.export(path, { signal: keeping });
      if (!file)
        throw new OpsthreadError(
          "SANDBOX_PATH_REFUSED",
          `Cannot attach "${path}": there is no such file in the workspace`,
        );
      const mediaType = mediaTypes[extname(path)] ?? "application/octet-stream";
      const isText = mediaType !== "application/octet-stream";
      const content = isText ? redactor.stream(file.bytes) : file.bytes;
      const blob = `${spec.sessionId}/${turn}/${randomUUID()}`;
      const { bytes } = await blobs.put(blob, content, { signal: keeping });
      return { name: redactor.text(basename(path)), blob, bytes, mediaType };
    },
    async close() {
      const opened = await opening?.catch(() => undefined); // Its user has been told.
      await opened?.close();
    },
  };
}

/** Text that the redactor reads; anything else is passed on as it is. */
const mediaTypes: Readonly<Record<string, string>> = {
  ".csv": "text/csv",
  ".diff": "text/x-diff",
  ".json": "application/json",
  ".jsonl": "application/x-ndjson",
  ".log": "text/plain",
  ".md": "text/markdown",
  ".patch": "text/x-diff",
  ".txt": "text/plain",
  ".yaml": "application/yaml",
  ".yml": "application/yaml",
};
