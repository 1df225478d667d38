import assert from "node:assert/strict";

import type { TaskProgress, TaskRun } from "../sandbox/sandbox.ts";
import {
  dataOf,
  hostFolder,
  numbersTo,
  openSandbox,
  output,
  read,
  runTask,
  secondsToStop,
  signal,
  stopping,
  write,
} from "./sandbox-suite-helpers.ts";
import type { SandboxCases } from "./sandbox-suite.ts";

export const taskCases: SandboxCases = {
  "task() runs a task on the sandbox's files": async (subject) => {
    const hostPath = await hostFolder(subject, "app", {
      "a.log": numbersTo(100_000),
      "b.txt": "x",
    });
    await using sandbox = await openSandbox(subject, { sources: [{ name: "app", hostPath }] });
    await write(sandbox, "logs/c.log", "one\ntwo\n");
    const input = { open: "/sources/app/a.log", glob: "/sources/app/*.log", size: "logs/c.log" };
    const run = await runTask(sandbox, "read", input);

    assert.deepEqual(run.outcome, { type: "exit", code: 0 });
    assert.deepEqual(run.value, {
      summary: "Done",
      data: { bytes: 588_895, lines: 100_000, paths: ["/sources/app/a.log"], size: 8 },
      artifacts: [],
    });
    assert(Number(run.measures.wallMs) > 0);
    assert.equal(run.measures.cpuMs !== undefined, subject.provider.capabilities.measuresUse);
  },

  "task() finds files by globs": async (subject) => {
    await using sandbox = await openSandbox(subject);
    for (const path of ["b.log", "a.log", "d/c.log", ".hidden/e.log", "d/f.txt"])
      await write(sandbox, path, "");
    const glob = async (pattern: string): Promise<unknown> => {
      const data = dataOf(await runTask(sandbox, "read", { glob: pattern }));
      assert(typeof data === "object" && data !== null && "paths" in data);
      return data.paths;
    };

    assert.deepEqual(await glob("*.log"), ["/workspace/a.log", "/workspace/b.log"]);
    assert.deepEqual(await glob("**/*.{log,txt}"), [
      "/workspace/a.log",
      "/workspace/b.log",
      "/workspace/d/c.log",
      "/workspace/d/f.txt",
    ]);
    assert.deepEqual(await glob("/workspace/d/c.log"), ["/workspace/d/c.log"]);
    assert.deepEqual(await glob("none/*"), []);
    assert.deepEqual(await glob("/etc/*"), []);
  },

  "task() says when a file is not there": async (subject) => {
    await using sandbox = await openSandbox(subject);
    const run = await runTask(sandbox, "read", { open: "none" });

    assert.deepEqual(run.outcome, { type: "exit", code: 1 });
    assert.match(String(run.error), /"none".*there is no such file/);
    assert.equal(run.value, undefined);
    assert.deepEqual(dataOf(await runTask(sandbox, "read", { size: "none" })), {
      bytes: 0,
      lines: 0,
      paths: [],
      size: null,
    });
  },

  "a task's artifacts lie in the workspace, and a repeat replaces them": async (subject) => {
    await using sandbox = await openSandbox(subject);
    await runTask(sandbox, "write", { name: "report.csv", lines: 9 }, { executionId: "x_9" });
    const run = await runTask(
      sandbox,
      "write",
      { name: "report.csv", lines: 3 },
      { executionId: "x_9" },
    );
    const path = artifactOf(run);

    assert.match(path, /\.opsthread\/tasks\/x_9\/report\.csv$/);
    assert.equal(await read(sandbox, path), "1\n2\n3\n");
    const folder = path.replace(/[^/]*$/, "");
    assert.equal(await output(sandbox, `cat ${path}; ls ${folder}`), "1\n2\n3\nreport.csv\n");
  },

  "an artifact has a plain name and keeps to the limits": async (subject) => {
    await using sandbox = await openSandbox(subject, { limits: { fileBytes: 1_000 } });
    for (const name of ["../x", "a/b", "", ".hidden", "..", "a\nb", "x".repeat(300)])
      assert.match(
        String((await runTask(sandbox, "write", { name, lines: 1 })).error),
        /plain file name/,
        name,
      );

    const run = await runTask(sandbox, "write", { name: "big", lines: 1_000 });
    assert.match(String(run.error), /^SANDBOX_QUOTA/);
    assert.deepEqual(run.outcome, { type: "exit", code: 1 });
  },

  "progress is thinned out, and the last one is heard": async (subject) => {
    await using sandbox = await openSandbox(subject);
    const heard: TaskProgress[] = [];
    const onProgress = (progress: TaskProgress): void => void heard.push(progress);
    const run = await runTask(sandbox, "progress", { times: 100_000 }, { onProgress });

    assert.equal(dataOf(run), 100_000);
    assert.deepEqual(heard.at(-1), { done: 1, text: "100000 of 100000" });
    assert(heard.length < 100, String(heard.length));
  },

  "a task sees nothing of the host's process": async (subject) => {
    process.env["OPSTHREAD_SUITE_SECRET"] = "host-secret";
    try {
      await using sandbox = await openSandbox(subject);
      const seen = JSON.stringify(dataOf(await runTask(sandbox, "look", {})));

      assert(!seen.includes("host-secret"), seen);
      assert.match(seen, /"args":\[\]/);
    } finally {
      delete process.env["OPSTHREAD_SUITE_SECRET"];
    }
  },

  "a task that throws tells what": async (subject) => {
    await using sandbox = await openSandbox(subject);
    const run = await runTask(sandbox, "end", { how: "throw" });

    assert.deepEqual(run.outcome, { type: "exit", code: 1 });
    assert.equal(run.error, "It went wrong");
  },

  "bad input is a failed run that names the code": async (subject) => {
    await using sandbox = await openSandbox(subject);
    const run = await runTask(sandbox, "progress", { times: "many" });

    assert.deepEqual(run.outcome, { type: "exit", code: 1 });
    assert.match(String(run.error), /^TASK_INPUT_INVALID: .*times/);
  },

  "a task or module that is not there is a failed run": async (subject) => {
    await using sandbox = await openSandbox(subject);
    for (const name of ["none", "decoy"])
      assert.match(String((await runTask(sandbox, name, {})).error), /^TASK_NOT_FOUND/);
    for (const module of ["file:///none.js", "node:fs", "data:text/javascript,"]) {
      const run = await sandbox.task(
        { name: "x", module, input: {} },
        { signal, executionId: "x" },
      );
      assert.deepEqual(run.outcome, { type: "exit", code: 1 }, module);
      assert.notEqual(run.error, undefined);
    }
  },

  "a task that leaves without a result has failed": async (subject) => {
    await using sandbox = await openSandbox(subject);
    const run = await runTask(sandbox, "end", { how: "exit" });

    assert.equal(run.value, undefined);
    assert.notDeepEqual(run.outcome, { type: "exit", code: 0 });
    assert.match(String(run.error), /before the task returned/);
    assert.match(String((await runTask(sandbox, "end", { how: "huge" })).error), /^TASK_FAILED/);
  },

  "a task that a sandbox was left with runs again under its id": async (subject) => {
    const first = await openSandbox(subject);
    let started = (): void => {};
    const isRunning = new Promise<void>((resolve) => {
      started = resolve;
    });
    const options = { executionId: "x_again", onProgress: () => started() };
    const left = runTask(first, "end", { how: "wait" }, options);
    await isRunning;
    await first.detach();
    assert.deepEqual((await left).outcome, { type: "stopped" });
    await using second = await openSandbox(subject);
    const again = await runTask(second, "progress", { times: 1 }, { executionId: "x_again" });

    assert.equal(dataOf(again), 1);
  },

  "a task that takes too long is ended": async (subject) => {
    await using sandbox = await openSandbox(subject, { limits: { taskMs: 1_500 } });
    for (const how of ["spin", "wait"]) {
      const run = await runTask(sandbox, "end", { how });
      assert.deepEqual(run.outcome, { type: "timeout", limitMs: 1_500 }, how);
      assert.equal(run.measures.timedOutAfterMs, 1_500);
    }
  },

  "a task is stopped within a second, whatever it does": async (subject) => {
    await using sandbox = await openSandbox(subject);
    for (const how of ["spin", "wait"]) {
      const stop = new AbortController();
      let stoppedAt = Number.NaN;
      // It runs once it tells so.
      const onProgress = (): void => {
        setTimeout(() => {
          stoppedAt = performance.now();
          stop.abort();
        }, 100);
      };
      const run = await runTask(sandbox, "end", { how }, { signal: stop.signal, onProgress });

      assert.deepEqual(run.outcome, { type: "stopped" }, how);
      assert(performance.now() - stoppedAt < secondsToStop, how);
    }
    const { signal: early } = stopping(5);
    assert.deepEqual((await runTask(sandbox, "end", { how: "spin" }, { signal: early })).outcome, {
      type: "stopped",
    });
  },

  "a task that takes too much memory is ended, and nothing else": async (subject) => {
    const memoryBytes = 96 * 1024 * 1024;
    await using sandbox = await openSandbox(subject, { limits: { memoryBytes } });
    for (const how of ["grow", "fill"]) {
      const run = await runTask(sandbox, "end", { how });
      assert.deepEqual(run.outcome, { type: "out-of-memory", limitBytes: memoryBytes }, how);
    }
    assert.equal(await output(sandbox, "echo alive"), "alive\n");
  },
};

function artifactOf({ value }: TaskRun): string {
  assert(typeof value === "object" && value !== null && "artifacts" in value);
  assert(Array.isArray(value.artifacts));
  return String(value.artifacts[0]);
}
