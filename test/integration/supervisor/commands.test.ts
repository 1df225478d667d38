import { expect, test } from "vitest";

import { supervise } from "./supervise.ts";

test("a command runs, and its result comes back", async () => {
  await using sandbox = await supervise();
  const run = await sandbox.client.sh("echo out; echo err >&2; exit 3");
  expect(run).toMatchObject({ kind: "exit", code: 3, out: "out\n", err: "err\n", ended: 0 });
  expect(run.pid).toBeGreaterThan(1);
  expect(run.wallUs).toBeGreaterThan(0);
  expect(run.peakBytes).toBeGreaterThan(0);
});
