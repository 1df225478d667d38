import { expect, test } from "vitest";

import { applyPatchTool } from "../../../src/agent/tools/apply-patch.ts";
import { contextOf, exited, type FakeSandbox, fakeSandbox } from "./fake-sandbox.ts";

const tool = applyPatchTool();
type Operation = Parameters<typeof tool.run>[0]["operation"];

const run = (fake: FakeSandbox, operation: Operation) => tool.run({ operation }, contextOf(fake));
const textOf = ({ files }: FakeSandbox, path: string): string | undefined =>
  files.get(path)?.toString();

const update: Operation = { type: "update_file", path: "a.txt", diff: "@@\n a\n+b" };

test("it stands for the vendor's tool, and may be repeated", () => {
  expect(tool).toMatchObject({ name: "apply_patch", native: "apply_patch", effect: "idempotent" });
});

test("a file is created with what is added", async () => {
  const fake = fakeSandbox();
  const result = await run(fake, { type: "create_file", path: "new/a.txt", diff: "+a\n+b" });
  expect(result).toMatchObject({ status: "ok", output: "Created new/a.txt, now 4 bytes" });
  expect(textOf(fake, "new/a.txt")).toBe("a\nb\n");
});

test("a file that is there is not created over", async () => {
  const fake = fakeSandbox({ files: { "a.txt": "mine" } });
  const result = await run(fake, { type: "create_file", path: "a.txt", diff: "+a" });
  expect(result).toMatchObject({
    status: "failed",
    output: expect.stringContaining("update_file"),
  });
  expect(textOf(fake, "a.txt")).toBe("mine");
});

test("a file is changed as a whole or not at all", async () => {
  const fake = fakeSandbox({ files: { "a.txt": "a\r\nc\r\n" } });
  expect(await run(fake, update)).toMatchObject({
    status: "ok",
    output: "Updated a.txt: 1 added, 0 removed, now 9 bytes",
  });
  expect(textOf(fake, "a.txt")).toBe("a\r\nb\r\nc\r\n");
  const half = { ...update, diff: "@@\n-a\n+A\n@@\n-z\n+Z" };
  const result = await tool.run({ operation: half }, { ...contextOf(fake), executionId: "x2" });
  expect(result.status).toBe("failed");
  expect(result.output).toContain("nothing was changed. Hunk 2 does not match");
  expect(textOf(fake, "a.txt")).toBe("a\r\nb\r\nc\r\n");
});

test("a file is deleted in the sandbox", async () => {
  const fake = fakeSandbox({ files: { "it's.txt": "a" } });
  const result = await run(fake, { type: "delete_file", path: "it's.txt" });
  expect(result).toMatchObject({ status: "ok", output: "Deleted it's.txt" });
  expect(fake.executed.map(({ command }) => command)).toEqual([String.raw`rm -- 'it'\''s.txt'`]);
});

test("what can't be deleted is told with the reason", async () => {
  const stderr = { text: "rm: Read-only file system\n", bytes: 26 };
  const fake = fakeSandbox({ files: { a: "a" }, exec: { ...exited(1), stderr } });
  expect(await run(fake, { type: "delete_file", path: "a" })).toMatchObject({
    status: "failed",
    output: "Cannot delete a: rm: Read-only file system",
  });
});

test.each<readonly [string, Record<string, string | Uint8Array>, string]>([
  ["that is not there", {}, "no such file"],
  ["that is not text", { "a.txt": Buffer.from([97, 0, 98]) }, "no UTF-8 text"],
  ["in another encoding", { "a.txt": Buffer.from([97, 0xe9]) }, "no UTF-8 text"],
  ["that is too large", { "a.txt": "a".repeat(4 * 1024 * 1024 + 1) }, "more than the 4 MiB"],
])("a file %s is not patched", async (_, files, problem) => {
  const fake = fakeSandbox({ files });
  expect(await run(fake, update)).toMatchObject({
    status: "failed",
    output: expect.stringContaining(problem),
  });
});

test("a repeat of a patch that was carried out changes nothing", async () => {
  const fake = fakeSandbox({ files: { "a.txt": "a\n" } });
  await run(fake, update);
  const result = await run(fake, update);
  expect(result).toMatchObject({ status: "ok", output: "a.txt is as this patch makes it" });
  expect(textOf(fake, "a.txt")).toBe("a\nb\n");
  // Another call of the same patch is another patch.
  await tool.run({ operation: update }, { ...contextOf(fake), executionId: "x2" });
  expect(textOf(fake, "a.txt")).toBe("a\nb\nb\n");
});

test("a repeat of one that was only begun carries it out", async () => {
  const fake = fakeSandbox({ files: { "a.txt": "a\n" } });
  await run(fake, update);
  fake.files.set("a.txt", Buffer.from("a\n"));
  expect((await run(fake, update)).status).toBe("ok");
  expect(textOf(fake, "a.txt")).toBe("a\nb\n");
});

test("a repeat keeps off a file that is another one since", async () => {
  const fake = fakeSandbox({ files: { "a.txt": "a\n" } });
  await run(fake, update);
  fake.files.set("a.txt", Buffer.from("a\nsomebody's\n"));
  expect(await run(fake, update)).toMatchObject({
    status: "failed",
    output: expect.stringContaining("begun before"),
  });
});

test("a repeat of a deletion finds it done", async () => {
  const fake = fakeSandbox({ files: { a: "a" } });
  await run(fake, { type: "delete_file", path: "a" });
  fake.files.delete("a");
  expect((await run(fake, { type: "delete_file", path: "a" })).status).toBe("ok");
});

test("what a repeat has to know does not pile up", async () => {
  const fake = fakeSandbox();
  for (let call = 0; call < 400; call += 1) {
    const operation: Operation = { type: "create_file", path: `${call}.txt`, diff: "+a" };
    await tool.run({ operation }, { ...contextOf(fake), executionId: `x${call}` });
  }
  const records = [...fake.files.keys()].filter((path) => path.startsWith(".opsthread/"));
  expect(records.length).toBeLessThanOrEqual(256);
  // The place of an earlier call's record says nothing of another call.
  const again: Operation = { type: "create_file", path: "399.txt", diff: "+a" };
  const results = await Promise.all(
    Array.from({ length: 400 }, (_, call) =>
      tool.run({ operation: again }, { ...contextOf(fake), executionId: `y${call}` }),
    ),
  );
  expect(new Set(results.map(({ status }) => status))).toEqual(new Set(["failed"]));
});
