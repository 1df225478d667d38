import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, test } from "vitest";

import { consoleAdapter, openConsoleWorkspace } from "../../../src/adapters/console/index.ts";
import { recordingInbound } from "../../../src/testing/adapter-suite-support.ts";

// A bot that never takes an event, while people say things and it posts, as fast as the disk allows.
const program = `
  import { consoleAdapter, openConsoleWorkspace } from "opsthread/console";
  const workspace = await openConsoleWorkspace({ dir: process.argv[1] });
  const adapter = consoleAdapter({ workspace });
  await adapter.start({ receive: () => new Promise(() => {}) });
  const { signal } = new AbortController();
  const { thread } = await workspace.say({ actor: { id: "U1" }, text: "0" });
  for (let count = 1; ; count += 1) {
    await workspace.say({ actor: { id: "U1" }, text: String(count), thread });
    const key = "k" + count;
    const artifacts = [{ name: "a.txt", blob: key, bytes: 4, mediaType: "text/plain" }];
    await adapter.post(
      { key, sessionId: "s", thread: workspace.threadRef(thread), turn: count, kind: "answer", markdown: key, artifacts },
      { signal, open: async () => (async function* () { yield Buffer.from(key); })() },
    );
    console.log(count);
  }
`;

test("a killed process loses nothing that was confirmed", async () => {
  const dir = await mkdtemp(join(tmpdir(), "opsthread-console-"));
  try {
    const confirmed = await runUntilKilled(dir, 25);
    await using workspace = await openConsoleWorkspace({ dir });
    const entries = workspace.transcript("t1")?.entries ?? [];
    const posts = entries.filter((entry) => entry.type === "post");

    expect(posts.length).toBeGreaterThanOrEqual(confirmed);
    expect(posts.length).toBeLessThanOrEqual(confirmed + 1);
    expect(posts.map(({ key }) => key)).toEqual(posts.map((_, index) => `k${index + 1}`));
    for (const { key, artifacts } of posts) {
      expect(await readFile(artifacts[0]?.path ?? "", "utf8")).toBe(key);
    }
    await using adapter = consoleAdapter({ workspace });
    const inbound = recordingInbound();
    await adapter.start(inbound);
    const said = entries.length - posts.length;
    const messages = await inbound.received(said);
    expect(messages.map(({ text }) => Number(text))).toEqual(messages.map((_, index) => index));
  } finally {
    await rm(dir, { recursive: true });
  }
});

/** Runs the program, kills it when it confirmed `rounds` rounds, and gives how many it confirmed at last. */
async function runUntilKilled(dir: string, rounds: number): Promise<number> {
  const child = spawn(process.execPath, ["--input-type=module", "--eval", program, dir], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let confirmed = 0;
  for await (const chunk of child.stdout) {
    confirmed = Number(String(chunk).trim().split("\n").at(-1));
    if (confirmed >= rounds) child.kill("SIGKILL");
  }
  return confirmed;
}
