import { defineConfig } from "vitest/config";

const slow = "test/integration/**/*.slow.test.ts";
const sandboxes = ["image", "mcp/servers-in-sandboxes", "sandbox/**/*", "supervisor/**/*"].map(
  (files) => `test/integration/${files}.test.ts`,
);
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
          exclude: [...sandboxes, slow],
          // They wait more than they work.
          maxWorkers: 2,
          sequence: { shuffle: true, groupOrder: 1 },
        },
      },
      {
        // One file at a time: they measure what a machine does.
        extends: true,
        test: {
          ...integration,
          name: "sandbox",
          include: sandboxes,
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
