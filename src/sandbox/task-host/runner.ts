import { writeSync } from "node:fs";

import { startGuard } from "../guard.ts";
import { workspacePath } from "../places.ts";
import { createQuota, measureTree, type Quota } from "../quota.ts";
import { createReach } from "../reach.ts";
import { createScope, type Scope } from "../scope.ts";
import { codeOf } from "../system-error.ts";
import { runTask } from "../task-runtime.ts";
import { workspaceFiles } from "../workspace-files.ts";
import type { TaskLine, TaskRequest } from "./protocol.ts";

/**
 * The program that runs a task inside a sandbox. What it imports is loaded at each run, so it imports little.
 * It says how it goes on file descriptor 3: stdout and stderr are the task's.
 */
const request = await readRequest();
if (request.memoryBytes !== undefined)
  startGuard({ parentPid: process.ppid }).watch(process.memoryUsage.rss() + request.memoryBytes);

const scope = createScope(request.places);
let quota: Promise<Quota> | undefined;
const reply = await runTask({
  program: request.program,
  executionId: request.executionId,
  scope: createScope(request.places, request.grants),
  files: workspaceFiles(createReach(request.places), {
    quota: () => (quota ??= quotaOf(request, scope)),
  }),
  signal: new AbortController().signal, // It is ended from outside, by force.
  onProgress: (progress) => say({ type: "progress", progress }),
});
say(reply);
process.exit(reply.type === "returned" ? 0 : 1); // Whatever it has left running.

async function readRequest(): Promise<TaskRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks).toString());
}

async function quotaOf({ limits, usedBytes }: TaskRequest, files: Scope): Promise<Quota> {
  const workspace = files.find(workspacePath);
  return createQuota(limits, usedBytes ?? (workspace ? await measureTree(workspace.hostPath) : 0));
}

/** Synchronously, so that it is out before the task goes on, however busy or short-lived the process is. */
function say(line: TaskLine): void {
  const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
  for (let written = 0; written < bytes.length;) written += writeSome(bytes.subarray(written));
}

function writeSome(bytes: Buffer): number {
  try {
    return writeSync(3, bytes);
  } catch (error) {
    if (codeOf(error) !== "EAGAIN") throw error;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2); // A full pipe that does not block.
    return 0;
  }
}
