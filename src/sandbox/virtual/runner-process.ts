import { startGuard } from "../guard.ts";
import { createQuota, type Quota } from "../quota.ts";
import { createReach } from "../reach.ts";
import { createScope } from "../scope.ts";
import { runTask } from "../task-runtime.ts";
import { workspaceFiles } from "../workspace-files.ts";
import type { FromRunner, RunnerReply, RunnerRequest, RunnerSetup, ToRunner } from "./protocol.ts";

/**
 * The program of a runner process: a shell that runs one command after another, or the host of one task.
 * It ends when its parent does.
 */
const guard = startGuard({ parentPid: process.ppid });
let run: (request: RunnerRequest) => Promise<void> = () => Promise.resolve();
process.on("disconnect", () => process.exit());
process.on("message", (message: ToRunner) => {
  void (message.type === "setup" ? prepare(message.setup) : run(message));
});

/** A process that has grown by more than this is not used again. */
const keptBytes = 64 * 1024 * 1024;

async function prepare(setup: RunnerSetup): Promise<void> {
  const work = setup.kind === "shell" ? await prepareShell(setup) : prepareTask(setup);
  const idleBytes = process.memoryUsage.rss();
  run = async (request) => {
    const cpu = process.cpuUsage();
    const { maxRSS } = process.resourceUsage();
    guard.watch(idleBytes + setup.limits.memoryBytes);
    const quota = createQuota(setup.limits, request.usedBytes);
    const reply = await work(request, quota);
    const seenBytes = guard.rest();
    const { user, system } = process.cpuUsage(cpu);
    // The kernel's own mark is exact, but only tells of this run when this run raised it.
    const markBytes = process.resourceUsage().maxRSS * 1024;
    const peakBytes = markBytes > maxRSS * 1024 ? markBytes : seenBytes;
    const now = process.memoryUsage.rss();
    send({
      type: "done",
      reply,
      use: {
        usedBytes: quota.usedBytes,
        cpuMs: (user + system) / 1_000,
        peakMemoryBytes: Math.max(0, Math.max(peakBytes, now) - idleBytes),
        reusable: now < idleBytes + keptBytes,
      },
    });
  };
  send({ type: "ready" });
}

type Work = (request: RunnerRequest, quota: Quota) => Promise<RunnerReply>;

async function prepareShell(setup: RunnerSetup): Promise<Work> {
  const { createShell } = await import("./shell.ts");
  const shell = createShell(setup);
  return (request, quota) => {
    if (request.type !== "exec") throw new TypeError("A shell runs commands");
    return shell.exec(request, { quota });
  };
}

function prepareTask({ places, grants }: RunnerSetup): Work {
  return async (request, quota) => {
    if (request.type !== "task") throw new TypeError("A task's host runs one task");
    return runTask({
      program: request.program,
      executionId: request.executionId,
      scope: createScope(places, grants),
      files: workspaceFiles(createReach(places), { quota: async () => quota }),
      signal: new AbortController().signal, // It is ended from outside, by force.
      onProgress: (progress) => send({ type: "progress", progress }),
    });
  };
}

function send(message: FromRunner): void {
  process.send?.(message);
}
