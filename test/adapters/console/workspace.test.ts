import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { describe, expect, test } from "vitest";

import { consoleAdapter, openConsoleWorkspace } from "../../../src/adapters/console/index.ts";
import type { ConsoleChange, ConsoleWorkspace } from "../../../src/adapters/console/index.ts";
import {
  artifactsOf,
  noArtifacts,
  postInto,
  recordingInbound,
} from "../../../src/testing/adapter-suite-support.ts";
import { manualClock } from "../../../src/testing/manual-clock.ts";

const { signal } = new AbortController();
const ada = { id: "U1", name: "Ada" };

describe("openConsoleWorkspace()", () => {
  test("finds everything again when it is opened anew", async () => {
    await using folder = await temporaryFolder();
    const before = await openConsoleWorkspace({ dir: folder.path });
    const { thread } = await before.say({
      actor: ada,
      text: "look",
      files: [{ name: "a.log", bytes: Buffer.from("line\n") }],
    });
    await post(before, thread, "k1", [{ name: "report.md", bytes: Buffer.from("# Report") }]);
    const seen = before.transcript(thread);
    await before[Symbol.asyncDispose]();

    await using after = await openConsoleWorkspace({ dir: folder.path });
    expect(after.id).toBe(before.id);
    expect(after.transcript(thread)).toEqual(seen);
    expect(after.unacknowledged()).toEqual(["m1"]);
    expect(after.threads()).toEqual([{ thread, channel: "general", entries: 2 }]);
    const [, answer] = after.transcript(thread)?.entries ?? [];
    const path = answer?.type === "post" ? answer.artifacts[0]?.path : undefined;
    expect(path).toBe(join(folder.path, "artifacts", thread, "report.md"));
    expect(await readFile(path ?? "", "utf8")).toBe("# Report");
    expect(await findPost(after, thread, "k1")).toEqual({ messageId: "p1" });
  });

  test("delivers again what was not acknowledged, and only that", async () => {
    await using folder = await temporaryFolder();
    {
      await using workspace = await openConsoleWorkspace({ dir: folder.path });
      await using adapter = consoleAdapter({ workspace });
      const inbound = recordingInbound();
      await adapter.start(inbound);
      await workspace.say({ actor: ada, text: "first" });
      await inbound.received(1);
      await adapter[Symbol.asyncDispose]();
      await workspace.say({ actor: ada, text: "second" });
    }
    await using workspace = await openConsoleWorkspace({ dir: folder.path });
    await using adapter = consoleAdapter({ workspace });
    const inbound = recordingInbound();
    await adapter.start(inbound);
    await workspace.say({ actor: ada, text: "third" });

    const messages = await inbound.received(2);
    expect(messages.map(({ text }) => text).toSorted()).toEqual(["second", "third"]);
  });

  test("gives ids that were never given before", async () => {
    await using folder = await temporaryFolder();
    const first = await openConsoleWorkspace({ dir: folder.path });
    const one = await first.say({ actor: ada, text: "one" });
    await first[Symbol.asyncDispose]();
    await using second = await openConsoleWorkspace({ dir: folder.path });
    const two = await second.say({ actor: ada, text: "two" });

    expect([one, two]).toEqual([
      { thread: "t1", messageId: "m1" },
      { thread: "t2", messageId: "m2" },
    ]);
    await using other = await temporaryFolder();
    await using elsewhere = await openConsoleWorkspace({ dir: other.path });
    expect(elsewhere.id).not.toBe(second.id);
  });

  test("leaves out a last line that a crash cut off", async () => {
    await using folder = await temporaryFolder();
    const log = join(folder.path, "workspace.jsonl");
    const before = await openConsoleWorkspace({ dir: folder.path });
    const { thread } = await before.say({ actor: ada, text: "whole" });
    await before[Symbol.asyncDispose]();
    await appendFile(log, '{"v":1,"at":2,"type":"message","text":"hal');

    {
      await using after = await openConsoleWorkspace({ dir: folder.path });
      await after.say({ actor: ada, text: "next", thread });
    }
    await using again = await openConsoleWorkspace({ dir: folder.path });
    const texts = again.transcript(thread)?.entries.map((entry) => "text" in entry && entry.text);
    expect(texts).toEqual(["whole", "next"]);
  });

  test("refuses a folder whose log holds something else", async () => {
    await using folder = await temporaryFolder();
    await writeFile(join(folder.path, "workspace.jsonl"), '{"v":2,"type":"future"}\n');

    await expect(openConsoleWorkspace({ dir: folder.path })).rejects.toMatchObject({
      code: "STORE_CORRUPT",
    });
  });

  test("clears away uploads that never became a post", async () => {
    await using folder = await temporaryFolder();
    const before = await openConsoleWorkspace({ dir: folder.path });
    await before.server.upload(bytes("half"));
    expect(await readdir(join(folder.path, "uploads"))).toHaveLength(1);
    await before[Symbol.asyncDispose]();
    await using after = await openConsoleWorkspace({ dir: folder.path });

    expect(await readdir(after.dir)).not.toContain("uploads");
  });
});

describe("say()", () => {
  test("stores a copy of the files, as they are then", async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, "app.log");
    await writeFile(path, "before");
    await using workspace = await openConsoleWorkspace({ dir: join(folder.path, "w") });
    const { thread } = await workspace.say({ actor: ada, text: "look", files: [path] });
    await writeFile(path, "after");

    const [message] = workspace.transcript(thread)?.entries ?? [];
    expect(message).toMatchObject({
      attachments: [{ id: "f1", name: "app.log", bytes: 6, mediaType: "text/plain" }],
    });
    expect(await readFile(join(folder.path, "w", "files", "f1"), "utf8")).toBe("before");
  });

  test.each(["missing.log", "."])("refuses to attach %s", async (name) => {
    await using folder = await temporaryFolder();
    await using workspace = await openConsoleWorkspace({ dir: folder.path });
    const said = { actor: ada, text: "look", files: [join(folder.path, name)] };

    await expect(workspace.say(said)).rejects.toMatchObject({ code: "CONFIG_INVALID" });
    expect(workspace.threads()).toEqual([]);
  });

  test("refuses a thread that there is not", async () => {
    await using folder = await temporaryFolder();
    await using workspace = await openConsoleWorkspace({ dir: folder.path });
    await workspace.say({ actor: ada, text: "hello", channel: "ops" });

    for (const place of [{ thread: "t9" }, { thread: "t1", channel: "general" }]) {
      const said = { actor: ada, text: "hello", ...place };
      await expect(workspace.say(said)).rejects.toMatchObject({ code: "CONFIG_INVALID" });
    }
  });

  test("keeps messages that are said at once in their order", async () => {
    await using folder = await temporaryFolder();
    await using workspace = await openConsoleWorkspace({ dir: folder.path });
    const texts = Array.from({ length: 20 }, (_, index) => `text ${index}`);
    const said = await Promise.all(texts.map((text) => workspace.say({ actor: ada, text })));

    expect(new Set(said.map(({ thread }) => thread)).size).toBe(20);
    expect(said.map(({ messageId }) => messageId)).toEqual(texts.map((_, i) => `m${i + 1}`));
  });
});

describe("the console's server", () => {
  test("refuses posts into other workspaces and channels for good", async () => {
    await using folder = await temporaryFolder();
    await using workspace = await openConsoleWorkspace({ dir: folder.path });
    const { thread } = await workspace.say({ actor: ada, text: "hello" });
    const ref = { platform: "console", workspace: workspace.id, channel: "general", thread };
    const adapter = consoleAdapter({ workspace });

    for (const wrong of [{ workspace: "w0" }, { channel: "ops" }, { platform: "slack" }]) {
      const lost = postInto({ ...ref, ...wrong }, { key: "k1" });
      await expect(adapter.post(lost, { signal, open: noArtifacts })).rejects.toMatchObject({
        code: "ADAPTER_POST_REJECTED",
      });
    }
    expect(workspace.transcript(thread)?.entries).toHaveLength(1);
  });

  test("saves artifacts of later posts beside those of earlier ones", async () => {
    await using folder = await temporaryFolder();
    await using workspace = await openConsoleWorkspace({ dir: folder.path });
    const { thread } = await workspace.say({ actor: ada, text: "hello" });
    await post(workspace, thread, "k1", [{ name: "report.md", bytes: Buffer.from("one") }]);
    await post(workspace, thread, "k2", [{ name: "report.md", bytes: Buffer.from("two") }]);

    const dir = join(folder.path, "artifacts", thread);
    expect((await readdir(dir)).toSorted()).toEqual(["report-2.md", "report.md"]);
    expect(await readFile(join(dir, "report.md"), "utf8")).toBe("one");
  });

  test("keeps the files of a thread with any id within the artifacts folder", async () => {
    await using folder = await temporaryFolder();
    await using workspace = await openConsoleWorkspace({ dir: folder.path });
    const thread = "../../../../outside";
    await post(workspace, thread, "k1", [{ name: "../../x.md", bytes: Buffer.from("one") }]);

    const [entry] = workspace.transcript(thread)?.entries ?? [];
    const path = entry?.type === "post" ? entry.artifacts[0]?.path : undefined;
    expect(path).toMatch(new RegExp(`^${join(folder.path, "artifacts")}/x-[0-9a-z]{24}/x\\.md$`));
  });

  test("takes one connection at a time", async () => {
    await using folder = await temporaryFolder();
    await using workspace = await openConsoleWorkspace({ dir: folder.path });
    await using first = consoleAdapter({ workspace });
    await first.start(recordingInbound());
    const second = consoleAdapter({ workspace });

    await expect(second.start(recordingInbound())).rejects.toThrow(TypeError);
  });

  test("delivers a delayed event after its delay", async () => {
    await using folder = await temporaryFolder();
    const clock = manualClock();
    await using workspace = await openConsoleWorkspace({ dir: folder.path, clock });
    await using adapter = consoleAdapter({ workspace });
    const inbound = recordingInbound();
    await adapter.start(inbound);
    workspace.faults.nextEvent({ type: "delayed", ms: 5000 });
    await workspace.say({ actor: ada, text: "late" });
    await clock.advance(4999);
    expect(inbound.messages).toEqual([]);
    await clock.advance(1);

    expect((await inbound.received(1))[0]?.text).toBe("late");
  });
});

describe("onChange()", () => {
  test("tells of entries and progress, whatever a listener does", async () => {
    await using folder = await temporaryFolder();
    await using workspace = await openConsoleWorkspace({ dir: folder.path });
    const changes: ConsoleChange[] = [];
    workspace.onChange(() => {
      throw new Error("A listener of no use");
    });
    const stop = workspace.onChange((change) => changes.push(change));
    const { thread } = await workspace.say({ actor: ada, text: "hello" });
    const ref = workspace.threadRef(thread);
    if (!ref) throw new Error("No thread");
    const adapter = consoleAdapter({ workspace });
    await adapter.showProgress(ref, { key: "turn-1", markdown: "Reading" }, { signal });
    await post(workspace, thread, "k1");
    stop();
    await post(workspace, thread, "k2");

    expect(
      changes.map((change) => (change.type === "entry" ? change.entry.type : change.markdown)),
    ).toEqual(["message", "Reading", "post"]);
  });
});

async function post(
  workspace: ConsoleWorkspace,
  thread: string,
  key: string,
  files: Parameters<typeof artifactsOf>[0] = [],
): Promise<void> {
  const ref = { platform: "console", workspace: workspace.id, channel: "general", thread };
  const { artifacts, open } = artifactsOf(files);
  await consoleAdapter({ workspace }).post(postInto(ref, { key, artifacts }), { signal, open });
}

async function findPost(workspace: ConsoleWorkspace, thread: string, key: string) {
  const ref = workspace.threadRef(thread);
  return ref && consoleAdapter({ workspace }).findPost(ref, key, { signal });
}

async function* bytes(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

async function temporaryFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), "opsthread-console-"));
  return {
    path,
    [Symbol.asyncDispose]: async () => rm(path, { recursive: true, force: true }),
  };
}
