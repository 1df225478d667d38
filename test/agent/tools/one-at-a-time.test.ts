import { expect, test } from "vitest";

import type { ToolReturn } from "../../../src/agent/tool.ts";
import { builtinTools } from "../../../src/agent/tools/builtin.ts";
import { oneAtATime } from "../../../src/agent/tools/one-at-a-time.ts";
import { Stopped } from "../../../src/core/abort.ts";
import { tool } from "../harness.ts";
import { contextOf, fakeSandbox } from "./fake-sandbox.ts";

const builtins = builtinTools({ tasks: [] });

test("changes of one file in one step all count, whatever tools make them", async () => {
  const fake = fakeSandbox({ files: { "a.txt": "a\nb\nc\n" } });
  const calls: readonly [tool: string, input: object][] = [
    ["apply_patch", { operation: { type: "update_file", path: "a.txt", diff: "@@\n-a\n+A" } }],
    ["edit_file", { command: "str_replace", path: "a.txt", old_str: "b", new_str: "B" }],
    ["apply_patch", { operation: { type: "update_file", path: "a.txt", diff: "@@\n-c\n+C" } }],
  ];
  const results = await Promise.all(
    calls.map(async ([name, input], index) => {
      const called = builtins.find((each) => each.name === name);
      return called?.run(input, { ...contextOf(fake), executionId: `x${index}` });
    }),
  );
  expect(results.map((result) => result?.status)).toEqual(["ok", "ok", "ok"]);
  expect(fake.files.get("a.txt")?.toString()).toBe("A\nB\nC\n");
});

const slow = (name: string, until: Promise<unknown>, begun: (name: string) => void = () => {}) =>
  tool(name, async () => {
    begun(name);
    await until;
    return name;
  });

test("a call that fails, or was stopped and does not end, keeps none that comes after it", async () => {
  const inOrder = oneAtATime();
  const started: string[] = [];
  const begun = (name: string) => void started.push(name);
  const never = new Promise(() => {});
  const fails = inOrder(slow("fails", Promise.reject(new Error("no")), begun));
  const deaf = inOrder(slow("deaf", never, begun));
  const next = inOrder(slow("next", Promise.resolve(), begun));
  const context = contextOf(fakeSandbox());
  const stop = new AbortController();
  const { signal } = stop;
  const failing = fails.run({}, context);
  void deaf.run({}, { ...context, signal });
  const waiting = next.run({}, { ...context, signal });
  const later: Promise<ToolReturn> = next.run({}, context);
  await expect(failing).rejects.toThrow("no");
  expect(started).toEqual(["fails", "deaf"]);
  stop.abort(new Stopped("stop"));
  await expect(waiting).rejects.toMatchObject({ by: "stop" });
  expect((await later).output).toBe("next");
  expect(started).toEqual(["fails", "deaf", "next"]);
});

test("other sessions do not wait", async () => {
  const inOrder = oneAtATime();
  const context = contextOf(fakeSandbox());
  void inOrder(slow("deaf", new Promise(() => {}))).run({}, context);
  const session = { ...context.session, sessionId: "s_other" };
  const other = inOrder(slow("other", Promise.resolve()));
  expect((await other.run({}, { ...context, session })).output).toBe("other");
});
