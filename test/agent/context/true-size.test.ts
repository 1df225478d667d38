import { expect, test } from "vitest";

import type { Model } from "../../../src/agent/model.ts";
import { modelError } from "../../../src/agent/models/model-error.ts";
import { Stopped } from "../../../src/core/abort.ts";
import type { JournalEntry } from "../../../src/core/journal.ts";
import { manualClock } from "../../../src/testing/manual-clock.ts";
import { answering, run, tool } from "../harness.ts";
import { said, sentText, textOf, transcriptOf } from "./said.ts";

type Count = NonNullable<Model["countTokens"]>;

/** Of a window of 10,000 tokens 7,000 are the limit; so many bytes are a token for the provider, and it counts what it gets. */
function counting(bytesPerToken: number, count?: Count) {
  const plain = answering("done");
  const tokensOf = (request: Parameters<Count>[0]): number =>
    Math.ceil(sentText(request).length / bytesPerToken);
  let counts = 0;
  let refused = 0;
  const model: Model = {
    ...plain,
    async countTokens(request, options) {
      counts += 1;
      return count ? count(request, options) : tokensOf(request);
    },
    async *respond(request, options) {
      if (tokensOf(request) > 10_000) {
        refused += 1;
        throw modelError("test", "too long", { failure: "context" });
      }
      yield* plain.respond(request, options);
    },
  };
  return { model, requests: plain.requests, counts: () => counts, refused: () => refused };
}

const withoutCount = (model: Model): Model => ({
  name: model.name,
  capabilities: model.capabilities,
  respond: (request, options) => model.respond(request, options),
});

/** A message that is taken for so many tokens: dense text, four bytes for each 1.25. */
const taking = (tokens: number): string => "m".repeat((tokens / 1.25) * 4);
const ask = (
  text: string,
  options: Pick<Parameters<typeof run>[0], "model" | "signal" | "clock">,
) => run({ ...options, transcript: transcriptOf([said(text)]) });
const trimmed = (entries: readonly JournalEntry[]) =>
  entries.filter(({ type }) => type === "context-trimmed").length;

test("what only looks too long is left as it is, once the provider has counted it", async () => {
  const { model, requests, counts } = counting(5);
  const text = taking(7_300);
  const { entries } = await ask(text, { model });
  expect(counts()).toBe(1);
  expect(trimmed(entries)).toBe(0);
  expect(requests[0]?.items.map(textOf).join("")).toContain(text);

  const blind = await ask(text, { model: withoutCount(counting(5).model) });
  expect(trimmed(blind.entries)).toBe(1);
});

test("what looks as if it fits but does not is made shorter before it is refused", async () => {
  const { model, counts, refused } = counting(2);
  const { entries, end } = await ask(taking(6_600), { model });
  expect(end?.text).toBe("done");
  expect(counts()).toBe(1);
  expect(trimmed(entries)).toBe(1);
  expect(refused()).toBe(0);

  const blind = counting(2);
  await ask(taking(6_600), { model: withoutCount(blind.model) });
  expect(blind.refused()).toBe(1);
});

test.each([
  ["far below the limit", 5_000],
  ["far above it", 20_000],
])("%s nothing is counted", async (_, tokens) => {
  const { model, counts } = counting(4);
  await ask(taking(tokens), { model });
  expect(counts()).toBe(0);
});

test("what is near the limit but known is not counted again", async () => {
  const looks = tool("look", async () => "seen");
  const { model, counts, requests } = counting(3.25);
  const asking: Model = {
    ...model,
    async *respond(request, options) {
      for await (const event of model.respond(request, options)) {
        if (event.type !== "completed") yield event;
        else {
          const inputTokens = Math.ceil(sentText(request).length / 3.25);
          const toolCalls =
            requests.length > 5
              ? []
              : [{ callId: `c${requests.length}`, tool: "look", args: "{}" }];
          const usage = { inputTokens, outputTokens: 1 };
          yield { ...event, response: { ...event.response, toolCalls, usage } };
        }
      }
    },
  };
  // The first is in doubt, and has 6,800 tokens; later ones have a few more.
  const { entries } = await run({
    model: asking,
    tools: [looks],
    transcript: transcriptOf([said(taking(6_900))]),
  });
  expect(trimmed(entries)).toBe(0);
  expect(requests).toHaveLength(6);
  expect(counts()).toBe(1);
});

test.each([
  ["fails", async () => Promise.reject(modelError("test", "no", { failure: "server" }))],
  ["is broken", () => Promise.reject(new TypeError("x is not a function"))],
] as const)("a count that %s leaves it to the estimate", async (_, count) => {
  const { model, counts } = counting(4, count);
  const { entries, end } = await ask(taking(7_300), { model });
  expect(counts()).toBe(1);
  expect(end?.text).toBe("done");
  expect(trimmed(entries)).toBe(1);
});

test("a count that does not come is not waited for", async () => {
  const clock = manualClock();
  let told: AbortSignal | undefined;
  const { model } = counting(4, (_, { signal }) => {
    told = signal;
    void clock.advance(3_000);
    return new Promise(() => {});
  });
  const { end } = await ask(taking(7_300), { model, clock });
  expect(end?.text).toBe("done");
  expect(told?.aborted).toBe(true);
});

test("a stop while it counts ends the turn", async () => {
  const stop = new AbortController();
  const { model, requests } = counting(4, () => {
    stop.abort(new Stopped("stop"));
    return new Promise(() => {});
  });
  const turn = ask(taking(7_300), { model, signal: stop.signal });
  await expect(turn).rejects.toMatchObject({ by: "stop" });
  expect(requests).toHaveLength(0);
});
