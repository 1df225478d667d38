import { expect, test } from "vitest";

import type { ToolSession } from "../../../../src/agent/tool.ts";
import { shellTool } from "../../../../src/agent/tools/shell.ts";
import { Transcript } from "../../../../src/agent/transcript.ts";
import { Stopped } from "../../../../src/core/abort.ts";
import type { JournalEntry } from "../../../../src/core/journal.ts";
import { stall } from "../../../../src/testing/twins/openai/faults.ts";
import { all, say, shell, think } from "../../../../src/testing/twins/openai/steps.ts";
import { run } from "../../harness.ts";
import { contextOf, exited, fakeSandbox } from "../../tools/fake-sandbox.ts";
import { open } from "./twin-model.ts";

test("a turn with the native shell runs its commands in the sandbox", async () => {
  const steps = [all(think("Two looks"), shell(["uptime", "df -h"])), say("All is well.")];
  await using api = await open(steps, { background: true });
  const fake = fakeSandbox({
    exec: { ...exited(0), stdout: { text: "fine\n", bytes: 5 } },
  });
  const session: ToolSession = contextOf(fake).session;
  const transcript = new Transcript();
  transcript.apply(said("Is it well?"));
  const { end, entries } = await run({
    model: api.model,
    tools: [shellTool()],
    session,
    transcript,
  });
  expect(end).toEqual({ type: "end", outcome: "answered", text: "All is well." });
  expect(fake.executed.map(({ command }) => command).toSorted()).toEqual(["df -h", "uptime"]);
  expect(new Set(fake.executed.map(({ options }) => options.executionId)).size).toBe(2);
  expect(entries.map(({ type }) => type).join(" ")).toBe(
    "model-started step tool-result tool-result model-started step",
  );
  const [, second] = api.bodies();
  expect(second?.["previous_response_id"]).toBe(api.twin.responses[0]?.id);
  expect(second?.["input"]).toMatchObject([
    {
      type: "shell_call_output",
      output: [
        { stdout: expect.stringContaining("fine"), outcome: { type: "exit", exit_code: 0 } },
        { stdout: expect.stringContaining("fine"), outcome: { type: "exit", exit_code: 0 } },
      ],
    },
  ]);
});

test("the journal as it is stored leads to the same requests", async () => {
  const steps = [all(think("Hm"), shell(["uptime"])), say("Well."), say("Still well.")];
  await using api = await open(steps);
  const fake = fakeSandbox({ exec: exited(0) });
  const { session } = contextOf(fake);
  const transcript = new Transcript();
  const journal: JournalEntry[] = [said("Is it well?")];
  transcript.apply(said("Is it well?"));
  const { entries } = await run({ model: api.model, tools: [shellTool()], session, transcript });
  journal.push(...entries, said("Still?"));

  const later = new Transcript();
  for (const entry of journal) later.apply(JSON.parse(JSON.stringify(entry)) as JournalEntry);
  await run({ model: api.again(), tools: [shellTool()], session, transcript: later });
  expect(api.bodies()[2]).toMatchObject({
    previous_response_id: api.twin.responses[1]?.id,
    input: [{ role: "user", content: "Ada: Still?" }],
  });
});

test("an answer outlives the process that asked for it", async () => {
  await using api = await open([stall(say("All is well."), 6)], { background: true });
  const transcript = new Transcript();
  const journal: JournalEntry[] = [said("Is it well?")];
  transcript.apply(said("Is it well?"));
  const dying = new AbortController();
  const first = run({
    model: api.model,
    transcript,
    signal: dying.signal,
    onEvent(event) {
      if (event.type !== "entry") return;
      journal.push(event.entry);
      dying.abort(new Stopped("shutdown"));
    },
  });
  await expect(first).rejects.toThrow("shutdown");
  expect(journal.map(({ type }) => type)).toEqual(["message", "model-started"]);

  const later = new Transcript();
  for (const entry of journal) later.apply(JSON.parse(JSON.stringify(entry)) as JournalEntry);
  setTimeout(() => api.twin.release(), 100);
  const { end } = await run({ model: api.again(), transcript: later });
  expect(end).toMatchObject({ outcome: "answered", text: "All is well." });
  expect(api.bodies()).toHaveLength(1);
});

const said = (text: string): JournalEntry => ({
  v: 1,
  turn: 1,
  at: 0,
  type: "message",
  paths: [],
  message: {
    id: text,
    thread: { platform: "test", workspace: "w", channel: "c", thread: "t" },
    actor: { id: "u1", name: "Ada", roles: [] },
    kind: "thread",
    text,
    attachments: [],
    sentAt: 0,
  },
});
