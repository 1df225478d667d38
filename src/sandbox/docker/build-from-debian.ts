import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type Docker from "dockerode";

import { OpsthreadError } from "../../core/errors.ts";
import { type RunCommand, runOnHost } from "../host-command.ts";
import type { BuildImageOptions, ImagePlan } from "./build-image.ts";
import { followEngine } from "./progress.ts";
import { imageEnvironment, type Recipe } from "./recipe.ts";

/** Files that a build writes get no newer time than this, so that two builds of the same packages are alike. */
const sourceDateEpoch = "1735689600";

/** The same packages without a registry: mmdebstrap makes the root folder, the engine imports it. */
export async function buildFromDebian(
  client: Docker,
  { name, recipe, labels }: ImagePlan,
  { signal, onProgress, proxies = {}, run = runOnHost }: BuildImageOptions,
): Promise<void> {
  await requirePrograms(run, signal);
  const folder = await mkdtemp(join(tmpdir(), "opsthread-image-"));
  try {
    // By way of a file: an import that starts before mmdebstrap has ended would give the name to half an image.
    const tar = join(folder, "image.tar");
    await makeRoot(recipe, tar, { run, signal, proxies, onProgress });
    onProgress?.({ text: "importing into the engine" });
    const [repo, tag = "latest"] = splitTag(name);
    const changes = changesOf(labels);
    const stream = await client.importImage(tar, { repo, tag, changes, abortSignal: signal });
    for await (const progress of followEngine(stream)) onProgress?.(progress);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The command that makes `tar`. */
export function debianCommand(recipe: Recipe, tar: string): readonly string[] {
  return [
    "mmdebstrap",
    "--mode=root",
    "--variant=essential",
    `--include=${recipe.packages.join(",")}`,
    '--aptopt=Apt::Install-Recommends "false"',
    ...recipe.exclude.map((pattern) => `--dpkgopt=path-exclude=${pattern}`),
    `--customize-hook=sh '${join(recipe.folder, "finish.sh")}' "$1"`,
    recipe.suite,
    tar,
  ];
}

/** @throws {OpsthreadError} `SANDBOX_IMAGE` with the command that helps */
async function requirePrograms(run: RunCommand, signal: AbortSignal): Promise<void> {
  const has = async (program: string): Promise<boolean> =>
    (await run([program, "--version"], { signal })).code === 0;
  if (!(await has("mmdebstrap")))
    throw new OpsthreadError(
      "SANDBOX_IMAGE",
      "Cannot build the image from Debian's packages: mmdebstrap is not installed. " +
        'Run "apt-get install mmdebstrap debian-archive-keyring", or build where a registry can be reached',
    );
  const { output } = await run(["id", "-u"], { signal });
  if (output.trim() !== "0")
    throw new OpsthreadError(
      "SANDBOX_IMAGE",
      "Cannot build the image from Debian's packages: this needs root. Run it with sudo",
    );
}

async function makeRoot(
  recipe: Recipe,
  tar: string,
  {
    run,
    signal,
    proxies,
    onProgress,
  }: {
    readonly run: RunCommand;
    readonly signal: AbortSignal;
    readonly proxies: Readonly<Record<string, string>>;
    readonly onProgress: BuildImageOptions["onProgress"];
  },
): Promise<void> {
  let packages = 0;
  const { code, output } = await run(debianCommand(recipe, tar), {
    signal,
    env: { ...proxies, SOURCE_DATE_EPOCH: sourceDateEpoch },
    onLine(line) {
      if (line.startsWith("Unpacking ")) packages++;
      const step =
        /^I: (.*\S)\s*$/.exec(line)?.[1] ?? /^(Unpacking|Setting up) \S+/.exec(line)?.[0];
      if (step !== undefined) onProgress?.({ text: `${step} (${packages} packages)` });
    },
  });
  if (code !== 0)
    throw new OpsthreadError(
      "SANDBOX_IMAGE",
      `Cannot build the image from Debian's packages: mmdebstrap ended with ${code}\n${output.trim()}`,
    );
}

function changesOf(labels: Readonly<Record<string, string>>): readonly string[] {
  const pairs = (values: Readonly<Record<string, string>>): string =>
    Object.entries(values)
      .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
      .join(" ");
  return [
    `ENV ${pairs(imageEnvironment)}`,
    `LABEL ${pairs(labels)}`,
    "USER 65534:65534",
    "WORKDIR /workspace",
    'CMD ["/bin/bash"]',
  ];
}

/** A colon before a slash is a registry's port. */
function splitTag(name: string): readonly [string, string?] {
  const [, repo, tag] = /^(.*?)(?::([^/:]+))?$/.exec(name) ?? [];
  return tag === undefined ? [repo ?? name] : [repo ?? name, tag];
}
