#!/usr/bin/env node
// npm run chaos -- [--minutes 5] [--seed 1]: see test/integration/chaos.test.ts
import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: { minutes: { type: "string", default: "5" }, seed: { type: "string" } },
});
const env = {
  ...process.env,
  OPSTHREAD_TEST_ENGINE: "none",
  OPSTHREAD_CHAOS_MINUTES: values.minutes,
  ...(values.seed && { OPSTHREAD_TEST_SEED: values.seed }),
};
const args = ["vitest", "run", "--project", "integration", "test/integration/chaos.test.ts"];
process.exitCode = spawnSync("npx", args, { stdio: "inherit", env }).status ?? 1;
