import { defineConfig } from "vitest/config";

const slow = "test/integration/**/*.slow.test.ts";
/** They look at the machine: how long things take, what runs and what is mounted. */
const alone = [
  "image",
  "mcp/servers-in-sandboxes",
  // Not those of the drivers, whose sandboxes are beside others anyway.
  "sandbox/{egress,image-snapshots,peer-probes,snapshots,task-host}",
  "sandbox/{watch-workspace,workspace-race,workspaces}",
  "supervisor/**/*",
].map((files) => `test/integration/${files}.test.ts`);
const integration = {
  include: ["test/integration/**/*.test.ts"],
  globalSetup: "test/setup/engine.ts",
  testTimeout: 120_000,
  hookTimeout: 60_000,
};

export default defineConfig({
  test: {
    // Worker threads and child processes run the built package, so every run starts from a fresh build.
    globalSetup: "test/setup/build.ts",
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: ["test/integration/**"],
          // Some read a lot of lines, and a busy machine is slow.
          testTimeout: 30_000,
          pool: "threads",
          maxWorkers: 2,
          isolate: false,
          sequence: { shuffle: true, groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          ...integration,
          name: "integration",
          exclude: [...alone, slow],
          // They wait more than they work.
          maxWorkers: 2,
          sequence: { shuffle: true, groupOrder: 1 },
        },
      },
      {
        // One file at a time.
        extends: true,
        test: {
          ...integration,
          name: "sandbox",
          include: alone,
          exclude: [slow],
          sequence: { shuffle: true, groupOrder: 2 },
        },
      },
      {
        // What takes many minutes: `npm run test:slow`.
        extends: true,
        test: {
          ...integration,
          name: "slow",
          include: [slow],
          sequence: { shuffle: true, groupOrder: 3 },
        },
      },
    ],
  },
});
