import { expect, test } from "vitest";

import type { CallApprovals } from "../../src/agent/approvals.ts";
import type { Guardrail } from "../../src/agent/guardrail.ts";
import { requestAccessTool } from "../../src/agent/tools/request-access.ts";
import { Stopped } from "../../src/core/abort.ts";
import { addUsage, noUsage, usageOf } from "../../src/core/spent.ts";
import { agent, helps, runTurn } from "./agents-turn.ts";
import { answering, tool } from "./harness.ts";

const delegate = (name: string, brief = "do it") =>
  [`delegate_to_${name}`, { brief }] as [string, object];

test("what an agent inside a call uses counts in the turn's budget", async () => {
  const reader = agent("reader", answering([["look"]], "read"), {
    tools: [tool("look", async () => "found")],
  });
  const ops = agent("ops", answering([delegate("reader")], "done"), helps("reader"));
  const { turn, budget, entries, progress } = await runTurn([ops, reader]);
  expect(await turn).toMatchObject({ outcome: "answered", text: "done" });
  expect(budget.steps).toBe(4);
  const used = entries.flatMap((entry) => usageOf(entry)?.usage ?? []).reduce(addUsage, noUsage);
  expect(used).toEqual({ inputTokens: 400, outputTokens: 40 });
  expect(progress).toEqual([]);
});

test("an agent inside a call has a budget of its own, and one last answer when that is spent", async () => {
  const model = answering([["look"]], [["look"]], "as far as I came");
  const reader = agent("reader", model, { tools: [tool("look", async () => "found")] });
  const ops = agent("ops", answering([delegate("reader")], "done"), helps("reader", { steps: 2 }));
  const { turn, results } = await runTurn([ops, reader]);
  expect(await turn).toMatchObject({ text: "done" });
  expect(results()).toMatchObject([{ status: "ok", output: "as far as I came" }]);
  expect(model.requests.at(-1)?.toolChoice).toBe("none");
});

test("what an agent inside a call shows in the thread has the names of who works", async () => {
  const reader = agent("reader", answering([["look"]], "read"), {
    tools: [
      tool("look", async ({ progress }) => {
        progress("half");
        return "found";
      }),
    ],
  });
  const ops = agent("ops", answering([delegate("reader")], "done"), helps("reader"));
  const { turn, progress } = await runTurn([ops, reader]);
  await turn;
  expect(progress).toEqual(["ops: reader: half"]);
});

test("a stop ends the agent inside a call, whose calls are told to have ended, and no model is asked any more", async () => {
  const stop = new AbortController();
  let ended = false;
  const model = answering([["wait"]], "never");
  const reader = agent("reader", model, {
    tools: [
      tool("wait", ({ signal }) => {
        setImmediate(() => stop.abort(new Stopped("stop")));
        return new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => {
            ended = true;
            reject(signal.reason);
          });
        });
      }),
    ],
  });
  const ops = agent("ops", answering([delegate("reader")], "never"), helps("reader"));
  const { turn, entries, results } = await runTurn([ops, reader], { signal: stop.signal });
  await expect(turn).rejects.toMatchObject({ by: "stop" });
  expect(ended).toBe(true);
  const inside = entries.flatMap((entry) => (entry.type === "nested" ? [entry.entry] : []));
  expect(inside).toMatchObject([
    { type: "step" },
    { type: "tool-result", result: { status: "stopped" } },
  ]);
  expect(results()).toMatchObject([{ status: "stopped" }]);
  expect(model.requests).toHaveLength(1);
});

test("a deaf tool inside a call keeps a stopped turn waiting for less than a second", async () => {
  const stop = new AbortController();
  const reader = agent("reader", answering([["deaf"]], "never"), {
    tools: [
      tool("deaf", () => {
        setImmediate(() => stop.abort(new Stopped("stop")));
        return new Promise(() => {});
      }),
    ],
  });
  const ops = agent("ops", answering([delegate("reader")], "never"), helps("reader"));
  const { turn, entries, clock, results } = await runTurn([ops, reader], { signal: stop.signal });
  const over = turn.catch((error: unknown) => error);
  await new Promise((resolve) => {
    stop.signal.addEventListener("abort", resolve);
  });
  await clock.advance(699);
  expect(await over).toMatchObject({ by: "stop" });
  const last = entries.findLast((entry) => entry.type === "nested");
  expect(last?.entry).toMatchObject({ type: "tool-result", result: { status: "unknown" } });
  expect(results()).toMatchObject([{ status: "stopped" }]);
});

test("an agent inside a call can't ask people: not by a question, and not for access", async () => {
  const ask = tool("ask", async () => "May I?", { endsTurn: true });
  const access = ["request_access", { kind: "host", value: "a.example:443", reason: "why" }] as [
    string,
    object,
  ];
  const model = answering([["ask"], access], "I would need a.example.");
  const reader = agent("reader", model, { tools: [ask, requestAccessTool()] });
  const ops = agent("ops", answering([delegate("reader")], "done"), helps("reader"));
  const { turn, entries } = await runTurn([ops, reader]);
  expect(await turn).toMatchObject({ outcome: "answered", text: "done" });
  expect(model.requests[0]?.tools.map(({ name }) => name)).toEqual(["request_access"]);
  const told = model.requests[1]?.items.flatMap((item) =>
    item.type === "tool-result" ? [item.result] : [],
  );
  expect(told).toMatchObject([
    { status: "failed", output: 'There is no tool named "ask".' },
    { status: "failed", output: expect.stringContaining("an agent inside a call can't ask") },
  ]);
  expect(entries.some(({ type }) => type === "approval-requested")).toBe(false);
});

test("whatever a tool inside a call asks of a person is refused", async () => {
  const asking = {
    ...tool("drop", async () => ""),
    run: async () => ({
      status: "ok" as const,
      output: "Asked.",
      measures: {},
      artifacts: [],
      asksFor: {
        request: { kind: "host" as const, value: "a.example:443" },
        reason: "why",
        expiresAt: 1,
      },
    }),
  };
  const model = answering([["drop"]], "no");
  const ops = agent("ops", answering([delegate("reader")], "done"), helps("reader"));
  const { turn, entries } = await runTurn([ops, agent("reader", model, { tools: [asking] })]);
  await turn;
  expect(JSON.stringify(entries)).not.toContain("approval-requested");
  expect(model.requests[1]?.items.at(-1)).toMatchObject({
    result: { status: "failed", output: expect.stringContaining("can't ask a person") },
  });
});

test("agents inside calls go two deep, and no deeper", async () => {
  const c = answering("c was here");
  const b = answering([delegate("c")], "b was here");
  const a = answering([delegate("b")], "a was here");
  const agents = [agent("a", a, helps("b")), agent("b", b, helps("c")), agent("c", c, helps("a"))];
  const { turn, entries } = await runTurn(agents);
  expect(await turn).toMatchObject({ text: "a was here" });
  expect(b.requests[0]?.tools.map(({ name }) => name)).toEqual(["delegate_to_c"]);
  expect(c.requests[0]?.tools).toEqual([]);
  const nested = entries.filter((entry) => entry.type === "nested");
  expect(nested.map(({ agent: name, entry }) => `${name} ${entry.type}`)).toEqual([
    "b step",
    "c step",
    "b tool-result",
    "b step",
  ]);
  expect(new Set(nested.map(({ executionId }) => executionId)).size).toBe(2);
});

test("a guardrail of an agent inside a call that stops it ends the turn", async () => {
  const strict: Guardrail = { name: "strict", output: () => ({ type: "stop", reason: "leak" }) };
  const reader = agent("reader", answering("secret"), { guardrails: [strict] });
  const ops = agent("ops", answering([delegate("reader")], "never"), helps("reader"));
  const { turn, results } = await runTurn([ops, reader]);
  await expect(turn).rejects.toMatchObject({ code: "GUARDRAIL_STOPPED" });
  expect(results()).toMatchObject([{ status: "failed" }]);
  expect(JSON.stringify(results())).not.toContain("secret");
});

test("a model that fails inside a call is a failed call, with which its agent can go on", async () => {
  const reader = agent("reader", answering(new Error("no answer")));
  const ops = agent("ops", answering([delegate("reader")], "done without"), helps("reader"));
  const { turn, results } = await runTurn([ops, reader]);
  expect(await turn).toMatchObject({ text: "done without" });
  expect(results()).toMatchObject([{ status: "failed", output: "no answer" }]);
});

test("secrets are taken out of what an agent is told to do, and of why it is handed over to", async () => {
  const reader = answering("read");
  const net = answering("done");
  const ops = agent(
    "ops",
    answering(
      [delegate("reader", "log in with hunter2")],
      [["hand_off_to_net", { reason: "hunter2 is wrong" }]],
    ),
    { ...helps("reader"), handoffs: ["net"] },
  );
  const { turn, entries, progress } = await runTurn([
    ops,
    agent("reader", reader),
    agent("net", net),
  ]);
  await turn;
  expect(reader.requests[0]?.items).toMatchObject([{ text: "log in with ***" }]);
  expect(entries.find(({ type }) => type === "handed-off")).toMatchObject({
    reason: "*** is wrong",
  });
  expect(progress).toEqual(["ops hands over to net: *** is wrong"]);
});

test("an agent inside a call is held to the rules of approvals, and can't ask for one", async () => {
  let looked = 0;
  const look = tool("look", async () => `seen ${(looked += 1)}`);
  const reader = agent("reader", answering([["look"]], "could not"), { tools: [look] });
  const ops = agent("ops", answering([delegate("reader")], "done"), helps("reader"));
  const approvals: CallApprovals = {
    rules: { tools: { look: "ask" } },
    remembered: async () => [],
    standing: () => ({ type: "open", expiresAt: 9 }),
    due: () => [],
  };
  const { turn, entries } = await runTurn([ops, reader], { approvals });
  expect(await turn).toMatchObject({ outcome: "answered", text: "done" });
  expect(looked).toBe(0);
  const told = JSON.stringify(entries.filter(({ type }) => type === "nested"));
  expect(told).toContain("can't ask a person");
  expect(entries.map(({ type }) => type)).not.toContain("approval-requested");
});
