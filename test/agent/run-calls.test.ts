import { afterEach, beforeEach, expect, test } from "vitest";

import type { Guardrail } from "../../src/agent/guardrail.ts";
import type { ToolReturn } from "../../src/agent/tool.ts";
import { Stopped } from "../../src/core/abort.ts";
import type { JournalEntry } from "../../src/core/journal.ts";
import { answering, run, tool } from "./harness.ts";

const fatal: Partial<ToolReturn> = {
  status: "failed",
  output: "no disk",
  fatal: "the disk is gone",
};

/** Runs one step of calls to its bitter end, and tells what is on record of each by then. */
async function endOf(
  tools: Parameters<typeof run>[0]["tools"],
  calls: readonly string[],
  more: Partial<Parameters<typeof run>[0]> = {},
) {
  const seen: JournalEntry[] = [];
  const error = await run({
    model: answering(calls.map((name) => [name] as [string])),
    ...(tools && { tools }),
    onEvent: (event) => event.type === "entry" && seen.push(event.entry),
    ...more,
  }).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  const results = seen.flatMap((entry) =>
    entry.type === "tool-result" ? [[entry.callId, entry.result] as const] : [],
  );
  return { error, results: new Map(results) };
}

/** A tool that goes on until it is told to end, and then needs a moment for it. */
function endless() {
  const told = { begun: 0, ended: 0 };
  const wait = tool("wait", ({ signal }) => {
    told.begun += 1;
    return new Promise((_resolve, reject) => {
      const end = (): void => {
        setImmediate(() => {
          told.ended += 1;
          reject(signal.reason);
        });
      };
      signal.addEventListener("abort", end);
    });
  });
  return { wait, told };
}

test("a failure that a tool calls fatal ends its siblings, starts no other, and keeps what was done", async () => {
  const { wait, told } = endless();
  let release = (): void => {};
  const done = tool("done", async () => {
    release();
    return "all of it";
  });
  const first = new Promise<void>((resolve) => {
    release = resolve;
  });
  const fail = tool("fail", async () => {
    await first;
    return fatal;
  });
  const { error, results } = await endOf(
    [wait, done, fail],
    ["wait", "done", "fail", "wait", "wait", "done"],
    { parallelCalls: 3 },
  );
  expect(error).toMatchObject({
    code: "TOOL_ENDED_TURN",
    message: 'Cannot go on: the tool "fail" ended the turn: the disk is gone',
  });
  expect(told.ended).toBe(told.begun);
  expect(told.begun).toBeLessThan(3);
  expect(results.get("call-1")).toMatchObject({
    status: "stopped",
    output: expect.stringContaining("the disk is gone"),
  });
  expect(results.get("call-2")).toMatchObject({ status: "ok", output: "all of it" });
  expect(results.get("call-3")).toMatchObject({ status: "failed", output: "no disk" });
  expect(results.has("call-5")).toBe(false);
  expect(results.has("call-6")).toBe(false);
});

test("a guardrail that stops the turn does so, too", async () => {
  const { wait, told } = endless();
  const stop: Guardrail = {
    name: "stop",
    call: ({ tool: name }) => (name === "bad" ? { type: "stop", reason: "no" } : { type: "allow" }),
  };
  const { error, results } = await endOf(
    [wait, tool("bad", async () => "never")],
    ["wait", "bad", "wait"],
    {
      guardrails: [stop],
      parallelCalls: 2,
    },
  );
  expect(error).toMatchObject({ code: "GUARDRAIL_STOPPED" });
  expect(told).toEqual({ begun: 1, ended: 1 });
  expect([...results.keys()].toSorted()).toEqual(["call-1", "call-2"]);
});

test("stopped by a person, what was done before is kept, and what waits does not begin", async () => {
  const stopping = new AbortController();
  const { wait, told } = endless();
  const quick = tool("quick", async () => {
    setImmediate(() => stopping.abort(new Stopped("stop")));
    return "quick result";
  });
  const { error, results } = await endOf([wait, quick], ["quick", "wait", "wait", "wait"], {
    parallelCalls: 2,
    signal: stopping.signal,
  });
  expect(error).toEqual(new Stopped("stop"));
  expect(results.get("call-1")).toMatchObject({ status: "ok", output: "quick result" });
  expect(told.begun).toBeLessThanOrEqual(2);
  expect(told.ended).toBe(told.begun);
  expect([...results.values()].map(({ status }) => status)).toEqual([
    "ok",
    "stopped",
    "stopped",
    "stopped",
  ]);
});

test("a call that just fails ends no other", async () => {
  const fail = tool("fail", async () => {
    throw new Error("oh");
  });
  const { error, results } = await endOf([fail, tool("ok", async () => "fine")], ["fail", "ok"]);
  expect(error).toBeUndefined();
  expect([...results.values()].map(({ status }) => status).toSorted()).toEqual(["failed", "ok"]);
});

test("without anybody to ask, a call that needs approval does not run", async () => {
  let ran = 0;
  const risky = {
    ...tool("risky", async () => {
      ran += 1;
      return "";
    }),
    needsApproval: true,
  };
  const { results } = await endOf([risky], ["risky"]);
  expect(ran).toBe(0);
  expect(results.get("call-1")?.output).toContain("nobody can be asked here");
});

const warnings: Error[] = [];
const collect = (warning: Error): void => void warnings.push(warning);
beforeEach(() => {
  warnings.length = 0;
  process.on("warning", collect);
});
afterEach(() => {
  process.off("warning", collect);
});

test.each([{}, { timeoutMs: 1000 }])(
  "any number may listen to the end of a call: %j",
  async (more) => {
    const stopping = new AbortController();
    const listen = async ({ signal }: { readonly signal: AbortSignal }): Promise<string> => {
      for (let count = 0; count < 50; count += 1) signal.addEventListener("abort", () => {});
      return "";
    };
    const many = tool("many", listen, more);
    await endOf([many], ["many", "many"], { signal: stopping.signal });
    await new Promise((resolve) => setImmediate(resolve));
    expect(warnings).toEqual([]);
  },
);

test("a tool may answer with text or with its output alone; one that gives neither has failed", async () => {
  const answers = { text: "done", output: { output: "done" }, nothing: undefined, number: 7 };
  const tools = Object.entries(answers).map(([name, answer]) => {
    const untyped: object = { run: async () => answer };
    return { ...tool(name, async () => "unused"), ...untyped };
  });
  const { results } = await endOf(tools, Object.keys(answers));
  const seen = [...results.values()].map(({ status, output }) => [status, output]);

  expect(seen).toEqual([
    ["ok", "done"],
    ["ok", "done"],
    ["failed", expect.stringContaining('"nothing" ran, but gave undefined, expected text')],
    ["failed", expect.stringContaining("gave number")],
  ]);
});
