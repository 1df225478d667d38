import { expect, test } from "vitest";
import { z } from "zod";

import { createBudget, defaultBudgets } from "../../../src/agent/budget.ts";
import { type LoopEvent, runLoop } from "../../../src/agent/loop.ts";
import { offlineModel } from "../../../src/agent/models/offline.ts";
import { builtinTools } from "../../../src/agent/tools/builtin.ts";
import { Transcript } from "../../../src/agent/transcript.ts";
import { systemClock } from "../../../src/core/clock.ts";
import { defineTask } from "../../../src/tasks/task.ts";
import { contextOf, exited, fakeSandbox, none } from "../tools/fake-sandbox.ts";

const logs = defineTask({
  name: "logs",
  title: "Read logs",
  description: "Reads logs.",
  input: z.object({ files: z.array(z.string()), levels: z.array(z.string()).optional() }),
  module: "file:///tasks/logs.js",
  run: async () => ({ summary: "", data: {}, artifacts: [] }),
});

test("the offline model goes through the loop with the built-in tools", async () => {
  const tasks = [logs];
  const value = { summary: "**One error.**", data: {}, artifacts: ["out/errors.log"] };
  const fake = fakeSandbox({
    exec: { ...exited(0), stdout: { text: "up 1 day\n", bytes: 9 }, stderr: none },
    task: { outcome: { type: "exit", code: 0 }, value, measures: {} },
    files: { "out/errors.log": "x" },
  });
  const transcript = new Transcript();
  const says = (id: string, text: string, paths: readonly string[]) => {
    const thread = { platform: "console", workspace: "w", channel: "c", thread: "t" };
    const actor = { id: "U1", name: "Ada", roles: [] };
    const message = {
      id,
      thread,
      actor,
      kind: "direct" as const,
      text,
      attachments: [],
      sentAt: 0,
    };
    transcript.apply({ v: 1, turn: 1, at: 0, type: "message", message, paths });
  };
  says("1", "only errors please", ["attachments/app.log"]);
  says("2", "$ uptime", []);

  const events: LoopEvent[] = [];
  const loop = runLoop(
    {
      model: offlineModel({ tasks }),
      instructions: "",
      tools: builtinTools({ tasks }),
      session: contextOf(fake).session,
      transcript,
      budget: createBudget({
        limits: defaultBudgets.turn,
        spent: {
          steps: 0,
          usage: { inputTokens: 0, outputTokens: 0 },
          startedAt: Date.now(),
        },
        clock: systemClock,
      }),
      turn: 1,
      clock: systemClock,
      redact: (text) => text,
      steer: async () => {},
      onProgress: () => {},
    },
    { signal: new AbortController().signal },
  );
  for await (const event of loop) events.push(event);

  expect(events.at(-1)).toEqual({
    type: "end",
    outcome: "answered",
    text: "> only errors please\n\n*`app.log`: level fatal or error*\n\n**One error.**\n\n> $ uptime\n\n`uptime`: exit code 0 · 12 ms\n\n```\nup 1 day\n```",
  });
  expect(fake.tasks[0]?.program.input).toEqual({
    files: ["attachments/app.log"],
    levels: ["fatal", "error"],
  });
  const results = events.flatMap((event) =>
    event.type === "entry" && event.entry.type === "tool-result" ? [event.entry.result] : [],
  );
  expect(results.flatMap(({ artifacts }) => artifacts)).toMatchObject([{ name: "errors.log" }]);
});
