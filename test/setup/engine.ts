import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { homedir } from "node:os";

import type { TestProject } from "vitest/node";

import { buildImage } from "../../src/sandbox/docker/build-image.ts";
import { defaultSockets, findEngine } from "../../src/sandbox/docker/engine.ts";
import { inspectImage } from "../../src/sandbox/docker/image.ts";
import { recipeStateOf } from "../../src/sandbox/docker/recipe.ts";
import { runOnHost } from "../../src/sandbox/host-command.ts";
import { type PreparedEngine, prepareEngine, type TestEngine } from "./prepare-engine.ts";
import { engineSocket, startEngine } from "./start-engine.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** The container engine of the tests: `inject("engine")`. */
    engine: TestEngine;
  }
}

/**
 * Gives the integration tests a container engine, bubblewrap and a C compiler: those of this machine, or, as root on
 * Debian, freshly installed ones. `OPSTHREAD_TEST_ENGINE=none` goes without; tests that need one are then skipped.
 */
export const { setup, teardown } = engineSetup();

function engineSetup(): {
  readonly setup: (project: TestProject) => Promise<void>;
  readonly teardown: () => Promise<void>;
} {
  let prepared: PreparedEngine | undefined;
  return {
    async setup(project) {
      if (process.env["OPSTHREAD_TEST_ENGINE"] === "none") {
        project.provide("engine", { available: false, reason: "OPSTHREAD_TEST_ENGINE is none" });
        return;
      }
      prepared = await prepareEngine(hostOfTests());
      // Now there is a compiler, if there was none when the package was built.
      execFileSync(process.execPath, ["scripts/build-supervisor.mjs", "--require"], {
        stdio: "inherit",
      });
      project.provide("engine", prepared.engine);
    },
    async teardown() {
      await prepared?.stop();
    },
  };
}

function hostOfTests(): Parameters<typeof prepareEngine>[0] {
  const signal = AbortSignal.timeout(600_000);
  const host = process.env["DOCKER_HOST"];
  const own = defaultSockets({ runtimeDir: process.env["XDG_RUNTIME_DIR"], home: homedir() });
  return {
    isRoot: process.getuid?.() === 0,
    run: (command, { env = {} } = {}) => runOnHost(command, { signal, env }),
    exists: existsSync,
    find: () =>
      findEngine(
        host === undefined ? { sockets: [...own, engineSocket], signal } : { host, signal },
      ),
    start: (options) => startEngine({ ...options, signal }),
    recipeState: async (client, name) => {
      const image = await inspectImage(client, name);
      return image === undefined ? "missing" : recipeStateOf(image.labels);
    },
    build: async (client, options) => void (await buildImage(client, { ...options, signal })),
    say: (line) => void process.stderr.write(`engine: ${line}\n`),
  };
}
