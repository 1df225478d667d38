import { expect, test } from "vitest";

import { readFileTool } from "../../../../src/agent/tools/read-file.ts";
import { shellTool } from "../../../../src/agent/tools/shell.ts";
import { Transcript } from "../../../../src/agent/transcript.ts";
import { call, say, think, together } from "../../../../src/testing/twins/scripting/step.ts";
import { run } from "../../harness.ts";
import { contextOf, exited, fakeSandbox } from "../../tools/fake-sandbox.ts";
import { start } from "./support.ts";

const stdout = { text: "/dev/sda1 93%\n", bytes: 14 };

test("a turn with the vendor's shell, in a sandbox", async () => {
  const sandbox = fakeSandbox({ exec: { ...exited(0), stdout }, files: { "a.log": "one\n" } });
  await using s = await start(
    [
      together(
        think("I look."),
        say("I look."),
        call("bash", { command: "df -h" }),
        call("read_file", { path: "a.log" }),
      ),
      call("bash", { restart: true }),
      say("It is at 93 %."),
    ],
    { thinking: { budgetTokens: 2_000 } },
  );
  const transcript = new Transcript();
  transcript.apply({ v: 1, turn: 1, at: 0, type: "note", text: "Is the disk full?" });
  const { end, entries } = await run({
    model: s.model,
    transcript,
    instructions: "Help.",
    tools: [shellTool(), readFileTool()],
    session: contextOf(sandbox).session,
  });
  expect(end).toEqual({ type: "end", outcome: "answered", text: "It is at 93 %." });
  expect(sandbox.executed.map(({ command }) => command)).toEqual([
    "df -h",
    expect.stringContaining("each command runs in a new one"),
  ]);
  expect(s.body().messages.map(({ role }) => role)).toEqual([
    "user",
    "assistant",
    "user",
    "assistant",
    "user",
  ]);
  expect(s.body().messages[2]?.content).toMatchObject([
    { type: "tool_result", content: expect.stringContaining("/dev/sda1 93%") },
    { type: "tool_result", content: expect.stringContaining("one") },
  ]);
  expect(entries.filter(({ type }) => type === "step")).toHaveLength(3);
});

test("a spent budget ends in words, without tools", async () => {
  const sandbox = fakeSandbox({ exec: { ...exited(0), stdout } });
  await using s = await start((_, index) =>
    index < 2 ? call("bash", { command: "df" }) : together(say("I stop."), call("bash")),
  );
  const transcript = new Transcript();
  transcript.apply({ v: 1, turn: 1, at: 0, type: "note", text: "Begin." });
  const options = {
    model: s.model,
    transcript,
    tools: [shellTool()],
    session: contextOf(sandbox).session,
  };
  const { end } = await run({ ...options, limits: { steps: 2 } });
  expect(end).toMatchObject({ outcome: "answered", text: "I stop." });
  expect(s.body()["tool_choice"]).toEqual({ type: "none" });
  // The conversation goes on, although the last answer had a call that was not run.
  transcript.apply({ v: 1, turn: 2, at: 0, type: "note", text: "Go on." });
  expect((await run({ ...options, limits: { steps: 0 } })).end?.text).toBe("I stop.");
});
