import assert from "node:assert/strict";

import type { WorkspaceSnapshots } from "../sandbox/sandbox.ts";
import { openSandbox, output, read, refuses, signal, write } from "./sandbox-suite-helpers.ts";
import type { SandboxCases, SandboxesUnderTest } from "./sandbox-suite.ts";

type SnapshotCase = (snapshots: WorkspaceSnapshots, subject: SandboxesUnderTest) => Promise<void>;

/** There is nothing to ask of a driver that keeps no snapshots. */
const withSnapshots =
  (run: SnapshotCase) =>
  async (subject: SandboxesUnderTest): Promise<void> => {
    if (subject.provider.snapshots) await run(subject.provider.snapshots, subject);
  };

/** Writes files in a sandbox of its own, which is closed again. */
async function writeAll(
  subject: SandboxesUnderTest,
  files: Readonly<Record<string, string>>,
): Promise<void> {
  await using sandbox = await openSandbox(subject);
  for (const [path, text] of Object.entries(files)) await write(sandbox, path, text);
}

async function readAll(subject: SandboxesUnderTest, sessionId = "s_suite"): Promise<string> {
  await using sandbox = await openSandbox(subject, { sessionId });
  return await output(sandbox, "for f in $(find . -type f | sort); do echo $f; cat $f; echo; done");
}

export const snapshotCases: SandboxCases = {
  "restore() makes the workspace what it was": withSnapshots(async (snapshots, subject) => {
    await writeAll(subject, { a: "first", "b/c": "deep", removed: "" });
    const before = await readAll(subject);
    const snapshot = await snapshots.take("s_suite", { signal });
    assert(snapshot !== undefined);
    await writeAll(subject, { a: "second", "b/new": "new" });
    {
      await using sandbox = await openSandbox(subject);
      await output(sandbox, "rm -r removed b/c");
    }
    await snapshots.restore("s_suite", snapshot.id, { signal });

    assert.equal(await readAll(subject), before);
    assert(snapshot.bytes > 0);
    assert(Math.abs(snapshot.takenAt - Date.now()) < 60_000);
  }),

  "take() keeps nothing when nothing has changed": withSnapshots(async (snapshots, subject) => {
    assert.equal(await snapshots.take("s_none", { signal }), undefined);
    assert.deepEqual(await snapshots.list("s_none"), []);
    await writeAll(subject, { a: "first" });
    const first = await snapshots.take("s_suite", { signal });
    assert(first !== undefined);

    assert.equal(await snapshots.take("s_suite", { signal }), undefined);
    await writeAll(subject, { a: "other" });
    const second = await snapshots.take("s_suite", { signal });
    assert(second !== undefined);
    assert.deepEqual(await snapshots.list("s_suite"), [first, second]);
  }),

  "restore() refuses what it can't do, and changes nothing": withSnapshots(
    async (snapshots, subject) => {
      await writeAll(subject, { a: "first" });
      const snapshot = await snapshots.take("s_suite", { signal });
      assert(snapshot !== undefined);

      for (const id of ["none", "../x", ""])
        await refuses("SNAPSHOT_NOT_FOUND", () => snapshots.restore("s_suite", id, { signal }));
      await assert.rejects(snapshots.restore("../s", snapshot.id, { signal }), TypeError);
      {
        await using sandbox = await openSandbox(subject);
        await write(sandbox, "a", "second");
        await refuses("SANDBOX_BUSY", () => snapshots.restore("s_suite", snapshot.id, { signal }));
        assert.equal(await read(sandbox, "a"), "second");
      }
      await assert.rejects(
        snapshots.restore("s_suite", snapshot.id, { signal: AbortSignal.abort() }),
      );
      assert.match(await readAll(subject), /second/);
    },
  ),

  "fork() gives another session a copy": withSnapshots(async (snapshots, subject) => {
    await writeAll(subject, { a: "one", "b/c": "two" });
    await snapshots.fork("s_suite", "s_copy", { signal });
    const copied = await readAll(subject, "s_copy");
    await writeAll(subject, { a: "changed" });

    assert.equal(copied, await readAll(subject, "s_copy"));
    assert.match(copied, /one[^]*two/);
    await refuses("SANDBOX_BUSY", () => snapshots.fork("s_suite", "s_copy", { signal }));
    await refuses("SNAPSHOT_NOT_FOUND", () => snapshots.fork("s_none", "s_other", { signal }));
  }),

  "remove() removes the snapshots too": withSnapshots(async (snapshots, subject) => {
    await writeAll(subject, { a: "first" });
    await snapshots.take("s_suite", { signal });
    await subject.provider.remove("s_suite");

    assert.deepEqual(await snapshots.list("s_suite"), []);
    assert.equal(await readAll(subject), "");
  }),
};
