import assert from "node:assert/strict";

import type { WorkspaceCheckpoints } from "../sandbox/sandbox.ts";
import { openSandbox, output, read, refuses, signal, write } from "./sandbox-suite-helpers.ts";
import type { SandboxCases, SandboxesUnderTest } from "./sandbox-suite.ts";

type CheckpointCase = (
  checkpoints: WorkspaceCheckpoints,
  subject: SandboxesUnderTest,
) => Promise<void>;

/** There is nothing to ask of a driver that gives no workspaces away. */
const withCheckpoints =
  (run: CheckpointCase) =>
  async (subject: SandboxesUnderTest): Promise<void> => {
    if (subject.provider.checkpoints) await run(subject.provider.checkpoints, subject);
  };

interface Saved {
  readonly archive: Buffer;
  readonly fingerprint: string;
}

/** The archive of a session's workspace, and its fingerprint. */
async function save(
  checkpoints: WorkspaceCheckpoints,
  sessionId = "s_suite",
  since?: string,
): Promise<Saved | undefined> {
  const chunks: Uint8Array[] = [];
  const keep = async (archive: AsyncIterable<Uint8Array>): Promise<void> => {
    for await (const chunk of archive) chunks.push(chunk);
  };
  const saved = await checkpoints.save(sessionId, keep, { since, signal });
  return saved && { ...saved, archive: Buffer.concat(chunks) };
}

async function* streamOf(...chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

const content = async (subject: SandboxesUnderTest): Promise<readonly (string | undefined)[]> => {
  await using sandbox = await openSandbox(subject);
  return [await read(sandbox, "a"), await read(sandbox, "b/c"), await read(sandbox, "new")];
};

export const checkpointCases: SandboxCases = {
  "load() makes a workspace what save() gave, also where there was none": withCheckpoints(
    async (checkpoints, subject) => {
      {
        await using sandbox = await openSandbox(subject);
        await write(sandbox, "a", "first");
        await write(sandbox, "b/c", "deep");
      }
      const saved = await save(checkpoints);
      assert(saved !== undefined);
      await subject.provider.remove("s_suite");
      await checkpoints.load("s_suite", streamOf(saved.archive), { signal });
      {
        await using sandbox = await openSandbox(subject);
        assert.equal(await output(sandbox, "cat a b/c"), "firstdeep");
        await write(sandbox, "a", "second");
        await write(sandbox, "new", "not in it");
      }
      await checkpoints.load("s_suite", streamOf(saved.archive), { signal });
      assert.deepEqual(await content(subject), ["first", "deep", undefined]);
    },
  ),

  "save() gives a workspace that is open, and nothing when nothing has changed or is there":
    withCheckpoints(async (checkpoints, subject) => {
      assert.equal(await save(checkpoints, "s_none"), undefined);
      await using sandbox = await openSandbox(subject);
      await write(sandbox, "a", "first");
      const saved = await save(checkpoints);
      assert(saved !== undefined);

      assert.equal(await save(checkpoints, "s_suite", saved.fingerprint), undefined);
      await write(sandbox, "a", "other");
      assert.notEqual(await save(checkpoints, "s_suite", saved.fingerprint), undefined);
    }),

  "load() of what breaks off or is damaged changes nothing, nor does one while it is open":
    withCheckpoints(async (checkpoints, subject) => {
      let saved: Saved | undefined;
      {
        await using sandbox = await openSandbox(subject);
        await write(sandbox, "a", "first");
        saved = await save(checkpoints);
        assert(saved !== undefined);
        const { archive } = saved;
        await refuses("SANDBOX_BUSY", () =>
          checkpoints.load("s_suite", streamOf(archive), { signal }),
        );
      }
      const half = saved.archive.subarray(0, saved.archive.length / 2);
      async function* breaking(): AsyncGenerator<Uint8Array> {
        yield half;
        throw new Error("the connection broke");
      }
      for (const archive of [breaking(), streamOf(half), streamOf(Buffer.from("no archive"))])
        await assert.rejects(checkpoints.load("s_suite", archive, { signal }));
      assert.deepEqual(await content(subject), ["first", undefined, undefined]);
    }),
};
