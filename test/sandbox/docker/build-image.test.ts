import { writeFileSync } from "node:fs";

import type Docker from "dockerode";
import { expect, test } from "vitest";

import { buildImage, planImage } from "../../../src/sandbox/docker/build-image.ts";
import { imageLabels } from "../../../src/sandbox/docker/recipe.ts";
import type { RunCommand } from "../../../src/sandbox/host-command.ts";

const signal = new AbortController().signal;

async function* lines(...events: readonly unknown[]): AsyncGenerator<Buffer> {
  for (const event of events) yield Buffer.from(`${JSON.stringify(event)}\n`);
}

/** An engine that takes what it is given, with or without a registry behind it. */
function engine({ registry = false } = {}) {
  const calls: { readonly name: string; readonly options: Record<string, unknown> }[] = [];
  const take = (name: string) => (_: unknown, options: Record<string, unknown>) => {
    calls.push({ name, options });
    return Promise.resolve(lines({ stream: "Step 1" }));
  };
  const missing = Object.assign(new Error("no such image"), { statusCode: 404 });
  const client = {
    getImage: (reference: string) => ({
      inspect: () =>
        reference.startsWith("debian:") || calls.length === 0
          ? Promise.reject(missing)
          : Promise.resolve({ Id: "sha256:aa", Size: 1, Created: "2025-01-01T00:00:00Z" }),
      distribution: () => (registry ? Promise.resolve({}) : Promise.reject(new Error("no route"))),
    }),
    importImage: take("import"),
    buildImage: take("build"),
  } as unknown as Docker;
  return { client, calls };
}

/** A machine on which programs end as `codes` says, and else well. */
function machine(codes: Readonly<Record<string, number>> = {}, uid = "0") {
  const ran: (readonly string[])[] = [];
  const run: RunCommand = async (command, { onLine }) => {
    ran.push(command);
    const [program = "", first] = command;
    const code = codes[first === "--version" ? `${program} --version` : program] ?? 0;
    if (program === "mmdebstrap" && first !== "--version") {
      onLine?.("I: extracting archives...");
      if (code === 0) writeFileSync(command.at(-1) ?? "", "tar");
    }
    return { code, output: program === "id" ? uid : `${program} said this` };
  };
  return { run, ran };
}

test("auto uses a registry where one answers, and packages alone where none does", async () => {
  const plan = async (registry: boolean) =>
    (await planImage(engine({ registry }).client, { signal })).method;
  expect(await plan(true)).toBe("registry");
  expect(await plan(false)).toBe("debian");
});

test("from a registry: the recipe's Dockerfile with its packages, and no program of the host", async () => {
  const { client, calls } = engine({ registry: true });
  const { run, ran } = machine();
  await buildImage(client, { name: "tools:1", packages: ["htop"], run, signal });
  expect(ran).toEqual([]);
  expect(calls).toMatchObject([
    {
      name: "build",
      options: { t: "tools:1", buildargs: { SUITE: "trixie", PACKAGES: "htop" } },
    },
  ]);
});

test("from packages: what mmdebstrap made is imported with its labels under the name", async () => {
  const { client, calls } = engine();
  const { run, ran } = machine();
  const steps: string[] = [];
  const onProgress = ({ text }: { text: string }): number => steps.push(text);
  await buildImage(client, { name: "here:5000/tools:1", run, signal, onProgress });
  expect(ran.at(-1)?.slice(0, 3)).toEqual(["mmdebstrap", "--mode=root", "--variant=essential"]);
  const changes = expect.arrayContaining([
    expect.stringContaining(imageLabels.recipe),
    "USER 65534:65534",
  ]);
  expect(calls).toMatchObject([
    { name: "import", options: { repo: "here:5000/tools", tag: "1", changes } },
  ]);
  expect(steps).toContain("extracting archives... (0 packages)");
});

test.each([
  ["mmdebstrap is missing", machine({ "mmdebstrap --version": 127 }), /apt-get install mmdebstrap/],
  ["the user is not root", machine({}, "1000"), /needs root\. Run it with sudo/],
  ["mmdebstrap fails", machine({ mmdebstrap: 25 }), /ended with 25\nmmdebstrap said this/],
])("when %s, nothing is imported, and the error says what to do", async (_, { run }, message) => {
  const { client, calls } = engine();
  await expect(buildImage(client, { run, signal })).rejects.toMatchObject({
    code: "SANDBOX_IMAGE",
    message: expect.stringMatching(message),
  });
  expect(calls).toEqual([]);
});

test("a name that could be an option is refused", async () => {
  await expect(planImage(engine().client, { name: "--x", signal })).rejects.toMatchObject({
    code: "CONFIG_INVALID",
  });
});
