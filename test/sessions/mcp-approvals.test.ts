import { expect, test } from "vitest";

import { McpServers } from "../../src/agent/mcp/config.ts";
import { serverTool } from "../../src/agent/mcp/server-tool.ts";
import type { ToolSource } from "../../src/agent/tool.ts";
import { sessionIdOf } from "../../src/core/ids.ts";
import { AccessConfig, createAccess } from "../../src/security/access.ts";
import { answering } from "../agent/harness.ts";
import { deciding } from "./crew.ts";
import { fileStore } from "./file-store.ts";
import { agentsOf, messageTo, type Trouble, World, type WorldEngine } from "./world.ts";

const { clock, store, newThread } = await fileStore();

const gate = createAccess(
  AccessConfig.parse({
    users: ["test:w:ann"],
    approvers: ["test:w:bob"],
    channels: ["test:w:c"],
  }),
);

/** The tools of a server that is to be asked for `restart`, and not for `look`. */
function server() {
  const called: string[] = [];
  const { ops: config } = McpServers.parse({
    ops: { type: "http", url: "http://127.0.0.1:9/mcp", approval: ["restart"] },
  });
  if (!config) throw new Error("No config");
  const tools = ["restart", "look"].map((name) =>
    serverTool(
      { name, description: "", parameters: { type: "object" }, readOnly: false, idempotent: false },
      {
        server: "ops",
        config,
        async call({ args }) {
          called.push(`${name} ${JSON.stringify(args)}`);
          return { type: "answered", result: { content: [{ type: "text", text: "did it" }] } };
        },
      },
    ),
  );
  const source: ToolSource = { offer: async () => ({ tools, notes: [] }) };
  return { source, called };
}

function begin(engine: WorldEngine, troubles: ReadonlyMap<number, Trouble> = new Map()) {
  const thread = newThread();
  const world = new World({ store, clock, engine: { gate, ...engine }, troubles });
  let said = 0;
  return {
    world,
    async say(who: string, text: string) {
      const message = messageTo(thread, `${thread.thread}-${(said += 1)}`, text);
      const actor = { id: who, name: who, roles: [] };
      await world.deliver({ ...message, actor, sentAt: clock.now() });
      await world.settle();
    },
    async journal() {
      const records = await store.readJournal(sessionIdOf(thread), { after: 0 });
      return records.map(({ entry }) => entry);
    },
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  };
}

const restart = (name: string) => ["mcp_ops_restart", { name }] as [string, object];

test("a server's tool that is to be approved waits, and runs exactly once when it is", async () => {
  const { source, called } = server();
  const model = answering([["mcp_ops_look"], restart("web")], "restarted");
  await using bot = begin({ model, toolSource: source });
  await bot.say("ann", "restart web");
  expect(called).toEqual(["look {}"]);
  const [card] = bot.world.shown.flatMap(({ approval }) => approval ?? []);
  expect(card?.title).toBe("The agent asks to call mcp_ops_restart");
  expect(model.requests).toHaveLength(1);

  await bot.say("ann", "approve");
  expect(called).toEqual(["look {}"]);
  await bot.say("bob", "approve");
  await bot.say("bob", "approve");
  expect(called).toEqual(["look {}", 'restart {"name":"web"}']);
  expect(JSON.stringify(model.requests[1]?.items.at(-1))).toContain("did it");
});

test.each<Trouble>(["crash-before", "crash-after", "lease-lost"])(
  "whichever write is interrupted (%s), it does not run twice, nor unapproved",
  async (trouble) => {
    const untroubled = await approveOnce(new Map());
    expect(untroubled.called).toEqual(['restart {"name":"web"}']);
    for (let write = 1; write <= untroubled.writes; write += 1) {
      const { called, early } = await approveOnce(new Map([[write, trouble]]));
      expect(early).toEqual([]);
      expect(called.length).toBeLessThanOrEqual(1);
    }
  },
);

async function approveOnce(troubles: ReadonlyMap<number, Trouble>) {
  const { source, called } = server();
  const model = deciding("ops", ({ results }) =>
    results("mcp_ops_restart").length > 0 ? "done" : [restart("web")],
  );
  await using bot = begin({ model, toolSource: source }, troubles);
  await bot.say("ann", "restart web");
  const early = [...called];
  await bot.say("bob", "approve");
  return { called, early, writes: bot.world.writes };
}

test("an agent inside a call has it refused, and nobody is asked", async () => {
  const { source, called } = server();
  const inner = answering([restart("web"), ["mcp_ops_look"]], "It would have to be restarted.");
  const outer = answering([["delegate_to_helper", { brief: "restart web" }]], "told");
  const budget = { steps: 9, tokens: 9_999, ms: 9_999_999 };
  const agents = agentsOf(
    { name: "ops", model: outer, delegates: [{ agent: "helper", budget }] },
    { name: "helper", model: inner },
  );
  await using bot = begin({ agents, toolSource: source });
  await bot.say("ann", "restart web");
  await bot.say("bob", "approve");
  expect(called).toEqual(["look {}"]);
  const results = inner.requests[1]?.items.flatMap((item) =>
    item.type === "tool-result" ? [`${item.result.status} ${item.result.output}`] : [],
  );
  expect(results).toEqual([
    expect.stringContaining("failed Not asked: an agent inside a call can't ask a person"),
    expect.stringContaining("ok"),
  ]);
  expect(JSON.stringify(await bot.journal())).not.toContain("approval-requested");
});
