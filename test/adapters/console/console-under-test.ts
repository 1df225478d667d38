import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { consoleAdapter, openConsoleWorkspace } from "../../../src/adapters/console/index.ts";
import type { ConsoleWorkspace, TranscriptEntry } from "../../../src/adapters/console/index.ts";
import type { ThreadRef } from "../../../src/core/ids.ts";
import type { AdapterFault, AdapterUnderTest } from "../../../src/testing/adapter-suite.ts";
import { manualClock } from "../../../src/testing/manual-clock.ts";

/** A console workspace in a folder of its own, seen as the conformance suite wants to see a platform. */
export async function consoleUnderTest(): Promise<AdapterUnderTest> {
  const dir = await mkdtemp(join(tmpdir(), "opsthread-console-"));
  const clock = manualClock();
  const workspace = await openConsoleWorkspace({ dir, clock });
  const adapter = consoleAdapter({ workspace });
  const entries = ({ thread }: ThreadRef): readonly TranscriptEntry[] =>
    workspace.transcript(thread)?.entries ?? [];
  return {
    adapter,
    async say({ text, actorId = "U1", thread, files = [] }) {
      const place = thread && { thread: thread.thread };
      const said = await workspace.say({ ...place, text, files, actor: { id: actorId } });
      return { thread: refOf(workspace, said.thread) };
    },
    emptyThread: async () => ({
      platform: "console",
      workspace: workspace.id,
      channel: "reports",
      thread: "daily",
    }),
    posts: async (thread) =>
      Promise.all(
        entries(thread)
          .filter((entry) => entry.type === "post")
          .map(async ({ id, markdown, artifacts }) => ({
            messageId: id,
            text: markdown,
            files: await Promise.all(
              artifacts
                .flatMap(({ name, path }) => (path === undefined ? [] : [{ name, path }]))
                .map(async ({ name, path }) => ({ name, bytes: await readFile(path) })),
            ),
          })),
      ),
    progress: async ({ thread }) =>
      workspace.transcript(thread)?.progress.map(({ markdown }) => markdown) ?? [],
    notes: async (thread) =>
      entries(thread)
        .filter((entry) => entry.type === "system")
        .map(({ text }) => text),
    unacknowledged: async () => workspace.unacknowledged().length,
    redeliver: async () => clock.advance(60_000),
    fault: (fault) => inject(workspace, fault),
    loseFile: ({ id }) => workspace.faults.loseFile(id),
    async [Symbol.asyncDispose]() {
      await adapter[Symbol.asyncDispose]();
      await workspace[Symbol.asyncDispose]();
      await rm(dir, { recursive: true });
    },
  };
}

function refOf(workspace: ConsoleWorkspace, thread: string): ThreadRef {
  const ref = workspace.threadRef(thread);
  if (ref === undefined) throw new Error(`No thread ${thread}`);
  return ref;
}

function inject({ faults }: ConsoleWorkspace, fault: AdapterFault): void {
  switch (fault.type) {
    case "event-duplicated":
      return faults.nextEvent({ type: "duplicated" });
    case "post-unavailable":
      return faults.nextPost({ type: "unavailable" });
    case "post-connection-lost":
      return faults.nextPost({ type: "connection-lost", taken: fault.taken });
    case "post-rejected":
      return faults.nextPost({ type: "rejected" });
    case "post-rate-limited":
      return faults.nextPost({ type: "rate-limited", retryAfterMs: fault.retryAfterMs });
    default:
      return fault satisfies never;
  }
}
