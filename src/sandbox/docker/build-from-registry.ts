import type Docker from "dockerode";

import { OpsthreadError } from "../../core/errors.ts";
import type { BuildImageOptions, ImagePlan } from "./build-image.ts";
import { followEngine } from "./progress.ts";

/** Debian's image in the registry, which the Dockerfile starts from. */
export function baseImage(suite: string): string {
  return `debian:${suite}-slim`;
}

/** Whether the engine can ask a registry about an image, within a few seconds. */
export async function registryAnswers(
  client: Docker,
  image: string,
  signal: AbortSignal,
): Promise<boolean> {
  const patience = AbortSignal.any([signal, AbortSignal.timeout(10_000)]);
  try {
    await client.getImage(image).distribution({ abortSignal: patience });
    return true;
  } catch {
    signal.throwIfAborted();
    return false; // Why does not matter: the other way of building needs no registry.
  }
}

/** `docker build` with the recipe's Dockerfile. */
export async function buildFromRegistry(
  client: Docker,
  { name, recipe, labels }: ImagePlan,
  { signal, onProgress, proxies = {} }: BuildImageOptions,
): Promise<void> {
  const stream = await client.buildImage(
    { context: recipe.folder, src: ["Dockerfile", "packages.txt", "exclude.txt", "finish.sh"] },
    {
      t: name,
      buildargs: { ...proxies, SUITE: recipe.suite, PACKAGES: recipe.extra.join(" ") },
      labels: { ...labels },
      abortSignal: signal,
    },
  );
  try {
    for await (const progress of followEngine(stream)) onProgress?.(progress);
  } catch (error) {
    signal.throwIfAborted();
    throw new OpsthreadError(
      "SANDBOX_IMAGE",
      `Cannot build the image "${name}" from ${baseImage(recipe.suite)}: ` +
        `${error instanceof Error ? error.message : String(error)}. ` +
        'Without a registry or a network in builds, use "--method debian"',
      { cause: error },
    );
  }
}
