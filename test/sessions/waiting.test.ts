import { expect, test } from "vitest";

import type { Item, Model } from "../../src/agent/model.ts";
import { fileStore } from "./file-store.ts";
import { messageTo, World } from "./world.ts";

const { clock, store, newThread } = await fileStore();

/** Answers with what it was asked when the test lets it, and tells who is at work. */
function workers() {
  const busy = new Map<string, () => void>();
  const model: Model = {
    name: "test/worker",
    capabilities: { contextTokens: 1_000_000 },
    async *respond({ items }, { signal }) {
      const text = lastWords(items);
      await new Promise<void>((resolve, reject) => {
        busy.set(text, resolve);
        signal.addEventListener("abort", () => reject(signal.reason));
      });
      busy.delete(text);
      const usage = { inputTokens: 1, outputTokens: 1 };
      yield { type: "completed", response: { text: `did ${text}`, toolCalls: [], usage } };
    },
  };
  return {
    model,
    busy: () => [...busy.keys()].toSorted(),
    finish: (text: string) => busy.get(text)?.(),
  };
}

const lastWords = (items: readonly Item[]): string =>
  items.flatMap((item) => (item.type === "user" ? [item.text] : [])).at(-1) ?? "";

function ask(
  world: World,
  text: string,
  {
    channel,
    user = "U1",
    at,
  }: { readonly channel: string; readonly user?: string; readonly at: number },
) {
  const thread = newThread(channel);
  const message = messageTo(thread, `${text}-${thread.thread}`, text);
  return world.deliver({ ...message, actor: { id: user, roles: [] }, sentAt: at });
}

test("a channel has so many turns at once; the others wait, are told their place, and none is lost", async () => {
  const { model, busy, finish } = workers();
  await using world = new World({ store, clock, engine: { model, turnLimits: { channel: 1 } } });
  for (const [at, text] of ["one", "two", "three"].entries())
    await ask(world, text, { channel: "c1", at });
  await ask(world, "elsewhere", { channel: "c2", at: 9 });
  await world.until(() => busy().length === 2);
  expect(busy()).toEqual(["elsewhere", "one"]);

  await world.until(() => world.progress.some((text) => text?.includes("1 before this")));
  expect(world.progress).toContain("Waiting: 1 at a time in this channel, next in line.");
  expect(busy()).toEqual(["elsewhere", "one"]);

  finish("elsewhere");
  for (const text of ["one", "two", "three"]) {
    await world.until(() => busy().includes(text));
    expect(busy()).toEqual([text]);
    finish(text);
  }
  await world.settle();
  expect(world.shown.map(({ markdown }) => markdown).toSorted()).toEqual([
    "did elsewhere",
    "did one",
    "did three",
    "did two",
  ]);
});

test("a person has so many turns at once, over all channels", async () => {
  const { model, busy, finish } = workers();
  await using world = new World({ store, clock, engine: { model, turnLimits: { user: 1 } } });
  await ask(world, "mine", { channel: "c1", user: "U1", at: 1 });
  await ask(world, "more of mine", { channel: "c2", user: "U1", at: 2 });
  await ask(world, "theirs", { channel: "c1", user: "U2", at: 3 });
  await world.until(() => busy().length === 2);
  expect(busy()).toEqual(["mine", "theirs"]);
  await world.until(() =>
    world.progress.includes("Waiting: 1 at a time for one person, next in line."),
  );

  for (const text of ["mine", "theirs", "more of mine"]) {
    await world.until(() => busy().includes(text));
    finish(text);
  }
  await world.settle();
  expect(world.shown).toHaveLength(3);
});

test("a stop does not wait for a place, and who was stopped holds up nobody", async () => {
  const { model, busy, finish } = workers();
  await using world = new World({ store, clock, engine: { model, turnLimits: { channel: 1 } } });
  await ask(world, "first", { channel: "c1", at: 1 });
  await world.until(() => busy().length === 1);
  const thread = newThread("c1");
  await world.deliver({ ...messageTo(thread, "second", "second"), sentAt: 2 });
  await ask(world, "third", { channel: "c1", at: 3 });
  await world.until(() => world.progress.some((text) => text?.includes("1 before this")));
  await world.deliver({ ...messageTo(thread, "stop", "stop"), sentAt: 4 });
  await world.until(() => world.shown.length === 1);
  expect(world.shown[0]?.markdown).toContain("Stopped");
  expect(busy()).toEqual(["first"]);

  finish("first");
  await world.until(() => busy().includes("third"));
  finish("third");
  await world.settle();
});

test("what waits for a free worker is told so, and its line is taken away when it begins", async () => {
  const { model, busy, finish } = workers();
  await using world = new World({ store, clock, engine: { model } });
  const texts = ["a", "b", "c", "d", "e", "f"];
  for (const [at, text] of texts.entries()) await ask(world, text, { channel: `c${at}`, at });
  await world.until(() => world.progress.includes("Waiting for a free worker, 1 before this."));
  expect(world.progress).toContain("Waiting for a free worker, next in line.");
  expect(busy()).toHaveLength(4);

  const before = world.progress.filter((text) => text === undefined).length;
  for (const text of texts) {
    await world.until(() => busy().includes(text));
    finish(text);
  }
  await world.settle();
  await world.until(
    () => world.progress.filter((text) => text === undefined).length >= before + texts.length,
  );
  expect(world.shown).toHaveLength(texts.length);
});
