import { expect, test } from "vitest";

import type { Item, ToolSpec } from "../../../../src/agent/model.ts";
import { all, call, patch, say, shell } from "../../../../src/testing/twins/openai/steps.ts";
import { fenced } from "../fenced.ts";
import {
  ask,
  count,
  open,
  type Opened,
  patchSpec,
  requestOf,
  settle,
  shellSpec,
  user,
} from "./twin-model.ts";

const inputOf = (api: Opened, index: number): unknown => api.bodies()[index]?.["input"];

const editor: ToolSpec = { ...patchSpec, name: "edit", native: "text_editor" };
const tools = [count, shellSpec, patchSpec, editor];

test("the vendor's own tools are offered in the place of functions", async () => {
  await using api = await open([say("ok")]);
  await ask(api.model, requestOf([user("Hi")], { tools }));
  expect(api.model.capabilities.native).toEqual(["shell", "apply_patch"]);
  expect(api.bodies()[0]).toMatchObject({
    tool_choice: "auto",
    tools: [
      { type: "function", name: "count", strict: true },
      { type: "shell", environment: { type: "local" } },
      { type: "apply_patch" },
    ],
  });
});

test("where they are not native, all are functions, and one of two that edit", async () => {
  await using api = await open([say("ok")], { native: false });
  await ask(api.model, requestOf([user("Hi")], { tools }));
  expect(api.model.capabilities.native).toEqual([]);
  const offered = api.bodies()[0]?.["tools"] as readonly { type: string; name: string }[];
  expect(offered.map(({ type, name }) => [type, name])).toEqual([
    ["function", "count"],
    ["function", "shell"],
    ["function", "edit"],
  ]);
});

test("each command of a shell call is a call, and their results go back as one", async () => {
  const step = shell(["uptime", "df -h", "sleep 9"], { timeoutMs: 2500, maxOutputLength: 120 });
  await using api = await open([all(step, call("count", { file: "a" })), say("ok")]);
  const items: Item[] = [user("Look.")];
  const bash = { ...shellSpec, name: "bash" };
  const { response } = await ask(api.model, requestOf(items, { tools: [bash, count] }));
  const [first] = response.toolCalls;
  const callId = first?.callId.replace("#0", "");
  expect(
    response.toolCalls.map(({ callId: id, tool, args }) => [id, tool, JSON.parse(args)]),
  ).toEqual([
    [`${callId}#0`, "bash", { command: "uptime", timeoutSeconds: 2.5 }],
    [`${callId}#1`, "bash", { command: "df -h", timeoutSeconds: 2.5 }],
    [`${callId}#2`, "bash", { command: "sleep 9", timeoutSeconds: 2.5 }],
    [expect.any(String), "count", { file: "a" }],
  ]);
  settle(items, response, [
    { output: "exit code 0\nup", measures: { exitCode: 0 } },
    { status: "failed", output: "y".repeat(500), measures: { exitCode: 2 } },
    { status: "failed", output: "timed out", measures: { timedOutAfterMs: 2500 } },
  ]);
  expect((await ask(api.model, requestOf(items, { tools: [bash, count] }))).response.text).toBe(
    "ok",
  );
  const [output] = inputOf(api, 1) as readonly {
    output: readonly { stdout: string }[];
  }[];
  expect(output).toMatchObject({
    type: "shell_call_output",
    call_id: callId,
    max_output_length: 120,
    output: [
      { stdout: fenced("exit code 0\nup"), stderr: "", outcome: { type: "exit", exit_code: 0 } },
      { stderr: "", outcome: { type: "exit", exit_code: 2 } },
      { stdout: fenced("timed out"), stderr: "", outcome: { type: "timeout" } },
    ],
  });
  const shown = output?.output[1]?.stdout ?? "";
  expect(shown).toContain("bytes left out");
  expect(shown.length).toBeLessThanOrEqual(120);
});

test.each([
  ["a signal", { status: "failed", measures: { signal: "SIGSEGV" } }, 139],
  ["the memory limit", { status: "failed", measures: { outOfMemoryAtBytes: 1 } }, 137],
  ["a stop", { status: "stopped", measures: {} }, 1],
  ["nobody knows what", { status: "unknown", measures: {} }, 1],
] as const)("what %s ended has an exit code", async (_, result, code) => {
  await using api = await open([shell(["x"]), say("ok")]);
  const items: Item[] = [user("Look.")];
  const { response } = await ask(api.model, requestOf(items, { tools: [shellSpec] }));
  expect(response.toolCalls.map(({ args }) => args)).toEqual(['{"command":"x"}']);
  settle(items, response, [result]);
  await ask(api.model, requestOf(items, { tools: [shellSpec] }));
  const [output] = inputOf(api, 1) as readonly object[];
  expect(output).not.toHaveProperty("max_output_length");
  expect(output).toMatchObject({ output: [{ outcome: { type: "exit", exit_code: code } }] });
});

test("a shell call without a command is answered too", async () => {
  await using api = await open([shell([]), say("ok")]);
  const items: Item[] = [user("Look.")];
  const { response } = await ask(api.model, requestOf(items, { tools: [shellSpec] }));
  expect(response.toolCalls).toMatchObject([{ args: '{"command":""}' }]);
  settle(items, response, [{ status: "failed", output: "The arguments do not fit" }]);
  expect((await ask(api.model, requestOf(items, { tools: [shellSpec] }))).response.text).toBe("ok");
});

test("a patch is a call, and its result says whether it took", async () => {
  const operation = { type: "update_file", path: "a.txt", diff: "@@\n-a\n+b" } as const;
  await using api = await open([
    all(patch(operation), patch({ type: "delete_file", path: "b" })),
    say("ok"),
  ]);
  const items: Item[] = [user("Fix it.")];
  const { response } = await ask(api.model, requestOf(items, { tools: [patchSpec] }));
  expect(response.toolCalls.map(({ tool, args }) => [tool, JSON.parse(args)])).toEqual([
    ["apply_patch", { operation }],
    ["apply_patch", { operation: { type: "delete_file", path: "b" } }],
  ]);
  settle(items, response, [
    { output: "Updated a.txt" },
    { status: "failed", output: "No such file" },
  ]);
  await ask(api.model, requestOf(items, { tools: [patchSpec] }));
  expect(api.bodies()[1]?.["input"]).toMatchObject([
    { type: "apply_patch_call_output", status: "completed", output: fenced("Updated a.txt") },
    { type: "apply_patch_call_output", status: "failed", output: fenced("No such file") },
  ]);
});

test("native calls are said again in their own form", async () => {
  const steps = [all(shell(["ls"]), patch({ type: "delete_file", path: "b" })), say("a"), say("b")];
  await using api = await open(steps);
  const items: Item[] = [user("Look.")];
  const request = requestOf(items, { tools: [shellSpec, patchSpec] });
  settle(items, (await ask(api.model, request)).response);
  api.twin.forget();
  expect((await ask(api.model, request)).response.text).toBe("a");
  expect(api.bodies()[2]?.["input"]).toMatchObject([
    { type: "message" },
    { type: "shell_call" },
    { type: "apply_patch_call" },
    { type: "shell_call_output" },
    { type: "apply_patch_call_output" },
  ]);
});
