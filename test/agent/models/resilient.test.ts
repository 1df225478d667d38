import { expect, test } from "vitest";

import type { Model, ModelEvent, ModelRequest } from "../../../src/agent/model.ts";
import { modelError, type ModelErrorFacts } from "../../../src/agent/models/model-error.ts";
import { resilientModel, type RetryPolicy } from "../../../src/agent/models/resilient.ts";
import { Stopped } from "../../../src/core/abort.ts";
import { manualClock } from "../../../src/testing/manual-clock.ts";

type Call = (request: ModelRequest, signal: AbortSignal) => AsyncIterable<ModelEvent>;

const usage = { inputTokens: 10, outputTokens: 5 };

const says = (text: string): Call =>
  async function* answer() {
    yield { type: "text-delta", text };
    yield { type: "completed", response: { text, toolCalls: [], usage } };
  };
const fails = (facts: ModelErrorFacts): Call =>
  // eslint-disable-next-line require-yield -- It fails before it says anything.
  async function* failure() {
    throw modelError("test", "no", facts);
  };
const hangs: Call = async function* nothing() {
  yield { type: "text-delta", text: "half" };
  await new Promise(() => {});
};

// eslint-disable-next-line require-yield -- It fails before it says anything.
const broken: Call = async function* bug() {
  throw new TypeError("x is not a function");
};

function model(name: string, ...calls: readonly Call[]) {
  const requests: ModelRequest[] = [];
  const made: Model & { readonly requests: ModelRequest[] } = {
    name,
    requests,
    capabilities: { contextTokens: 100_000 },
    respond(request, { signal }) {
      const call = calls[requests.push(request) - 1];
      if (!call) throw new Error("Not expected");
      return call(request, signal);
    },
  };
  return made;
}

const request: ModelRequest = {
  instructions: "",
  items: [],
  tools: [],
  toolChoice: "auto",
  sessionKey: "k",
  stepKey: "s",
};

/** Asks, and lets time pass until the answer is there. */
async function ask(
  models: readonly [Model, ...Model[]],
  {
    retry,
    resume,
    signal = new AbortController().signal,
  }: { retry?: Partial<RetryPolicy>; resume?: unknown; signal?: AbortSignal } = {},
) {
  const clock = manualClock(0);
  const events: ModelEvent[] = [];
  const over = new AbortController();
  const asking = (async () => {
    const resilient = resilientModel(models, { clock, random: () => 1, ...(retry && { retry }) });
    try {
      for await (const event of resilient.respond({ ...request, resume }, { signal }))
        events.push(event);
    } finally {
      over.abort();
    }
  })();
  asking.catch(() => {}); // Told below.
  for (let second = 0; second < 4_000 && !over.signal.aborted; second += 1)
    await clock.advance(1_000);
  const error: unknown = await asking.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  const waits = events.flatMap((event) => (event.type === "retry" ? [event.waitMs] : []));
  const last = events.at(-1);
  const response = last?.type === "completed" ? last.response : undefined;
  return { events, error, waits, response, tookMs: clock.now() };
}

test.each(["rate-limit", "overloaded", "server", "network", "timeout"] as const)(
  "%s is tried again, with longer and longer waits",
  async (failure) => {
    const failing = fails({ failure });
    const { response, waits } = await ask([model("a", failing, failing, failing, says("well"))]);
    expect(response?.text).toBe("well");
    expect(waits).toEqual([500, 1_000, 2_000]);
  },
);

test.each(["auth", "not-found", "invalid", "context", "refused"] as const)(
  "%s is not",
  async (failure) => {
    const { error, waits } = await ask([model("a", fails({ failure }))]);
    expect(error).toMatchObject({ code: "MODEL_FAILED", data: { failure } });
    expect(waits).toEqual([]);
  },
);

test("the provider's own wait is kept to", async () => {
  const failing = fails({ failure: "rate-limit", retryAfterMs: 40_000 });
  const { waits, response } = await ask([model("a", failing, says("well"))]);
  expect(waits).toEqual([40_000]);
  expect(response?.text).toBe("well");
});

test("it gives up after its attempts, and before its deadline would pass", async () => {
  const failing = fails({ failure: "server" });
  const many = Array.from({ length: 9 }, () => failing);
  const a = model("a", ...many);
  expect((await ask([a], { retry: { attempts: 4 } })).error).toMatchObject({
    code: "MODEL_FAILED",
  });
  expect(a.requests).toHaveLength(4);
  const b = model("b", fails({ failure: "server", retryAfterMs: 20_000 }), says("late"));
  const late = await ask([b], { retry: { deadlineMs: 10_000 } });
  expect(late.error).toMatchObject({ data: { failure: "server" } });
  expect(b.requests).toHaveLength(1);
});

test("a call from which nothing comes is given up and made again, deaf or not", async () => {
  const { response, events } = await ask([model("a", hangs, says("well"))]);
  expect(response?.text).toBe("well");
  expect(events).toContainEqual(
    expect.objectContaining({ type: "retry", reason: expect.stringContaining("120 s") }),
  );
});

test("where one can't answer the next is asked, but not after a refusal", async () => {
  const b = model("b", says("from b"));
  const fallen = await ask([model("a", fails({ failure: "auth" })), b]);
  expect(fallen.response?.text).toBe("from b");
  expect(fallen.events).toContainEqual(
    expect.objectContaining({ type: "retry", waitMs: 0, reason: expect.stringContaining("b") }),
  );
  const refused = await ask([model("a", fails({ failure: "refused" })), model("b")]);
  expect(refused.error).toMatchObject({ data: { failure: "refused" } });
});

test("what failed attempts used is counted", async () => {
  const failing = fails({ failure: "server", usage });
  const { response } = await ask([model("a", failing, failing, says("well"))]);
  expect(response?.usage).toEqual({ inputTokens: 30, outputTokens: 15 });
});

test("what failed attempts used is told by the model that failed, also when all fail", async () => {
  const failing = fails({ failure: "server", usage });
  const cached = { ...usage, cachedInputTokens: 4 };
  const models = () =>
    [
      model("a", fails({ failure: "auth", usage: cached })),
      model("b", failing, says("well")),
    ] as const;
  const { response } = await ask(models());
  expect(response).toMatchObject({
    model: "b",
    usage: { inputTokens: 30, outputTokens: 15, cachedInputTokens: 4 },
    failed: [
      { model: "a", usage: cached },
      { model: "b", usage },
    ],
  });
  const { error } = await ask(models(), { retry: { attempts: 1 } });
  expect(error).toMatchObject({
    data: {
      failure: "server",
      failed: [
        { model: "a", usage: cached },
        { model: "b", usage },
      ],
    },
  });
});

test("a call is picked up by the model that began it, and by no other", async () => {
  const began: Call = async function* start() {
    yield { type: "started", handle: 7 };
    yield* says("well")(request, new AbortController().signal);
  };
  const { events } = await ask([model("a", fails({ failure: "auth" })), model("b", began)]);
  const started = events.find(({ type }) => type === "started");
  const [a, b] = [model("a", fails({ failure: "auth" })), model("b", says("on"))];
  await ask([a, b], { resume: started?.type === "started" ? started.handle : undefined });
  expect([a.requests[0]?.resume, b.requests[0]?.resume]).toEqual([undefined, 7]);
});

test("a stop ends a call and a wait at once, with its reason", async () => {
  for (const call of [hangs, fails({ failure: "rate-limit", retryAfterMs: 600_000 })]) {
    const stop = new AbortController();
    const reason = new Stopped("stop");
    setImmediate(() => stop.abort(reason));
    const { error, tookMs } = await ask([model("a", call, call)], { signal: stop.signal });
    expect(error).toBe(reason);
    expect(tookMs).toBeLessThan(200_000);
  }
});

test("a mistake of a driver is not covered up", async () => {
  const { error } = await ask([model("a", broken), model("b", says("never"))]);
  expect(error).toBeInstanceOf(TypeError);
});

test("tokens are counted by the model that would be asked first, once", async () => {
  const clock = manualClock(0);
  const own = model("b");
  let asked = 0;
  const counts: Model = {
    ...model("a"),
    countTokens() {
      asked += 1;
      return asked === 1 ? Promise.resolve(7) : Promise.reject(modelError("a", "no", failing));
    },
  };
  const failing = { failure: "server" } as const;
  const options = { signal: new AbortController().signal };
  const both = resilientModel([counts, own], { clock });
  expect(await both.countTokens?.(request, options)).toBe(7);
  await expect(both.countTokens?.(request, options)).rejects.toMatchObject({ data: failing });
  expect(asked).toBe(2);
  expect(resilientModel([own, counts], { clock })).not.toHaveProperty("countTokens");
});
