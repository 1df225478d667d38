import { expect, test } from "vitest";
import { z } from "zod";

import { builtinTools } from "../../../src/agent/tools/builtin.ts";
import { taskTool } from "../../../src/agent/tools/run-task.ts";
import { parseTaskOutput } from "../../../src/agent/tools/task-output.ts";
import { Stopped } from "../../../src/core/abort.ts";
import type { Outcome, TaskRun } from "../../../src/sandbox/sandbox.ts";
import { defineTask } from "../../../src/tasks/task.ts";
import { contextOf, fakeSandbox } from "./fake-sandbox.ts";

const count = defineTask({
  name: "count",
  title: "Count lines",
  description: "Counts the lines of files.",
  input: z.object({
    files: z.array(z.string()).min(1),
    pairs: z.array(z.object({ before: z.string() })).default([]),
  }),
  module: "file:///tasks/count.js",
  run: async () => ({ summary: "", data: {}, artifacts: [] }),
});
const tool = taskTool({ tasks: [count] });
const input = { task: "count", input: { files: ["a.log"] } };

function done(value: unknown): TaskRun {
  return { outcome: { type: "exit", code: 0 }, value, measures: { wallMs: 40 } };
}

test("run_task describes every task with its input schema", () => {
  expect(tool.description).toContain("## count: Count lines\nCounts the lines of files.\nInput: {");
  expect(tool.description).toContain('"required":["files"]');
  expect(tool.parameters).toMatchObject({ type: "object", required: ["task", "input"] });
});

test("run_task runs the task's module with the checked input and passes progress on", async () => {
  const fake = fakeSandbox({
    task: (options) => {
      options.onProgress?.({ text: "Reading a.log", done: 0.429 });
      options.onProgress?.({ text: "Sorting" });
      return done({ summary: "3 lines", data: {}, artifacts: [] });
    },
  });
  const context = contextOf(fake);
  await tool.run(input, context);
  expect(fake.tasks[0]?.program).toEqual({
    name: "count",
    module: "file:///tasks/count.js",
    input: { files: ["a.log"], pairs: [] },
  });
  expect(fake.tasks[0]?.options.executionId).toBe("x1");
  expect(context.lines).toEqual(["Reading a.log (42 %)", "Sorting"]);
});

test("run_task gives summary and data, keeps the artifacts and writes the whole result", async () => {
  const value = { summary: "**3 lines**\n---\nend", data: { lines: 3 }, artifacts: ["out/a.csv"] };
  const fake = fakeSandbox({ task: done(value), files: { "out/a.csv": "a" } });
  const result = await tool.run(input, contextOf(fake));
  expect(result).toMatchObject({
    status: "ok",
    artifacts: [{ name: "a.csv" }],
    measures: { wallMs: 40, exitCode: 0, fullOutput: ".opsthread/tasks/x1/result.json" },
  });
  expect(parseTaskOutput(result.output)).toEqual({
    summary: value.summary,
    footer: {
      used: "40 ms",
      task: "count",
      file: ".opsthread/tasks/x1/result.json",
      complete: true,
      data: { lines: 3 },
    },
  });
  expect(JSON.parse(String(fake.files.get(".opsthread/tasks/x1/result.json")))).toEqual(value);
});

test("a task with an image runs in a sandbox of its own, which is closed whatever comes of it", async () => {
  const main = fakeSandbox();
  let closed = 0;
  const other = (task: TaskRun) => {
    const fake = fakeSandbox({ task });
    const dispose = async (): Promise<void> => void (closed += 1);
    return { ...fake, sandbox: { ...fake.sandbox, [Symbol.asyncDispose]: dispose } };
  };
  const python = taskTool({ tasks: [{ ...count, image: "python:3.13" }] });
  const well = other(done({ summary: "3 lines", data: {}, artifacts: [] }));
  const asked: string[] = [];
  const context = contextOf(main, {
    async sandboxFrom(image) {
      asked.push(image);
      return well.sandbox;
    },
  });
  expect(await python.run(input, context)).toMatchObject({ status: "ok" });
  expect([asked, well.tasks.length, main.tasks.length, closed]).toEqual([["python:3.13"], 1, 0, 1]);
  // The result lies in the session's workspace.
  expect(main.files.has(".opsthread/tasks/x1/result.json")).toBe(true);
});

test("run_task takes an input that came as JSON text", async () => {
  const fake = fakeSandbox({ task: done({ summary: "", data: 1, artifacts: [] }) });
  await tool.run({ task: "count", input: '{"files":["b"]}' }, contextOf(fake));
  expect(fake.tasks[0]?.program.input).toEqual({ files: ["b"], pairs: [] });
});

test("run_task names the path of each input error and runs nothing", async () => {
  const fake = fakeSandbox();
  const wrong = { task: "count", input: { files: [1], pairs: [{ before: "x" }, {}] } };
  const { status, output } = await tool.run(wrong, contextOf(fake));
  expect(status).toBe("failed");
  expect(output).toMatchInlineSnapshot(`
    "Cannot run task "count": its input does not fit its schema
    input.files[0]: Invalid input: expected string, received number
    input.pairs[1].before: Invalid input: expected string, received undefined"
  `);
  expect(fake.tasks).toEqual([]);
});

test("run_task says which tasks there are", async () => {
  expect(await tool.run({ task: "nope", input: {} }, contextOf(fakeSandbox()))).toMatchObject({
    status: "failed",
    output: 'Cannot run task "nope": there is no such task, expected one of count',
  });
});

const endings: readonly [Outcome, string, string][] = [
  [{ type: "exit", code: 1 }, "failed", 'Task "count": exit code 1 · 40 ms\nno such file: a.log'],
  [{ type: "timeout", limitMs: 900_000 }, "failed", "timed out at its limit of 15 min"],
  [
    { type: "out-of-memory", limitBytes: 1024 ** 2 },
    "failed",
    "out of memory at its limit of 1 MiB",
  ],
  [{ type: "signal", signal: "SIGKILL" }, "failed", "killed by SIGKILL"],
  [{ type: "limit", limit: "file size" }, "failed", "ended by a limit: file size"],
  [{ type: "stopped" }, "stopped", "stopped before it was done"],
  [{ type: "lost", reason: "gone" }, "unknown", "lost, whether it finished is not known: gone"],
];

test.each(endings)("run_task tells the end %j as %s", async (outcome, status, text) => {
  const run = { outcome, error: "no such file: a.log", measures: { wallMs: 40 } };
  const result = await tool.run(input, contextOf(fakeSandbox({ task: run })));
  expect(result).toMatchObject({ status, output: expect.stringContaining(text) });
});

test.each([undefined, null, "text", { summary: 1, data: {}, artifacts: [] }])(
  "run_task refuses the malformed result %j",
  async (value) => {
    const result = await tool.run(input, contextOf(fakeSandbox({ task: done(value) })));
    expect(result).toMatchObject({
      status: "failed",
      output: 'Task "count" ended without a usable result',
    });
  },
);

test("run_task cuts long data and long summaries, and says where all of it is", async () => {
  const value = {
    summary: "ä line of text\n".repeat(5000),
    data: { rows: Array.from({ length: 5000 }, (_, row) => ({ row, text: "ü".repeat(90) })) },
    artifacts: [],
  };
  const { output } = await tool.run(input, contextOf(fakeSandbox({ task: done(value) })));
  expect(Buffer.byteLength(output)).toBeLessThan(32 * 1024);
  const { summary, footer } = parseTaskOutput(output);
  expect(summary).toMatch(
    /\*\(cut here, 79999 bytes in all; all of it is in \.opsthread\/tasks\/x1\/result\.json\)\*$/,
  );
  expect(footer?.complete).toBe(false);
  expect(JSON.stringify(footer?.data)).toMatch(/… \d+ more/);
});

test("run_task tells about files that could not be kept or saved, and still answers", async () => {
  const value = { summary: "Done.", data: {}, artifacts: ["out/a.csv"] };
  const fake = fakeSandbox({ task: done(value), writeError: new Error("workspace is full") });
  const result = await tool.run(input, contextOf(fake, { keepError: new Error("too large") }));
  expect(result.status).toBe("ok");
  expect(parseTaskOutput(result.output).summary).toBe(
    "Done.\n\nThe file `out/a.csv` could not be attached: too large\n\nThe whole result could not be saved: workspace is full",
  );
});

test("run_task attaches ten files at most and says that there are more", async () => {
  const artifacts = Array.from({ length: 12 }, (_, index) => `out/${index}`);
  const value = { summary: "Done.", data: {}, artifacts };
  const result = await tool.run(input, contextOf(fakeSandbox({ task: done(value) })));
  expect(result.artifacts).toHaveLength(10);
  expect(result.output).toContain("2 more files are not attached");
});

test("run_task ends with the signal's reason when keeping is aborted", async () => {
  const stop = new AbortController();
  stop.abort(new Stopped("stop"));
  const fake = fakeSandbox({ task: done({ summary: "", data: {}, artifacts: ["a"] }) });
  const context = contextOf(fake, { signal: stop.signal, keepError: new Error("aborted") });
  await expect(tool.run(input, context)).rejects.toBe(stop.signal.reason);
});

test("parseTaskOutput() gives the summary even when the data was damaged on its way", () => {
  expect(parseTaskOutput('Done.\n\n---\n{"task":"count","data":[REDACTED]}')).toEqual({
    summary: "Done.",
  });
  expect(parseTaskOutput("[512 characters, now in x]")).toEqual({
    summary: "[512 characters, now in x]",
  });
});

test("builtinTools() has run_task only where there are tasks", () => {
  const names = (tasks: Parameters<typeof builtinTools>[0]["tasks"]) =>
    builtinTools({ tasks }).map(({ name }) => name);
  expect(names([])).toEqual([
    "shell",
    "read_file",
    "write_file",
    "edit_file",
    "apply_patch",
    "list_files",
    "attach_file",
    "ask",
    "request_access",
  ]);
  expect(names([count])[0]).toBe("run_task");
});
