import { defineConfig } from "vitest/config";

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
          name: "integration",
          globalSetup: "test/setup/engine.ts",
          include: ["test/integration/**/*.test.ts"],
          exclude: ["test/integration/**/*.slow.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 60_000,
          sequence: { shuffle: true, groupOrder: 1 },
        },
      },
      {
        // What takes many minutes: `npm run test:slow`.
        extends: true,
        test: {
          name: "slow",
          globalSetup: "test/setup/engine.ts",
          include: ["test/integration/**/*.slow.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 60_000,
          sequence: { shuffle: true, groupOrder: 1 },
        },
      },
    ],
  },
});
