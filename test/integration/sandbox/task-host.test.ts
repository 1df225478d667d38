import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

import type { SandboxesUnderTest } from "opsthread/testing";
import { afterAll, describe, expect, test } from "vitest";

import { Limits, Permissions } from "../../../src/sandbox/permissions.ts";
import type {
  SourceMount,
  TaskOptions,
  TaskProgram,
  TaskRun,
} from "../../../src/sandbox/sandbox.ts";
import type { prepareTaskHost as Prepare } from "../../../src/sandbox/task-host/task-host.ts";
import { layouts, makeLayout } from "../../sandbox/task-host/layouts.ts";
import { openTaskSandboxes } from "./open-task-sandbox.ts";
import { openVirtual } from "./open-virtual.ts";
import { bubblewrap, docker, type Place } from "./task-places.ts";

const built = new URL("../../../dist/", import.meta.url);
const { prepareTaskHost }: { readonly prepareTaskHost: typeof Prepare } = await import(
  new URL("sandbox/task-host/task-host.js", built).href
);

const root = await mkdtemp(join(tmpdir(), "opsthread-task-host-"));
afterAll(() => rm(root, { recursive: true }));
const host = await prepareTaskHost({ folder: root });
const { signal } = new AbortController();

const data =
  process.env["OPSTHREAD_TEST_DATA"] ??
  fileURLToPath(new URL("../../../../shared/data", import.meta.url));
const made = join(root, "made");
await mkdir(made);
const lines = Array.from({ length: 2_000 }, (_, at) => {
  const time = new Date(Date.UTC(2024, 0, 1, 0, 0, at)).toISOString();
  return `${time} ${at % 97 === 96 ? "ERROR disk full on node" : "INFO request served in"} ${at} ms`;
});
await writeFile(join(made, "app.log"), lines.join("\n"));
await writeFile(join(made, "before.yaml"), "replicas: 3\nimage: web:1\n");
await writeFile(join(made, "after.yaml"), "replicas: 1\nimage: web:2\n");

/** What the built-in tasks are run on: made files, and others' data when it is there. */
const samples = [
  { name: "logs", input: { files: ["/sources/data/app.log"] }, folder: made },
  {
    name: "diff",
    input: { pairs: [{ before: "/sources/data/before.yaml", after: "/sources/data/after.yaml" }] },
    folder: made,
  },
  { name: "logs", input: { files: ["/sources/data/**/*.log"] }, folder: join(data, "logs/loghub") },
].filter(({ folder }) => existsSync(folder));

const node = nodeArgv();
const places: readonly Place[] = [bubblewrap, docker(emptyImage(), { node })];

/** How the wrapper in a container starts Node: as tasks are started. */
function nodeArgv(): readonly string[] {
  const [folder = ""] = host.mounts.map(({ hostPath }) => hostPath);
  const loader = ["ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"].find((name) =>
    existsSync(join(folder, name)),
  );
  const path = "/opsthread/node";
  return loader === undefined
    ? [`${path}/node`]
    : [`${path}/${loader}`, "--library-path", `${path}/lib`, `${path}/node`];
}

/** An image with nothing in it, not even a folder. */
function emptyImage(): string {
  try {
    const name = "opsthread-test-empty";
    const tar = Buffer.alloc(10_240); // It has no entries.
    execFileSync("docker", ["import", "-", name], { input: tar, stdio: "pipe" });
    return name;
  } catch {
    return "none"; // There is no docker: it is skipped.
  }
}

for (const place of places)
  describe.runIf(place.isThere)(`tasks in ${place.name}`, () => {
    test("a listener that throws fails the run", async () => {
      await using subject = await openTaskSandboxes(host, place);
      const onProgress = (): void => {
        throw new Error("The listener broke");
      };
      const module = new URL("testing/fixtures/sandbox-tasks.js", built).href;
      const program = { name: "end", module, input: { how: "spin" } };
      const run = runTask(subject, program, { onProgress });
      await expect(run).rejects.toThrow("The listener broke");
    });

    test("code runs as it lies in its project", async () => {
      await using subject = await openTaskSandboxes(host, place);
      const runs: unknown[] = [];
      for (const [name, layout] of Object.entries(layouts)) {
        const project = await mkdtemp(join(root, "project-"));
        await makeLayout(layout, project);
        const module = `
        import value from "./${layout.entry}";
        const input = { safeParseAsync: async (data) => ({ success: true, data }) };
        export const task = { name: "task", input, run: async () => value };`;
        await writeFile(join(project, "main.mjs"), module);
        const run = await runTask(subject, {
          name: "task",
          module: pathToFileURL(join(project, "main.mjs")).href,
          input: {},
        });
        runs.push({ name, error: run.error, value: run.value });
      }
      expect(runs).toEqual(
        Object.entries(layouts).map(([name, { value }]) => ({ name, error: undefined, value })),
      );
    });

    test("the built-in tasks say the same as in a virtual sandbox", async () => {
      await using subject = await openTaskSandboxes(host, place);
      await using virtual = await openVirtual();
      for (const { name, input, folder } of samples) {
        const sources = [{ name: "data", hostPath: folder }];
        const module = new URL(`tasks/${name}/index.js`, built).href;
        const there = await runTask(subject, { name, module, input }, { sources });
        const here = await runTask(virtual, { name, module, input }, { sources });
        expect(there).toMatchObject({ outcome: { type: "exit", code: 0 } });
        expect(there.value).toEqual(here.value);
      }
    });
  });

async function runTask(
  { provider }: SandboxesUnderTest,
  program: TaskProgram,
  {
    sources = [],
    ...options
  }: Pick<TaskOptions, "onProgress"> & { readonly sources?: readonly SourceMount[] } = {},
): Promise<TaskRun> {
  const permissions = Permissions.parse({});
  const limits = Limits.parse({});
  const spec = { sessionId: "s_1", permissions, limits, sources };
  await using sandbox = await provider.open(spec, { signal });
  return await sandbox.task(program, { signal, executionId: "x_1", ...options });
}
