import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { timed } from "../measure.ts";
import { never, openDriver, output } from "../ours.ts";
import { peerClient, peerExec } from "../peer.ts";
import type { Probe } from "./probe.ts";

/** All that a workspace may hold besides plain files. */
const make = [
  "echo text > plain; touch -d '2001-02-03 04:05:06 UTC' plain",
  "printf '#!/bin/sh\\n' > run.sh; chmod 755 run.sh",
  "ln -s plain link",
  "ln plain same",
  "mkdir -p deep/er; chmod 700 deep",
].join("; ");

/** One line per property, the same before and after when it was kept. */
const look = [
  "stat -c 'mode of a script %a' run.sh",
  "stat -c 'mode of a folder %a' deep",
  "stat -c 'time %Y' plain",
  "echo links $(readlink link)",
  "stat -c 'hard links %h' plain",
].join("; ");

/** What of a workspace is kept when it is put away and brought back. */
export const workspaces: readonly Probe[] = [
  {
    id: "S",
    name: "a workspace goes out as an archive and into another one",
    async peer({ image }) {
      const client = peerClient(image);
      const from = await client.create();
      const to = await client.create();
      try {
        await peerExec(from, make);
        const before = (await from.exec({ cmd: look })).stdout;
        await to.hydrateWorkspace(await from.persistWorkspace());
        return lost(before, (await to.exec({ cmd: look })).stdout);
      } finally {
        await from.close();
        await to.close();
      }
    },
    async ours({ docker, image }) {
      await using driver = await openDriver("docker", { docker, image });
      await using from = await driver.open();
      await using to = await driver.open();
      await output(from, make);
      const before = await output(from, look);
      const tar = await from.files.exportTar(".", { signal: never });
      if (!tar) throw new Error("There is no archive");
      await to.files.importTar(".", tar, { signal: never });
      const text = lost(before, await output(to, look).catch(String));
      return { text, holds: text === "everything is kept" };
    },
  },
  {
    id: "S2",
    name: "a snapshot on this machine, and a second one when nothing has changed",
    async peer({ image }) {
      const baseDir = await mkdtemp(join(tmpdir(), "opsthread-bench-"));
      const client = peerClient(image, { snapshot: { type: "local", baseDir } });
      let session = await client.create();
      try {
        await peerExec(session, `${make}; ${fill}`);
        const before = (await session.exec({ cmd: look })).stdout;
        await client.serializeSessionState(session.state);
        const start = performance.now();
        const state = await client.serializeSessionState(session.state);
        const ms = performance.now() - start;
        await session.close();
        session = await client.resume(await client.deserializeSessionState(state));
        const kept = lost(before, (await session.exec({ cmd: look })).stdout);
        return `${kept}; the second one takes ${Math.round(ms)} ms`;
      } finally {
        await session.close();
        await rm(baseDir, { recursive: true, force: true });
      }
    },
    async ours({ docker, image }) {
      await using driver = await openDriver("docker", { docker, image });
      const { snapshots } = driver.provider;
      if (!snapshots) return { text: "there are no snapshots", holds: false };
      const sessionId = "s_kept";
      const sandbox = await driver.open({ sessionId });
      await output(sandbox, `${make}; ${fill}`);
      const before = await output(sandbox, look);
      const taken = await snapshots.take(sessionId, { signal: never });
      let second: unknown;
      const ms = await timed(async () => {
        second = await snapshots.take(sessionId, { signal: never });
      });
      await output(sandbox, "rm -r -- *");
      await sandbox.close();
      if (!taken) throw new Error("No snapshot was taken");
      await snapshots.restore(sessionId, taken.id, { signal: never });
      await using again = await driver.open({ sessionId });
      const kept = lost(before, await output(again, look).catch(String));
      return {
        text: `${kept}; the second one takes ${Math.round(ms)} ms, and ${second === undefined ? "nothing is written" : "is written"}`,
        holds: kept === "everything is kept" && second === undefined,
      };
    },
  },
];

const fill =
  "mkdir many; for i in $(seq 1 2000); do echo $i > many/$i; done; head -c 50000000 /dev/urandom > big";

function lost(before: string, after: string): string {
  const lines = after.split("\n");
  const missing = before.split("\n").filter((line) => !lines.includes(line));
  const names = missing.map((line) => line.replace(/ \S+$/, ""));
  return names.length === 0 ? "everything is kept" : `lost: ${names.join(", ")}`;
}
