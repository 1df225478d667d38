import { expect, test } from "vitest";

import type { ModelEvent, ModelRequest } from "../../../src/agent/model.ts";
import {
  type Script,
  type ScriptedModel,
  scriptedModel,
} from "../../../src/agent/models/scripted.ts";
import { Stopped } from "../../../src/core/abort.ts";

const request: ModelRequest = {
  instructions: "Help.",
  items: [],
  tools: [],
  toolChoice: "auto",
  sessionKey: "k",
  stepKey: "s",
};

async function ask(
  model: ScriptedModel,
  signal: AbortSignal = new AbortController().signal,
): Promise<ModelEvent[]> {
  const events: ModelEvent[] = [];
  for await (const event of model.respond(request, { signal })) events.push(event);
  return events;
}

test("scriptedModel() answers in the order of its script", async () => {
  const model = scriptedModel([
    {
      toolCalls: [
        { tool: "shell", args: { command: "ls" } },
        { tool: "ask", args: "not json" },
      ],
    },
    { toolCalls: [{ tool: "shell" }, { tool: "shell", callId: "mine" }] },
    { text: "Done.", usage: { inputTokens: 3, outputTokens: 1 } },
  ]);
  const usage = { inputTokens: 0, outputTokens: 0 };
  expect(await ask(model)).toEqual([
    {
      type: "completed",
      response: {
        text: "",
        toolCalls: [
          { callId: "call_1", tool: "shell", args: '{"command":"ls"}' },
          { callId: "call_2", tool: "ask", args: "not json" },
        ],
        usage,
      },
    },
  ]);
  expect((await ask(model))[0]).toMatchObject({
    response: { toolCalls: [{ callId: "call_3", args: "{}" }, { callId: "mine" }] },
  });
  expect(await ask(model)).toEqual([
    { type: "text-delta", text: "Done." },
    {
      type: "completed",
      response: { text: "Done.", toolCalls: [], usage: { inputTokens: 3, outputTokens: 1 } },
    },
  ]);
});

test("scriptedModel() records what it was called with", async () => {
  const script: Script = (_, call) => ({ text: `answer ${call}` });
  const model = scriptedModel(script);
  await ask(model);
  expect((await ask(model)).at(-1)).toMatchObject({ response: { text: "answer 1" } });
  expect(model.requests).toEqual(
    Array.from({ length: 2 }, () => ({
      instructions: "Help.",
      items: 0,
      tools: 0,
      toolChoice: "auto",
    })),
  );
});

test("scriptedModel() gives a whole response as it is", async () => {
  const response = {
    text: "hi",
    toolCalls: [{ callId: "x", tool: "t", args: "{}" }],
    usage: { inputTokens: 1, outputTokens: 2 },
    provider: { id: 7 },
  };
  expect((await ask(scriptedModel([response]))).at(-1)).toEqual({ type: "completed", response });
});

test("scriptedModel() throws the error of its script, and MODEL_FAILED at its end", async () => {
  const model = scriptedModel([{ error: new Error("overloaded") }]);
  await expect(ask(model)).rejects.toThrow("overloaded");
  await expect(ask(model)).rejects.toMatchObject({ code: "MODEL_FAILED" });
});

test("scriptedModel() waits for delayUntil, or for the signal", async () => {
  let release = (): void => {};
  const delayUntil = new Promise<void>((resolve) => {
    release = resolve;
  });
  const model = scriptedModel(() => ({ text: "late", delayUntil }));
  const stop = new AbortController();
  const stopped = ask(model, stop.signal);
  stop.abort(new Stopped("stop"));
  await expect(stopped).rejects.toBe(stop.signal.reason);

  const waiting = ask(model);
  release();
  expect((await waiting).at(-1)).toMatchObject({ response: { text: "late" } });
});
