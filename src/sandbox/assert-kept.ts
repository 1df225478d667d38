import { OpsthreadError } from "../core/errors.ts";
import { covers, workspacePath } from "./places.ts";
import type { SandboxSpec } from "./sandbox.ts";
import { assertSessionId } from "./workspace-layout.ts";

/**
 * Refuses grants that no sandbox keeps.
 * @throws {OpsthreadError} `SANDBOX_UNSUPPORTED`
 * @throws {TypeError} for a session id that is no plain name
 */
export function assertKept({ sessionId, permissions: { read, write } }: SandboxSpec): void {
  assertSessionId(sessionId);
  const refuse = (grant: string, expected: string): never => {
    throw new OpsthreadError("SANDBOX_UNSUPPORTED", `Cannot grant ${grant}: expected ${expected}`);
  };
  for (const path of read)
    if (!covers(workspacePath, path) && !covers("/sources", path))
      refuse(`reading ${path}`, "paths in /workspace or /sources");
  for (const path of write)
    if (!covers(workspacePath, path)) refuse(`writing ${path}`, "paths in /workspace");
}
