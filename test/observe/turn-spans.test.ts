import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { SpanStatusCode, trace } from "@opentelemetry/api";
import { AlwaysOffSampler } from "@opentelemetry/sdk-trace-base";
import { afterEach, beforeEach, expect, test } from "vitest";

import type { Model } from "../../src/agent/model.ts";
import { requestAccessTool } from "../../src/agent/tools/request-access.ts";
import { shellTool } from "../../src/agent/tools/shell.ts";
import { OpsthreadError } from "../../src/core/errors.ts";
import { sessionIdOf } from "../../src/core/ids.ts";
import type { OpenSpan } from "../../src/observe/record-spans.ts";
import { sqliteStore } from "../../src/store/sqlite/index.ts";
import type { Store } from "../../src/store/store.ts";
import { manualClock } from "../../src/testing/manual-clock.ts";
import { answering, tool } from "../agent/harness.ts";
import { DurableSandboxes } from "../sessions/durable-sandboxes.ts";
import { messageTo, World, type WorldEngine, type WorldOptions } from "../sessions/world.ts";
import { outline, type Watch, watch } from "./watch.ts";

const clock = manualClock();
const thread = { platform: "test", workspace: "w", channel: "c", thread: "t" };
let folder: string;
let store: Store;
let world: World;
let watched: Watch;
let said = 0;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "opsthread-spans-"));
  store = await sqliteStore({ folder, clock });
});
afterEach(async () => {
  await world[Symbol.asyncDispose]();
  watched[Symbol.dispose]();
  await store[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

function begin(
  engine: WorldEngine,
  {
    watching = {},
    ...more
  }: Partial<WorldOptions> & { readonly watching?: Partial<Parameters<typeof watch>[0]> } = {},
): void {
  watched = watch({ clock, ...watching });
  world = new World({ store, clock, ...more, engine: { tracer: watched.tracer, ...engine } });
}

async function say(text: string): Promise<void> {
  await world.deliver({ ...messageTo(thread, `m${(said += 1)}`, text), sentAt: clock.now() });
  await world.settle();
}

const named = (name: string): OpenSpan[] => watched.recorded.filter((span) => span.name === name);
const eventsOf = (span: OpenSpan | undefined) =>
  span?.events.map(({ name, facts }) => [name, facts]);
const exportedAs = (name: string) => watched.exported().filter((span) => span.name === name);

const look = tool("look", async () => "seen");
const hasBegun = (sandboxes: DurableSandboxes) => () => sandboxes.types().includes("began");

test("a turn has its steps, a step its model call and its calls, a call its commands", async () => {
  const sandboxes = new DurableSandboxes();
  begin({
    model: answering([["look"], ["shell", { command: "make" }]], "done"),
    tools: [look, shellTool()],
    sandboxes,
  });
  await world.deliver(messageTo(thread, "m", "build it"));
  await world.until(hasBegun(sandboxes));
  sandboxes.finish(3, "2 of 14 failed");
  await world.settle();
  expect(outline(watched.recorded)).toEqual([
    "receive",
    "turn answered",
    "  step",
    "    model",
    "    tool look",
    "    tool shell ! failed",
    "      sandbox-exec exit",
    "  sandbox-open",
    "  step",
    "    model",
    "  post sent",
  ]);
  const session = sessionIdOf(thread);
  expect(named("turn")[0]?.facts).toMatchObject({
    session,
    turn: 1,
    platform: "test",
    attempt: 1,
    steps: 2,
    messages: 1,
    sandbox: "durable",
  });
  for (const span of watched.recorded) expect(span.facts).toMatchObject({ session });
  expect(named("sandbox-exec")[0]?.facts).toMatchObject({ exitCode: 3, stdoutBytes: 14 });
  expect(named("tool")[1]?.facts).toMatchObject({
    status: "failed",
    exitCode: 3,
    effect: "reattach",
  });
});

test("OpenTelemetry is told the same under the same ids, by the names of its conventions", async () => {
  begin({ model: answering([["look"]], "done"), tools: [look] });
  await say("look");
  const ids = (spans: readonly { traceId: string; spanId: string; parentId?: string }[]) =>
    spans
      .map(({ traceId, spanId, parentId = "" }) => `${traceId} ${spanId} ${parentId}`)
      .toSorted();
  expect(
    ids(
      watched.exported().map((span) => ({
        ...span.spanContext(),
        ...(span.parentSpanContext && { parentId: span.parentSpanContext.spanId }),
      })),
    ),
  ).toEqual(ids(watched.recorded));
  // Which ends first is chance: the answer's way into the thread, or the turn.
  expect(
    watched
      .exported()
      .map(({ name }) => name)
      .toSorted(),
  ).toEqual([
    "chat answering",
    "chat answering",
    "execute_tool look",
    "invoke_agent ops",
    "post test",
    "receive test",
    "step",
    "step",
  ]);
  expect(exportedAs("invoke_agent ops")[0]?.attributes).toMatchObject({
    "gen_ai.operation.name": "invoke_agent",
    "gen_ai.conversation.id": sessionIdOf(thread),
    "opsthread.turn": 1,
    "opsthread.outcome": "answered",
  });
  expect(exportedAs("execute_tool look")[0]?.attributes).toMatchObject({
    "gen_ai.operation.name": "execute_tool",
    "gen_ai.tool.name": "look",
    "gen_ai.tool.call.id": expect.any(String),
  });
  expect(exportedAs("chat answering")[0]?.attributes).toMatchObject({
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "test",
    "gen_ai.request.model": "answering",
    "gen_ai.usage.input_tokens": 100,
    "gen_ai.usage.output_tokens": 10,
  });
});

test("a turn is linked to the arrival of what it reads, and its posts belong to it", async () => {
  begin({ model: answering("hello") });
  await say("hi");
  const [received, turn, post] = [named("receive")[0], named("turn")[0], named("post")[0]];
  expect(turn?.links).toEqual([`00-${received?.traceId}-${received?.spanId}-01`]);
  expect(turn?.traceId).not.toBe(received?.traceId);
  expect(post).toMatchObject({ traceId: turn?.traceId, parentId: turn?.spanId });
  const exported = exportedAs("invoke_agent ops")[0];
  expect(exported?.links[0]?.context.spanId).toBe(received?.spanId);
  expect(exported?.parentSpanContext).toBeUndefined();
});

const stuttering: Model = {
  name: "openai/gpt",
  capabilities: { contextTokens: 1_000_000 },
  async *respond() {
    await Promise.resolve();
    yield { type: "text-delta", text: "he" };
    yield { type: "retry", attempt: 1, waitMs: 500, reason: "429" };
    yield { type: "text-delta", text: "hello" };
    const usage = { inputTokens: 10, outputTokens: 2, cachedInputTokens: 8, reasoningTokens: 1 };
    const about = { responseId: "resp_1", finish: "stop" };
    yield { type: "completed", response: { text: "hello", toolCalls: [], usage }, about };
  },
};

test("retries are events of the model's span, and what it used are its facts", async () => {
  begin({ model: stuttering });
  await say("hi");
  expect(eventsOf(named("model")[0])).toEqual([
    ["first-text", {}],
    ["retry", { attempt: 1, waitMs: 500, reason: "429" }],
  ]);
  const [chat] = exportedAs("chat gpt");
  expect(chat?.attributes).toMatchObject({
    "gen_ai.usage.cache_read.input_tokens": 8,
    "gen_ai.usage.reasoning.output_tokens": 1,
    "gen_ai.response.id": "resp_1",
    "gen_ai.response.finish_reasons": ["stop"],
  });
  expect(chat?.events.map(({ name }) => name)).toEqual(["first-text", "retry"]);
  expect(chat?.status.code).toBe(SpanStatusCode.UNSET);
});

test("a failure is the status of the model's span and of the turn's, by its code", async () => {
  begin({ model: answering(new OpsthreadError("MODEL_FAILED", "Cannot reach it")) });
  await say("hi");
  expect(outline(watched.recorded)).toEqual([
    "receive",
    "turn failed ! MODEL_FAILED",
    "  step",
    "    model ! MODEL_FAILED",
    "  post sent",
  ]);
  for (const name of ["chat answering", "invoke_agent ops"])
    expect(exportedAs(name)[0]).toMatchObject({
      status: { code: SpanStatusCode.ERROR, message: "Cannot reach it" },
      attributes: { "error.type": "MODEL_FAILED" },
    });
});

test("a stop ends the turn's spans, and is no failure of the turn", async () => {
  const sandboxes = new DurableSandboxes();
  begin({ model: answering([["shell", { command: "sleep" }]]), tools: [shellTool()], sandboxes });
  await world.deliver(messageTo(thread, "m", "wait"));
  await world.until(hasBegun(sandboxes));
  await say("stop");
  expect(outline(watched.recorded.filter(({ name }) => name !== "receive"))).toEqual([
    "turn stopped",
    "  step",
    "    model",
    "    tool shell ! stopped",
    "      sandbox-exec stopped ! stopped",
    "  sandbox-open",
    "  post sent",
  ]);
  expect(watched.recorded.every(({ ms }) => ms !== undefined)).toBe(true);
});

test("an approval is asked for in one turn, and decided in the next one, which knows how long that took", async () => {
  const request = { kind: "host", value: "example.com:443", reason: "to fetch" };
  begin({
    model: answering([["request_access", request]], "fetched"),
    tools: [requestAccessTool()],
    sandboxes: new DurableSandboxes(),
  });
  await say("fetch");
  await clock.advance(60_000);
  await say("approve");
  const [asked, decided] = named("turn");
  expect(asked?.facts).toMatchObject({ outcome: "asked" });
  const approvalId = world.shown[0]?.approval?.approvalId;
  expect(eventsOf(asked)).toContainEqual([
    "approval-requested",
    expect.objectContaining({ approvalId, kind: "host" }),
  ]);
  const decision = decided?.events.find(({ name }) => name === "approval-decided");
  expect(decision?.facts).toMatchObject({ approvalId, choice: "once", by: "U1" });
  expect(Number(decision?.facts["waitedMs"])).toBeGreaterThanOrEqual(60_000);
});

test("a turn that a crash cut short goes on under the same trace, as a further attempt", async () => {
  const sandboxes = new DurableSandboxes();
  begin({
    model: answering([["shell", { command: "make" }]], "done"),
    tools: [shellTool()],
    sandboxes,
  });
  await world.deliver(messageTo(thread, "m", "build"));
  await world.until(hasBegun(sandboxes));
  await world.end("kill");
  await world.until(() => sandboxes.types().includes("attached"));
  sandboxes.finish(0);
  await world.settle();
  const [first, second] = named("turn");
  expect(second).toMatchObject({
    traceId: first?.traceId,
    parentId: first?.spanId,
    facts: { attempt: 2, outcome: "answered" },
  });
  expect(Number(second?.facts["epoch"])).toBeGreaterThan(Number(first?.facts["epoch"]));
  const resumed = named("tool").find(({ parentId }) => parentId === second?.spanId);
  expect(resumed?.facts).toMatchObject({ tool: "shell", resumed: true, status: "ok" });
  expect(named("post")[0]).toMatchObject({ parentId: second?.spanId, traceId: first?.traceId });
});

test("a post that is delivered after a crash still belongs to its turn", async () => {
  begin({ model: answering("hello") }, { postTroubles: new Map([[1, "crash-after"]]) });
  await say("hi");
  const posts = named("post");
  expect(posts.map(({ facts }) => facts["attempt"])).toEqual([1, 2]);
  expect(posts[1]).toMatchObject({
    parentId: named("turn")[0]?.spanId,
    facts: { outcome: "sent", ambiguous: true },
  });
});

test("what users trace by themselves nests in the call, and in the model's answer", async () => {
  const own = (name: string) => trace.getTracer("own").startSpan(name).end();
  const model: Model = {
    ...stuttering,
    async *respond(request, options) {
      own("http");
      yield* stuttering.respond(request, options);
      own("http");
    },
  };
  const calls = answering([["look"]], "done");
  let asked = 0;
  begin({
    model: {
      ...model,
      respond: (request, options) => ((asked += 1) === 1 ? calls : model).respond(request, options),
    },
    tools: [
      tool("look", async () => {
        await Promise.resolve();
        own("query");
        return "seen";
      }),
    ],
  });
  await say("look");
  const parentOf = (name: string) => exportedAs(name)[0]?.parentSpanContext?.spanId;
  expect(parentOf("query")).toBe(named("tool")[0]?.spanId);
  expect(parentOf("http")).toBe(named("model")[1]?.spanId);
});

test("the user's sampler decides, also for what is inside, and the own record does not depend on it", async () => {
  let inside: boolean | undefined;
  const peek = tool("look", async () => {
    inside = trace.getActiveSpan()?.isRecording();
    return "seen";
  });
  begin(
    { model: answering([["look"]], "done"), tools: [peek] },
    { watching: { sampler: new AlwaysOffSampler() } },
  );
  await say("look");
  expect(watched.exported()).toEqual([]);
  expect(inside).toBe(false);
  expect(outline(watched.recorded)).toContain("    tool look");
  expect(new Set(watched.recorded.map(({ spanId }) => spanId)).size).toBe(watched.recorded.length);
});

test("a span processor that throws breaks no turn", async () => {
  const fail = (): never => {
    throw new Error("exporter is broken");
  };
  const processor = { onStart: fail, onEnd: fail, forceFlush: fail, shutdown: fail };
  begin({ model: answering([["look"]], "done"), tools: [look] }, { watching: { processor } });
  await say("look");
  expect(world.shown.map(({ markdown }) => markdown)).toEqual(["done"]);
  expect(outline(watched.recorded)).toContain("    tool look");
});

test("without an SDK the spans have ids of their own", async () => {
  begin({ model: answering([["look"]], "done"), tools: [look] });
  trace.disable();
  await say("look");
  expect(watched.exported()).toEqual([]);
  expect(outline(watched.recorded)).toEqual([
    "receive",
    "turn answered",
    "  step",
    "    model",
    "    tool look",
    "  step",
    "    model",
    "  post sent",
  ]);
});
