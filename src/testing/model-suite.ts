import assert from "node:assert/strict";

import type { Item, Model, ModelEvent, ModelRequest } from "../agent/model.ts";
import type { ModelFailure } from "../agent/models/model-error.ts";
import { isOpsthreadError } from "../core/errors.ts";
import type { ModelResponse } from "../core/journal.ts";
import { defineSuite, type SuiteOptions } from "./suite.ts";

/** What the provider behind a model does with the next request, in the words of no vendor. */
export type ProviderStep =
  | { readonly type: "text"; readonly text: string }
  | {
      readonly type: "calls";
      readonly text?: string;
      /** `args` as the model writes them: JSON, or what it takes for it. */
      readonly calls: readonly { readonly tool: string; readonly args: string }[];
    }
  /** Answers with this failure, asking to wait this long where the vendor has a header for that. */
  | { readonly type: "fails"; readonly failure: ModelFailure; readonly retryAfterMs?: number }
  /** Closes the connection instead of an answer, or in the middle of one. */
  | { readonly type: "drops" | "cuts" }
  /** Sends a part of its answer, then nothing more until the client goes. */
  | { readonly type: "stalls" }
  | { readonly type: "refuses" };

export interface ModelUnderTest extends AsyncDisposable {
  readonly model: Model;
  /** What comes next, in order. */
  readonly will: (...steps: readonly ProviderStep[]) => void;
  /** How many requests for an answer have come in. */
  readonly requests: () => number;
  /** Resolves when the client has gone before its answer was complete. */
  readonly gone?: () => Promise<void>;
}

/** What every driver of the {@link Model} port that talks to a provider must do. */
export function modelSuite(
  options: SuiteOptions & { readonly open: () => Promise<ModelUnderTest> },
): void {
  defineSuite(cases, options);
}

const { signal: never } = new AbortController();
const tool = {
  name: "count",
  description: "Counts lines.",
  parameters: {
    type: "object",
    properties: { file: { type: "string" } },
    required: ["file"],
    additionalProperties: false,
  },
};

const user = (text: string): Item => ({ type: "user", actor: "Ada", text, files: [] });

const requestOf = (items: readonly Item[], more: Partial<ModelRequest> = {}): ModelRequest => ({
  instructions: "Help.",
  items,
  tools: [tool],
  toolChoice: "auto",
  sessionKey: "k",
  stepKey: "s",
  ...more,
});

async function ask(
  model: Model,
  request: ModelRequest,
  signal = never,
): Promise<{ readonly events: readonly ModelEvent[]; readonly response: ModelResponse }> {
  const events: ModelEvent[] = [];
  for await (const event of model.respond(request, { signal })) events.push(event);
  const last = events.at(-1);
  assert(last?.type === "completed", `The last event is ${last?.type}, expected "completed"`);
  assert.equal(events.filter(({ type }) => type === "completed").length, 1);
  return { events, response: last.response };
}

async function failureOf(
  model: Model,
  request: ModelRequest,
): Promise<Readonly<Record<string, unknown>>> {
  try {
    await ask(model, request);
  } catch (error) {
    assert(isOpsthreadError(error, "MODEL_FAILED"), String(error));
    return error.data;
  }
  throw new assert.AssertionError({ message: "It answered, expected a failure" });
}

const resultOf = (
  { callId, tool: name, args }: ModelResponse["toolCalls"][number],
  output: string,
): Item => ({
  type: "tool-result",
  call: { callId, tool: name, args },
  result: { status: "ok", output, measures: { exitCode: 0 }, artifacts: [] },
});

function abortedWith(reason: Error): AbortController {
  const stop = new AbortController();
  stop.abort(reason);
  return stop;
}

type Cases = Readonly<Record<string, (subject: ModelUnderTest) => Promise<void>>>;

const cases: Cases = {
  "an answer in words is streamed, and told whole with its usage": async ({ model, will }) => {
    will({ type: "text", text: "All is well, as far as I can see." });
    const { events, response } = await ask(model, requestOf([user("How is it?")]));
    const deltas = events.flatMap((event) => (event.type === "text-delta" ? [event.text] : []));
    assert.equal(deltas.join(""), response.text);
    assert.equal(response.text, "All is well, as far as I can see.");
    assert.deepEqual(response.toolCalls, []);
    assert(response.usage.inputTokens > 0 && response.usage.outputTokens > 0);
  },

  "calls are told with ids of their own, and their results go back": async ({ model, will }) => {
    const calls = [
      { tool: "count", args: '{"file":"a"}' },
      { tool: "count", args: '{"file":"b"}' },
    ];
    will({ type: "calls", text: "Counting.", calls }, { type: "text", text: "3 and 4." });
    const items: Item[] = [user("Count a and b.")];
    const { response } = await ask(model, requestOf(items));
    assert.deepEqual(
      response.toolCalls.map(({ tool: name, args }) => [name, JSON.parse(args)]),
      [
        ["count", { file: "a" }],
        ["count", { file: "b" }],
      ],
    );
    assert.equal(new Set(response.toolCalls.map(({ callId }) => callId)).size, 2);
    items.push({ type: "assistant", response });
    for (const call of response.toolCalls) items.push(resultOf(call, "3"));
    assert.equal((await ask(model, requestOf(items))).response.text, "3 and 4.");
  },

  "a long conversation keeps to the provider's rules": async ({ model, will }) => {
    const items: Item[] = [];
    for (let turn = 0; turn < 5; turn += 1) {
      items.push(user(`Message ${turn}`), { type: "note", text: "The budget is nearly spent." });
      will(
        { type: "calls", calls: [{ tool: "count", args: '{"file":"a"}' }] },
        { type: "text", text: `Answer ${turn}` },
      );
      const first = (await ask(model, requestOf(items))).response;
      items.push({ type: "assistant", response: first });
      for (const call of first.toolCalls) items.push(resultOf(call, ""));
      items.push({ type: "note", text: "The sandbox was changed." }, user("And?"));
      const second = (await ask(model, requestOf(items))).response;
      assert.equal(second.text, `Answer ${turn}`);
      items.push({ type: "assistant", response: second });
    }
  },

  "arguments that are no JSON are passed on as they are": async ({ model, will }) => {
    will({ type: "calls", calls: [{ tool: "count", args: '{"file": ' }] });
    const { response } = await ask(model, requestOf([user("Count.")]));
    assert.equal(response.toolCalls[0]?.args, '{"file": ');
  },

  "a conversation that another model has begun is taken over": async ({ model, will }) => {
    const call = { callId: "other-1", tool: "count", args: '{"file":"a"}' };
    const usage = { inputTokens: 1, outputTokens: 1 };
    const items: Item[] = [
      user("Count."),
      {
        type: "assistant",
        response: { text: "", toolCalls: [call], usage, provider: { of: "another vendor" } },
      },
      resultOf(call, "3"),
      user("Thanks. And now?"),
    ];
    will({ type: "text", text: "Nothing." });
    assert.equal((await ask(model, requestOf(items))).response.text, "Nothing.");
  },

  "without tools, words are all that is asked for": async ({ model, will }) => {
    will({ type: "text", text: "I stop here." });
    const request = requestOf([user("Go on.")], { tools: [], toolChoice: "none" });
    assert.equal((await ask(model, request)).response.text, "I stop here.");
  },

  "a failure says of which kind it is, and how long to wait": async ({ model, will }) => {
    for (const failure of ["rate-limit", "overloaded", "server", "auth", "context"] as const) {
      const wait = failure === "rate-limit" ? { retryAfterMs: 7_000 } : {};
      will({ type: "fails", failure, ...wait });
      const data = await failureOf(model, requestOf([user("Hello?")]));
      assert.equal(data["failure"], failure);
      if (failure === "rate-limit") assert.equal(data["retryAfterMs"], 7_000);
    }
  },

  "it does not try again by itself": async ({ model, will, requests }) => {
    will({ type: "fails", failure: "server" }, { type: "text", text: "later" });
    await failureOf(model, requestOf([user("Hello?")]));
    assert.equal(requests(), 1);
  },

  "a broken connection is told as such, also in the middle of an answer": async ({
    model,
    will,
  }) => {
    for (const type of ["drops", "cuts"] as const) {
      will({ type });
      const data = await failureOf(model, requestOf([user("Hello?")]));
      assert.equal(data["failure"], "network");
    }
  },

  "a refusal is told as such": async ({ model, will }) => {
    will({ type: "refuses" });
    const data = await failureOf(model, requestOf([user("Hello?")]));
    assert.equal(data["failure"], "refused");
  },

  "where it counts tokens, it counts what an answer then says it has read": async ({
    model,
    will,
    requests,
  }) => {
    if (!model.countTokens) return;
    const calls = [{ tool: "count", args: '{"file":"a"}' }];
    will({ type: "calls", text: "Counting.", calls }, { type: "text", text: "3." });
    const items: Item[] = [user(`Count a. ${"Take your time. ".repeat(200)}`)];
    for (const result of ["3 ".repeat(2_000), ""]) {
      const before = requests();
      const counted = await model.countTokens(requestOf(items), { signal: never });
      assert.equal(requests(), before, "Counting asked for an answer");
      const { response } = await ask(model, requestOf(items));
      const { inputTokens } = response.usage;
      const isNear = Math.abs(counted - inputTokens) <= inputTokens * 0.05;
      assert(isNear, `It counted ${counted} tokens, the answer says ${inputTokens}`);
      items.push({ type: "assistant", response });
      for (const call of response.toolCalls) items.push(resultOf(call, result));
    }
  },

  "counting ends with the signal's reason": async ({ model }) => {
    if (!model.countTokens) return;
    const reason = new Error("stop");
    const { signal } = abortedWith(reason);
    const counting = async (): Promise<unknown> =>
      model.countTokens?.(requestOf([user("Hello?")]), { signal });
    await assert.rejects(counting, (error) => error === reason);
  },

  "it ends at once with the signal's reason": async ({ model, will, gone }) => {
    will({ type: "stalls" });
    const stop = new AbortController();
    const reason = new Error("stop");
    const asking = ask(model, requestOf([user("Hello?")]), stop.signal);
    setTimeout(() => stop.abort(reason), 50);
    const began = performance.now();
    await assert.rejects(asking, (error) => error === reason);
    assert(performance.now() - began < 1_000);
    await gone?.();
    await assert.rejects(
      ask(model, requestOf([user("Hello?")]), stop.signal),
      (error) => error === reason,
    );
  },
};
