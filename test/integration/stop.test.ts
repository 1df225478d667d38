/**
 * `stop` on the real client of a vendor's API and a real sandbox. What is stopped would go on for many minutes, and each
 * test has seconds. `npm run bench -- stop` measures how long it takes.
 */
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, onTestFinished, test, vi } from "vitest";

import type { Model, ModelEvent } from "../../src/agent/model.ts";
import { openaiModel } from "../../src/agent/models/openai/openai.ts";
import { resilientModel } from "../../src/agent/models/resilient.ts";
import { createBot } from "../../src/bot.ts";
import { systemClock } from "../../src/core/clock.ts";
import { sessionIdOf } from "../../src/core/ids.ts";
import { openaiTwin } from "../../src/testing/twins/openai-twin.ts";
import { fail, stall } from "../../src/testing/twins/openai/faults.ts";
import type { Step } from "../../src/testing/twins/openai/script.ts";
import { call, say, shell } from "../../src/testing/twins/openai/steps.ts";
import { oneThread } from "./one-thread.ts";
import { openVirtual } from "./sandbox/open-virtual.ts";

const thread = { platform: "test", workspace: "w", channel: "c", thread: "stop" };
const sessionId = sessionIdOf(thread);
const seconds = { timeout: 20_000 };
const stopped = "Stopped, as Ada asked. What was begun is not finished.";

test("stop while an answer streams", seconds, async () => {
  await using bot = await begin(stall(say("A long answer that does not end."), 5));
  await bot.said("text-delta");
  await bot.stop();
  expect(bot.told()).toEqual([["notice", stopped]]);
  expect(await bot.results()).toEqual([]);
  await goesOn(bot);
});

test("stop while a command runs", seconds, async () => {
  await using bot = await begin(shell(["touch began; sleep 600; touch ended"]));
  await vi.waitFor(() => expect(existsSync(bot.file("began"))).toBe(true), { timeout: 10_000 });
  await bot.stop();
  expect(bot.told()).toEqual([["notice", stopped]]);
  expect(await bot.results()).toEqual(["stopped"]);
  expect(existsSync(bot.file("ended"))).toBe(false);
  await goesOn(bot);
});

test("stop while an approval waits", seconds, async () => {
  const asks = { kind: "time", value: 1_800_000, reason: "It takes long" };
  await using bot = await begin(call("request_access", asks));
  await bot.thread.posted(1);
  await bot.stop();
  expect(bot.told()).toEqual([
    ["approval", expect.stringContaining("1800 s per command")],
    ["notice", "Stopped, as Ada asked. What waited for approval is withdrawn."],
  ]);
  const id = bot.thread.posts[0]?.approval?.approvalId;
  await bot.thread.say(`approve ${id}`);
  await bot.thread.posted(3);
  expect(bot.told().at(-1)).toEqual([
    "notice",
    `Approval ${id} was withdrawn; nothing is granted.`,
  ]);
  await goesOn(bot);
});

test("stop while a failed call waits to be made again", seconds, async () => {
  await using bot = await begin(fail(503, { headers: { "retry-after": "600" } }));
  await bot.said("retry");
  await bot.stop();
  expect(bot.told()).toEqual([["notice", stopped]]);
  await goesOn(bot);
});

type Begun = Awaited<ReturnType<typeof begin>>;

/** Nothing but what is said next makes the model work, and it does. */
async function goesOn({ thread: { say: tell, posts, posted }, twin, idle }: Begun): Promise<void> {
  await idle();
  const before = posts.length;
  expect(twin.requests).toHaveLength(1);
  await tell("go on");
  await posted(before + 1);
  await idle();
  expect(posts.slice(before).map(({ markdown }) => markdown)).toEqual(["I go on."]);
  expect(twin.requests).toHaveLength(2);
}

/** A bot that has been asked for something, and what its model does then. */
async function begin(step: Step) {
  const dataFolder = await mkdtemp(join(tmpdir(), "opsthread-stop-"));
  onTestFinished(() => rm(dataFolder, { recursive: true }));
  const twin = await openaiTwin({ script: [step, say("I go on.", { phase: "final_answer" })] });
  const { apiKey, url } = twin;
  const vendor = openaiModel({ model: "gpt-5.6-luna", apiKey, baseUrl: `${url}/v1` });
  const { model, said } = watched(resilientModel([vendor], { clock: systemClock }));
  const place = oneThread(thread);
  const subject = await openVirtual();
  const bot = await createBot({
    adapters: [place.adapter],
    access: { admins: [place.person] },
    dataFolder,
    model,
    sandboxes: subject.provider,
  });
  await bot.start();
  await place.say("do it");
  return {
    thread: place,
    twin,
    said,
    idle: () => bot.idle(),
    file: (name: string) => join(subject.workspace?.(sessionId) ?? "", name),
    told: () => place.posts.map(({ kind, markdown }) => [kind, markdown]),
    async stop() {
      const before = place.posts.length;
      await place.say("stop");
      await place.posted(before + 1);
    },
    results: async () =>
      (await bot.store.readJournal(sessionId, { after: 0 })).flatMap(({ entry }) =>
        entry.type === "tool-result" ? [entry.result.status] : [],
      ),
    async [Symbol.asyncDispose]() {
      await bot.stop();
      await subject[Symbol.asyncDispose]();
      await twin[Symbol.asyncDispose]();
    },
  };
}

/** The model, and a promise of the first event of a kind. */
function watched(model: Model) {
  const seen = new EventTarget();
  const first = (type: ModelEvent["type"]): Promise<void> =>
    new Promise((resolve) => {
      seen.addEventListener(type, () => resolve(), { once: true });
    });
  const firsts = { "text-delta": first("text-delta"), retry: first("retry") };
  const watching: Model = {
    ...model,
    async *respond(request, options) {
      for await (const event of model.respond(request, options)) {
        seen.dispatchEvent(new Event(event.type));
        yield event;
      }
    },
  };
  return { model: watching, said: (type: keyof typeof firsts) => firsts[type] };
}
