import { expect, test } from "vitest";

import type { OfferedTools, ToolSource } from "../../src/agent/tool.ts";
import { answering, tool } from "../agent/harness.ts";
import { fileStore } from "./file-store.ts";
import { messageTo, World } from "./world.ts";

const { clock, store, newThread } = await fileStore();

/** Offers one after the other, and keeps what it was asked. */
function offering(...offers: readonly OfferedTools[]) {
  const asked: { readonly sessionId: string; readonly image: string | undefined }[] = [];
  const source: ToolSource = {
    offer({ sessionId }, { image }) {
      asked.push({ sessionId, image });
      return Promise.resolve(offers[asked.length - 1] ?? { tools: [], notes: [] });
    },
  };
  return { source, asked };
}

const named = (name: string) => tool(name, () => Promise.resolve(`${name} did it`));

test("each turn has the tools that it is offered at its beginning", async () => {
  const thread = newThread();
  const model = answering([["first"]], "one", [["first"]], "two");
  const { source, asked } = offering(
    { tools: [named("first")], notes: [] },
    { tools: [named("second")], notes: [] },
  );
  await using world = new World({
    store,
    clock,
    engine: { model, tools: [named("own")], toolSource: source, image: () => "tools:1" },
  });
  await world.deliver(messageTo(thread, "s1", "go"));
  await world.settle();
  await world.deliver(messageTo(thread, "s2", "again"));
  await world.settle();

  const [first, , second] = model.requests;
  expect(first?.tools.map(({ name }) => name)).toEqual(["own", "first"]);
  expect(second?.tools.map(({ name }) => name)).toEqual(["own", "second"]);
  expect(asked.map(({ image }) => image)).toEqual(["tools:1", "tools:1"]);
  const results = model.requests
    .at(-1)
    ?.items.flatMap((item) => (item.type === "tool-result" ? [item.result.output] : []));
  expect(results).toEqual(["first did it", 'There is no tool named "first".']);
});

test("the model is told what the source says of missing tools", async () => {
  const thread = newThread();
  const model = answering("fine");
  const { source } = offering({ tools: [], notes: ["The tools of crm are not there."] });
  await using world = new World({ store, clock, engine: { model, toolSource: source } });
  await world.deliver(messageTo(thread, "n1", "go"));
  await world.settle();

  expect(model.requests[0]?.items).toContainEqual({
    type: "note",
    text: "The tools of crm are not there.",
  });
});

test("a turn in which the model is not asked asks for no tools", async () => {
  const thread = newThread();
  const { source, asked } = offering();
  await using world = new World({
    store,
    clock,
    engine: { model: answering("fine"), toolSource: source },
  });
  await world.deliver(messageTo(thread, "g1", "grants"));
  await world.settle();

  expect(world.shown).not.toEqual([]);
  expect(asked).toEqual([]);
});
