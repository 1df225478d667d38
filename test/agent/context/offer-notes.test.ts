import { expect, test } from "vitest";

import type { JournalEntry } from "../../../src/core/journal.ts";
import { answering, memorySession, run, tool } from "../harness.ts";
import { said, transcriptOf } from "./said.ts";

const shownIn = (entries: readonly JournalEntry[]) =>
  entries.flatMap((entry) => (entry.type === "notes-shown" ? [entry.text] : []));

/** A session in which the agent wrote notes, and its journal. */
async function withNotes(content: string) {
  const memory = memorySession();
  const write = tool("write_file", async ({ session, signal }) => {
    const { files } = await session.sandbox();
    await files.write("notes.md", Buffer.from(content), { signal });
    return "written";
  });
  const before = [said("Remember this.")];
  const model = answering([["write_file", { path: "notes.md", content }]], "done");
  const { entries } = await run({
    model,
    tools: [write],
    memory,
    transcript: transcriptOf(before),
  });
  return { memory, journal: [...before, ...entries] };
}

test("the agent's notes are shown to it when it comes back, as data", async () => {
  const { memory, journal } = await withNotes("Plan: blue-green\n```\nend ```");
  expect(shownIn(journal)).toEqual([]);
  const model = answering("done");
  const { entries } = await run({ model, memory, transcript: transcriptOf(journal) });
  expect(shownIn(entries)).toEqual(["Plan: blue-green\n```\nend ```"]);
  const note = model.requests[0]?.items.at(-1);
  expect(note).toMatchObject({
    type: "note",
    text: expect.stringMatching(
      /^Your notes, notes\.md, .*:\n````\nPlan: blue-green\n```\nend ```\n````$/,
    ),
  });
});

test("notes that have not changed are not shown again, and changed ones are", async () => {
  const { memory, journal } = await withNotes("one");
  const second = await run({ model: answering("done"), memory, transcript: transcriptOf(journal) });
  journal.push(...second.entries);
  const third = await run({ model: answering("done"), memory, transcript: transcriptOf(journal) });
  expect(shownIn(third.entries)).toEqual([]);
  const { files } = await memory.session.sandbox();
  await files.write("notes.md", Buffer.from("two"), { signal: new AbortController().signal });
  const fourth = await run({ model: answering("done"), memory, transcript: transcriptOf(journal) });
  expect(shownIn(fourth.entries)).toEqual(["two"]);
});

test("large notes are shown in part, without secrets, and say so", async () => {
  const { memory, journal } = await withNotes(`token=hunter2 ${"n".repeat(50_000)}`);
  const redact = (text: string): string => text.replaceAll("hunter2", "[secret]");
  const { entries } = await run({
    model: answering("done"),
    memory,
    redact,
    transcript: transcriptOf(journal),
  });
  const [text = ""] = shownIn(entries);
  expect(text).toContain("token=[secret]");
  expect(text).toContain("The file has 50014 bytes");
  expect(text.length).toBeLessThan(8_400);
});

test("a session that has no notes opens no sandbox for them, and one whose sandbox does not open goes on", async () => {
  const look = tool("look", () => Promise.resolve("seen"));
  const { entries } = await run({ model: answering([["look"]], "done"), tools: [look] });
  let opened = 0;
  const memory = memorySession();
  const session = {
    ...memory.session,
    sandbox: () => {
      opened += 1;
      return Promise.reject(new Error("no engine"));
    },
  };
  const transcript = transcriptOf([said("Hi"), ...entries]);
  await run({ model: answering("done"), session, transcript });
  expect(opened).toBe(0);

  const { journal } = await withNotes("one");
  const { end } = await run({
    model: answering("done"),
    session,
    transcript: transcriptOf(journal),
  });
  expect(opened).toBe(1);
  expect(end?.text).toBe("done");
});

test("after a summary the notes are shown again", async () => {
  const { memory, journal } = await withNotes("one");
  const plain = answering(...Array.from({ length: 12 }, () => [["look"]] as [string][]), "done");
  const model: typeof plain = {
    ...plain,
    async *respond(request, options) {
      for await (const event of plain.respond(request, options))
        yield event.type === "completed" && request.toolChoice === "auto"
          ? { ...event, response: { ...event.response, text: "t".repeat(4_000) } }
          : event;
    },
  };
  const { entries } = await run({
    model,
    memory,
    tools: [tool("look", () => Promise.resolve("seen"))],
    transcript: transcriptOf(journal),
    limits: { steps: 100 },
  });
  const order = entries.map(({ type }) => type).filter((type) => /summarized|notes/.test(type));
  expect(order.slice(0, 3)).toEqual(["notes-shown", "context-summarized", "notes-shown"]);
});

test("after the provider made the conversation shorter they are shown again", async () => {
  const { memory, journal } = await withNotes("Plan: blue-green");
  const plain = answering([["look"]], [["look"]], "done");
  const compacting: typeof plain = {
    ...plain,
    async *respond(request, options) {
      const isSecond = plain.requests.length === 1;
      for await (const event of plain.respond(request, options))
        yield event.type === "completed" && isSecond
          ? { ...event, response: { ...event.response, compacted: true as const } }
          : event;
    },
  };
  const look = tool("look", async () => "seen");
  const { entries } = await run({
    model: compacting,
    tools: [look],
    memory,
    transcript: transcriptOf(journal),
  });
  expect(shownIn(entries)).toEqual(["Plan: blue-green", "Plan: blue-green"]);
  expect(plain.requests[2]?.items.at(-1)).toMatchObject({ type: "note" });
});
