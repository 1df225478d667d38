import { expect, test } from "vitest";

import type { Item } from "../../../../src/agent/model.ts";
import type { Usage } from "../../../../src/core/journal.ts";
import { call, say } from "../../../../src/testing/twins/scripting/step.ts";
import { type Body, count, result, said, shell, start, user } from "./support.ts";

const instructions = "Help with operations. ".repeat(300);
const marks = ({ tools = [], system = [], messages }: Body) =>
  [...tools, ...system, ...messages.flatMap(({ content }) => content)].filter(
    (block) => block["cache_control"],
  );

/** A conversation of so many calls; what each step used, and how long its request was. */
async function steps(s: Awaited<ReturnType<typeof start>>, number: number) {
  const items: Item[] = [user("Look through the logs.")];
  const seen: { readonly usage: Usage; readonly bytes: number }[] = [];
  for (let step = 0; step < number; step += 1) {
    const response = await s.ask({ instructions, items, tools: [shell, count] });
    const bytes = JSON.stringify(s.body()).length;
    seen.push({ usage: response.usage, bytes });
    items.push(said(response));
    for (const one of response.toolCalls) items.push(result(one, `line ${step} `.repeat(40)));
    if (step % 5 === 4) items.push({ type: "note", text: "Approved." }, user("And the others?"));
  }
  return seen;
}

const script = (_: unknown, index: number) => call("bash", { command: `cat ${index}.log` });

test("each step reads from the cache what the former sent, and pays only for what is new", async () => {
  await using s = await start(script);
  const seen = await steps(s, 20);
  expect(seen[0]?.usage.cachedInputTokens).toBe(0);
  // All that a step had read, or written, is read by the next.
  expect(seen.slice(1).map(({ usage }) => usage.cachedInputTokens)).toEqual(
    seen.slice(0, -1).map(({ usage }) => usage.inputTokens),
  );
  const paid = seen.map(({ usage }) => usage.inputTokens - (usage.cachedInputTokens ?? 0));
  expect(seen.map(({ usage }) => usage.cacheWriteTokens)).toEqual(paid);
  const grown = seen.map(({ bytes }, index) => (bytes - (seen[index - 1]?.bytes ?? 0)) / 4);
  expect(paid.every((tokens, index) => tokens <= (grown[index] ?? 0) + 50)).toBe(true);
  expect(marks(s.body())).toHaveLength(4);
  expect(seen.at(-1)?.usage.inputTokens).toBeGreaterThan(4_000);
});

test("the last tool, the instructions and the newest two user messages are marked", async () => {
  await using s = await start(script, { cache: "1h" });
  await steps(s, 3);
  const { tools, system, messages } = s.body();
  const control = { cache_control: { type: "ephemeral", ttl: "1h" } };
  expect([tools?.at(-1), system?.at(-1)]).toMatchObject([control, control]);
  expect(
    messages.map(({ content }) => content.map((block) => block["cache_control"] !== undefined)),
  ).toEqual([[false], [false], [true], [false], [true]]);
  expect(marks(s.body())).toHaveLength(4);
});

test("without a cache, nothing is marked", async () => {
  await using s = await start(script, { cache: false });
  const seen = await steps(s, 3);
  expect(marks(s.body())).toEqual([]);
  expect(seen.map(({ usage }) => usage.cachedInputTokens)).toEqual([0, 0, 0]);
});

test("old tool results are cleared for who asks for it", async () => {
  await using s = await start(script, { clearToolUsesAtTokens: 2_500, cache: false });
  const seen = await steps(s, 20);
  expect(s.twin.requests.at(-1)?.headers["anthropic-beta"]).toBe("context-management-2025-06-27");
  expect(seen.at(-1)?.usage.inputTokens).toBeLessThan(4_500);
  expect(s.body()["context_management"]).toMatchObject({
    edits: [{ trigger: { type: "input_tokens", value: 2_500 } }],
  });
});

test("the vendor knows the session, and what is extra", async () => {
  await using s = await start([say("Yes.")], {
    extra: {
      service_tier: "standard_only",
      model: "other",
      tools: [{ type: "web_search_20250305", name: "web_search" }],
    },
  });
  await s.ask();
  expect(s.body()).toMatchObject({
    model: "claude-sonnet-5-5",
    metadata: { user_id: "k" },
    service_tier: "standard_only",
    max_tokens: 16_000,
  });
  expect(s.body().tools?.map((tool) => tool["name"])).toEqual(["bash", "web_search"]);
});
