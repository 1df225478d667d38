import { expect, test } from "vitest";

import { editFileTool } from "../../../../src/agent/tools/edit-file.ts";
import { shellTool } from "../../../../src/agent/tools/shell.ts";
import { Transcript } from "../../../../src/agent/transcript.ts";
import { call, say, think, together } from "../../../../src/testing/twins/scripting/step.ts";
import { run } from "../../harness.ts";
import { contextOf, exited, fakeSandbox } from "../../tools/fake-sandbox.ts";
import { dialects, start } from "./support.ts";

test.each(dialects)("%s: a turn with tools, in a sandbox", async (dialect) => {
  const stdout = { text: "/dev/sda1 93%\n", bytes: 14 };
  const sandbox = fakeSandbox({
    exec: { ...exited(0), stdout },
    files: { "a.conf": "keep = 7\n" },
  });
  await using s = await start({
    dialect,
    script: [
      together(
        think("I look."),
        call("shell", { command: "df -h" }),
        call("edit_file", { command: "str_replace", path: "a.conf", old_str: "7", new_str: "3" }),
      ),
      call("shell", '{"command": '),
      say("Now it keeps 3."),
    ],
  });
  const transcript = new Transcript();
  transcript.apply({ v: 1, turn: 1, at: 0, type: "note", text: "Keep less." });
  const { end, entries } = await run({
    model: s.model,
    transcript,
    instructions: "Help.",
    tools: [shellTool(), editFileTool()],
    session: contextOf(sandbox).session,
  });
  expect(end).toEqual({ type: "end", outcome: "answered", text: "Now it keeps 3." });
  expect(sandbox.executed.map(({ command }) => command)).toEqual(["df -h"]);
  expect(sandbox.files.get("a.conf")?.toString()).toBe("keep = 3\n");
  expect(
    entries.flatMap((entry) => (entry.type === "tool-result" ? [entry.result.status] : [])),
  ).toEqual(["ok", "ok", "failed"]);
});
