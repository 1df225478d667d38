import { expect, test } from "vitest";

import { askTool } from "../../../src/agent/tools/ask.ts";
import { attachTool } from "../../../src/agent/tools/attach-file.ts";
import { listFilesTool } from "../../../src/agent/tools/list-files.ts";
import { writeFileTool } from "../../../src/agent/tools/write-file.ts";
import { contextOf, fakeSandbox } from "./fake-sandbox.ts";

test("write_file writes the content and says how much", async () => {
  const fake = fakeSandbox();
  const result = await writeFileTool().run({ path: "a/b.txt", content: "grün" }, contextOf(fake));
  expect(result.output).toBe("Wrote 5 bytes to a/b.txt");
  expect(String(fake.files.get("a/b.txt"))).toBe("grün");
});

test("list_files shows folders and what is in them down to the depth", async () => {
  const files = { "a.log": "x".repeat(2048), "conf/app.yaml": "a: 1", "conf/deep/x/y.txt": "" };
  const context = contextOf(fakeSandbox({ files }));
  expect((await listFilesTool().run({ path: ".", depth: 2 }, context)).output).toBe(
    [".:", "a.log  2 KiB", "conf/", "conf/app.yaml  4 bytes", "conf/deep/"].join("\n"),
  );
});

test("list_files stops at its bound and says that there is more", async () => {
  const files = Object.fromEntries(
    Array.from({ length: 500 }, (_, index) => [`d${index % 2}/f${index}`, ""]),
  );
  const { output } = await listFilesTool().run(
    { path: ".", depth: 3 },
    contextOf(fakeSandbox({ files })),
  );
  const lines = output.split("\n");
  expect(lines[0]).toBe(".: the first 300 entries, there are more");
  expect(lines).toHaveLength(301);
});

test("list_files tells an empty and a missing folder apart", async () => {
  const context = contextOf(fakeSandbox());
  expect((await listFilesTool().run({ path: ".", depth: 1 }, context)).output).toBe(
    ".: empty folder",
  );
  expect(await listFilesTool().run({ path: "nope", depth: 1 }, context)).toMatchObject({
    status: "failed",
    output: "Cannot list nope: no such folder",
  });
});

test("attach_file keeps the file as an artifact", async () => {
  const context = contextOf(fakeSandbox({ files: { "out/report.csv": "a,b" } }));
  expect(await attachTool().run({ path: "out/report.csv" }, context)).toMatchObject({
    output: "report.csv (3 bytes) will go with the reply",
    artifacts: [{ name: "report.csv", blob: "blob/out/report.csv" }],
  });
});

test("ask ends the turn with the question as its output", async () => {
  expect(askTool().endsTurn).toBe(true);
  const result = await askTool().run({ question: "Which cluster?" }, contextOf(fakeSandbox()));
  expect(result).toMatchObject({ status: "ok", output: "Which cluster?" });
});
