import { expect, test } from "vitest";

import type { Agent, Place } from "../src/agent/agent.ts";
import { opsAgent } from "../src/agent/agents/ops.ts";
import type { Route } from "../src/agent/route.ts";
import type { Tool } from "../src/agent/tool.ts";
import { builtinTools } from "../src/agent/tools/builtin.ts";
import { type Logger, silentLogger } from "../src/core/logger.ts";
import { openAgents } from "../src/open-agents.ts";
import { Limits, Permissions } from "../src/sandbox/permissions.ts";
import { answering, tool } from "./agent/harness.ts";

const place: Pick<Place, "sandbox" | "permissions" | "limits" | "sources"> = {
  sandbox: {
    isolation: "container",
    realPrograms: true,
    network: true,
    reattach: true,
    measuresUse: true,
    limitations: [],
  },
  permissions: Permissions.parse({}),
  limits: Limits.parse({}),
  sources: [],
};

const open = (
  agents: readonly Partial<Agent>[],
  { route, log = silentLogger }: { readonly route?: Route; readonly log?: Logger } = {},
) =>
  openAgents([...agents.map((agent) => ({ name: "a", description: "", ...agent })), opsAgent], {
    route,
    fallback: "ops",
    model: answering("common"),
    openModel: (wanted) => Promise.resolve({ ...answering(), name: [wanted].flat().join("+") }),
    builtins: builtinTools({ tasks: [] }),
    guardrails: [{ name: "common" }],
    place: () => place,
    log,
  });

const thread = (channel: string, workspace = "T1") => ({
  platform: "slack",
  workspace,
  channel,
  thread: "1",
});

/** As it comes from plain JavaScript. */
const untyped = (tools: object[]): readonly Tool[] => JSON.parse(JSON.stringify(tools));

test.each<[string, readonly Partial<Agent>[], string]>([
  ["a name that is none", [{ name: "a b" }], 'agents[0].name: "a b" is no name'],
  ["two of one name", [{}, {}], 'agents[1].name: there is an agent "a" already'],
  [
    "a handoff to nobody",
    [{ handoffs: ["x"] }],
    'agents[0].handoffs[0]: there is no agent "x", expected one of ops',
  ],
  [
    "what is no tool",
    [{ tools: untyped([{ name: "x", execute() {} }]) }],
    "agents[0].tools[0]: it is no tool",
  ],
  ["a handoff to itself", [{ handoffs: ["a"] }], 'agents[0].handoffs[0]: "a" names itself'],
  [
    "a handoff twice",
    [{ handoffs: ["ops", "ops"] }],
    'agents[0].handoffs[1]: "ops" is named twice',
  ],
  [
    "work for nobody",
    [{ delegates: [{ agent: "x" }] }],
    'agents[0].delegates[0]: there is no agent "x"',
  ],
  [
    "a built-in tool that is none",
    [{ builtins: ["bash"] }],
    'agents[0].builtins[0]: there is no built-in tool "bash", expected one of shell',
  ],
  [
    "two tools of one name",
    [{ tools: [tool("shell", async () => "")] }],
    'the tools of agent "a": two are named "shell"',
  ],
])("%s is refused, with its place and what to do", async (_, agents, message) => {
  await expect(open(agents)).rejects.toMatchObject({
    code: "CONFIG_INVALID",
    message: expect.stringContaining(`Cannot use ${message}`),
  });
});

test("an agent has what it says, and from the bot what it does not say", async () => {
  const { byName } = await open([
    {
      model: ["x/1", "x/2"],
      settings: { effort: "low" },
      instructions: ({ tools }) => `Use ${tools.join(" ")}.`,
      builtins: ["read_file"],
      tools: [tool("ping", async () => "")],
      guardrails: [{ name: "own" }],
      handoffs: ["ops"],
      delegates: [{ agent: "ops", budget: { steps: 3 } }],
    },
  ]);
  const a = byName.get("a");
  expect(a?.model.name).toBe("x/1+x/2");
  expect(a?.settings).toEqual({ effort: "low" });
  expect(a?.guardrails.map(({ name }) => name)).toEqual(["common", "own"]);
  expect(a?.instructions(thread("C1"))).toBe("Use read_file ping hand_off_to_ops delegate_to_ops.");
  expect(a?.delegates).toEqual([
    { agent: "ops", budget: { steps: 3, tokens: 300_000, ms: 600_000 } },
  ]);
  const ops = byName.get("ops");
  expect(ops?.model.name).toBe("test/answering");
  expect(ops?.instructions(thread("C1"))).toContain('you are the agent "ops", one of several');
});

test("threads are routed by channel, by workspace, by a function, and else to ops", async () => {
  const table = { "slack:T1:C1": "a", "slack:T2:*": "a", "slack:T2:C2": "ops" };
  const { route } = await open([{}], { route: table });
  expect(route(thread("C1"))).toBe("a");
  expect(route(thread("C2"))).toBe("ops");
  expect(route(thread("C1", "T2"))).toBe("a");
  expect(route(thread("C2", "T2"))).toBe("ops");
  expect((await open([{}], { route: "a" })).route(thread("C9"))).toBe("a");
  const byFunction = await open([{}], {
    route: ({ channel }) => (channel === "C1" ? "a" : undefined),
  });
  expect([thread("C1"), thread("C2")].map(byFunction.route)).toEqual(["a", "ops"]);
});

test("a route to nobody is refused; a function that throws leads to ops, and is logged", async () => {
  await expect(open([{}], { route: { "slack:T1:C1": "x" } })).rejects.toMatchObject({
    code: "CONFIG_INVALID",
    message: 'Cannot use route["slack:T1:C1"]: there is no agent "x", expected one of a, ops',
  });
  await expect(open([{}], { route: "x" })).rejects.toThrow(
    'Cannot use route: there is no agent "x"',
  );
  const logged: unknown[] = [];
  const log = { ...silentLogger, error: (data: object) => void logged.push(data) };
  const { route } = await open([{}], {
    route: () => {
      throw new Error("broken");
    },
    log,
  });
  expect(route(thread("C1"))).toBe("ops");
  expect(logged).toEqual([{ error: "broken" }]);
});
