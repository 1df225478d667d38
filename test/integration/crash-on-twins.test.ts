import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { describe, expect, test } from "vitest";
import { z } from "zod";

import { defineTool } from "../../src/agent/define-tool.ts";
import type { Model } from "../../src/agent/model.ts";
import { anthropicModel } from "../../src/agent/models/anthropic/anthropic.ts";
import { openaiModel } from "../../src/agent/models/openai/openai.ts";
import type { Tool } from "../../src/agent/tool.ts";
import type { Effect } from "../../src/core/journal.ts";
import { sqliteStore } from "../../src/store/sqlite/index.ts";
import { manualClock } from "../../src/testing/manual-clock.ts";
import { anthropicTwin } from "../../src/testing/twins/anthropic-twin.ts";
import { openaiTwin } from "../../src/testing/twins/openai-twin.ts";
import * as openai from "../../src/testing/twins/openai/steps.ts";
import * as shared from "../../src/testing/twins/scripting/step.ts";
import { messageTo, type Trouble, World } from "../sessions/world.ts";

/** What the model asks for, step by step; then it answers. */
const plan: readonly (readonly [tool: string, note: string][])[] = [
  [["look", "1"]],
  [["once", "2"]],
  [["keyed", "3"]],
  [
    ["once", "4a"],
    ["look", "4b"],
  ],
  [["once", "5"]],
  [["keyed", "6"]],
  [["look", "7"]],
  [["once", "8"]],
  [
    ["keyed", "9a"],
    ["once", "9b"],
  ],
];
const answer = "All nine steps are done.";

/** Which step a request asks for: the one after the last whose calls it names. */
function stepOf(body: unknown): number {
  const named = [...JSON.stringify(body).matchAll(/step_(\d+)/g)].map(([, number]) =>
    Number(number),
  );
  return Math.max(0, ...named);
}

interface Provider extends AsyncDisposable {
  readonly model: Model;
  /** How many answers the provider was asked to make. */
  readonly made: () => number;
}

async function onOpenai(background: boolean): Promise<Provider> {
  const answers = plan.map((calls) =>
    openai.all(
      ...calls.map(([tool, note]) => openai.call(tool, { note }, { callId: `step_${note}` })),
    ),
  );
  const twin = await openaiTwin({
    script: ({ items }) => answers[stepOf(items)] ?? openai.say(answer, { phase: "final_answer" }),
  });
  const { url, apiKey } = twin;
  return {
    model: openaiModel({ model: "gpt-5.6-luna", apiKey, baseUrl: `${url}/v1`, background }),
    made: () =>
      twin.requests.filter(({ method, path }) => method === "POST" && path.endsWith("/responses"))
        .length,
    [Symbol.asyncDispose]: () => twin[Symbol.asyncDispose](),
  };
}

async function onAnthropic(): Promise<Provider> {
  const answers = plan.map((calls) =>
    shared.together(
      ...calls.map(([tool, note]) => shared.call(tool, { note }, `toolu_step_${note}`)),
    ),
  );
  const twin = await anthropicTwin({
    script: ({ body }) => answers[stepOf(body)] ?? shared.say(answer),
  });
  return {
    model: anthropicModel({ model: "claude-sonnet-5-5", apiKey: "sk-twin", baseUrl: twin.url }),
    made: () => twin.requests.filter(({ path }) => path === "/v1/messages").length,
    [Symbol.asyncDispose]: () => twin[Symbol.asyncDispose](),
  };
}

/** Runs the turn on a bot whose process ends at one of its writes. */
async function turn(provider: Provider, troubles?: ReadonlyMap<number, Trouble>) {
  const folder = await mkdtemp(join(tmpdir(), "opsthread-crash-"));
  const clock = manualClock();
  const store = await sqliteStore({ folder, clock });
  const { model, answered } = watched(provider.model);
  const effects: { readonly tool: string; readonly note: string; readonly id: string }[] = [];
  const tool = (name: string, effect: Effect): Tool =>
    defineTool({
      name,
      description: name,
      input: z.object({ note: z.string() }),
      effect,
      async run({ note }, { executionId }) {
        effects.push({ tool: name, note, id: executionId });
        await Promise.resolve();
        return { status: "ok", output: `did ${note}`, measures: {}, artifacts: [] };
      },
    }) as Tool;
  const tools = [tool("look", "pure"), tool("once", "at-most-once"), tool("keyed", "idempotent")];
  const world = new World({
    store,
    clock,
    answered,
    engine: { model, tools },
    ...(troubles && { troubles }),
  });
  try {
    const thread = { platform: "test", workspace: "w", channel: "c", thread: "t" };
    await world.deliver(messageTo(thread, "m1", "do all nine"));
    await world.settle();
    const shown = world.shown.map(({ markdown }) => markdown);
    return { shown, effects, writes: world.writes, crashes: world.crashes };
  } finally {
    await world[Symbol.asyncDispose]();
    await store[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  }
}

/** The model, and a promise of the moment when none of its answers is on its way. */
function watched(model: Model): { readonly model: Model; readonly answered: () => Promise<void> } {
  const asked = new Set<Promise<void>>();
  return {
    model: {
      ...model,
      async *respond(request, options) {
        let over = (): void => {};
        const answered = new Promise<void>((resolve) => {
          over = resolve;
        });
        asked.add(answered);
        try {
          yield* model.respond(request, options);
        } finally {
          asked.delete(answered);
          over();
        }
      },
    },
    async answered() {
      await Promise.all(asked);
    },
  };
}

describe.each([
  ["OpenAI", () => onOpenai(false)],
  ["OpenAI, in the background", () => onOpenai(true)],
  ["Anthropic", onAnthropic],
])("a turn of ten steps on %s", (_, open) => {
  test("finishes wherever its process ends, does nothing twice, and asks at most once more", async () => {
    await using provider = await open();
    const calm = await turn(provider);
    const steps = plan.length + 1;
    expect(calm.shown).toEqual([answer]);
    expect(provider.made()).toBe(steps);
    const notes = calm.effects.map(({ note }) => note).toSorted();
    expect(notes).toEqual(
      plan
        .flat()
        .map(([, note]) => note)
        .toSorted(),
    );

    for (let write = 1; write <= calm.writes; write += 1)
      for (const trouble of ["crash-before", "crash-after"] as const) {
        const asked = provider.made();
        const { shown, effects, crashes } = await turn(provider, new Map([[write, trouble]]));
        const done = (tool: string) =>
          effects.filter((effect) => effect.tool === tool).map(({ note, id }) => `${note} ${id}`);
        const once = done("once");

        expect({
          where: `${trouble} of write ${write}`,
          shown,
          crashes,
          askedTooOften: provider.made() - asked > steps + 1,
          twice: once.filter((each, index) => once.indexOf(each) !== index),
          // The same key each time makes a repeat harmless.
          keyed: new Set(done("keyed")).size,
          look: new Set(done("look")).size,
        }).toEqual({
          where: `${trouble} of write ${write}`,
          shown: [answer],
          crashes: 1,
          askedTooOften: false,
          twice: [],
          keyed: 3,
          look: 3,
        });
      }
  });
});
